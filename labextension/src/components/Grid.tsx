import * as React from 'react';

import type { Tone } from '../goals';
import { h } from '../h';
import { useSurroundings } from './surroundings';

export interface GridRow {
  readonly name: string;
  readonly a: string;
  readonly b: string;
  /** How B differs from A: beside them for a number, below for words. */
  readonly change?: string;
  readonly note?: string;
  /** Coloured only where it is known which way is better. */
  readonly tone?: Tone;
}

interface GridProps {
  readonly label: string;
  readonly rows: readonly GridRow[];
  /** Whether A and B stand above their columns. */
  readonly isHeaded: boolean;
}

/** A and B side by side: the same columns through all sections of a comparison. */
export function Grid({ label, rows, isHeaded }: GridProps): React.JSX.Element {
  const { trans } = useSurroundings();
  return (
    <div className="nbops-Grid" role="table" aria-label={label}>
      {isHeaded && (
        <div className="nbops-Grid-row nbops-Grid-head" role="row">
          <span role="columnheader" className="nbops-Grid-name" />
          <span role="columnheader" className="nbops-Grid-a">
            A
          </span>
          <span role="columnheader" className="nbops-Grid-b">
            B
          </span>
          <span role="columnheader" className="nbops-Grid-change">
            {rows.some(row => row.change !== undefined) ? trans.__('change') : ''}
          </span>
        </div>
      )}
      {rows.map(({ name, a, b, change, note, tone = 'plain' }) => (
        <div className="nbops-Grid-row" role="row" key={name}>
          <span role="rowheader" className="nbops-Grid-name" title={name}>
            {name}
          </span>
          <span role="cell" className="nbops-Grid-a" title={a}>
            {a}
          </span>
          <span role="cell" className="nbops-Grid-b" title={b}>
            {b}
          </span>
          {change !== undefined && (
            <span role="cell" className={`nbops-Grid-change nbops-mod-${tone}`}>
              {change}
            </span>
          )}
          {note !== undefined && note !== '' && (
            <span role="cell" className="nbops-Grid-note" title={note}>
              {note}
            </span>
          )}
        </div>
      ))}
    </div>
  );
}
