import * as React from 'react';

import { h } from '../h';
import type { Change, DiffLine } from '../compared';

const SIGNS: Readonly<Record<DiffLine['op'], string>> = {
  same: ' ',
  removed: '-',
  added: '+',
  gap: '…'
};

/** A cell's code as it was and as it is, line by line, quoted. */
export function CodeDiff({ change }: { readonly change: Change }): React.JSX.Element {
  const { name, note, diff } = change;
  const counts = [change.a, change.b].filter(count => count !== null);
  const cells = [...new Set(counts)].map(count => `[${String(count)}]`).join(' → ');
  return (
    <figure className="nbops-Diff">
      <figcaption title={name}>
        {cells} <code>{name}</code>
        {note !== '' && <span> {note}</span>}
      </figcaption>
      <DiffLines lines={diff} />
    </figure>
  );
}

export function DiffLines({ lines }: { readonly lines: readonly DiffLine[] }): React.JSX.Element {
  return (
    <pre>
      {lines.map(({ op, text }, index) => (
        <span key={index} className={`nbops-Diff-line nbops-mod-${op}`}>
          <span>{SIGNS[op]}</span>
          <span className="nbops-Diff-text">{text}</span>
          {'\n'}
        </span>
      ))}
    </pre>
  );
}
