import * as React from 'react';

import { h } from '../h';
import { compareLines } from '../lines';
import type { CellRun } from '../wire';
import { DiffLines } from './CodeDiff';
import { Section } from './Section';
import { useSurroundings } from './surroundings';

interface CodeSectionProps {
  readonly cellRun: CellRun;
  readonly sourceOf: (cellId: string) => string | null;
}

/** Code as it ran; where the cell has another now, what was done to it since. */
export function CodeSection({ cellRun, sourceOf }: CodeSectionProps): React.JSX.Element {
  const { trans } = useSurroundings();
  const { source, cell_id, skipped } = cellRun;
  const now = cell_id === null || skipped ? null : sourceOf(cell_id);
  const isChanged = now !== null && now.trimEnd() !== source.trimEnd();
  return (
    <>
      <Section title={trans.__('Code as it ran')}>
        <pre className="nbops-Source">{source}</pre>
      </Section>
      {isChanged && (
        <Section title={trans.__('Changed since')} note={trans.__('the cell as it is now')}>
          <div className="nbops-Diff">
            <DiffLines lines={compareLines(source, now)} />
          </div>
        </Section>
      )}
    </>
  );
}
