import * as React from 'react';

import { h } from '../h';
import type { Translation } from '../tokens';
import { showScalar } from '../wording';
import type { Change, ColumnChange, RowsChange } from '../compared';
import type { Scalar } from '../wire';
import { DiffLines } from './CodeDiff';
import { useSurroundings } from './surroundings';

const MOST = 6;

/** Which columns and rows of a table differ, or why that is not known. */
export function DataDiff({ change }: { readonly change: Change }): React.JSX.Element | null {
  const { trans } = useSurroundings();
  const { name, rows } = change;
  const missing = rows?.missing ?? change.rows_missing ?? '';
  const told = (rows?.columns ?? []).filter(column => isWorthIt(column, rows));
  const lines = rows?.lines ?? [];
  if (missing === '' && told.length === 0 && lines.length === 0) {
    return null;
  }
  return (
    <figure className="nbops-Diff">
      <figcaption title={name}>
        <code>{name}</code>
      </figcaption>
      {told.slice(0, MOST).map(column => (
        <div key={column.name}>
          <b>{column.name}</b> {describe(column, trans).join(', ')}
        </div>
      ))}
      {told.length > MOST && (
        <div className="nbops-Soft">
          {trans.__(
            '%1 more columns differ',
            String(told.length - MOST + (rows?.more_columns ?? 0))
          )}
        </div>
      )}
      {missing !== '' && (
        <div className="nbops-Soft">{trans.__('Which rows differ is not known: %1', missing)}</div>
      )}
      {lines.length > 0 && <DiffLines lines={lines} />}
    </figure>
  );
}

/** Whether more is to be said than that rows came and went. */
function isWorthIt(
  { a, b, a_type, b_type, changed }: ColumnChange,
  rows?: RowsChange | null
): boolean {
  const isLoose = changed === null && rows !== undefined && rows !== null;
  const hasMoved = isLoose && (rows.added > 0 || rows.removed > 0 || (rows.missing ?? '') !== '');
  const hasMean = (a?.mean ?? b?.mean ?? null) !== null;
  return (changed ?? 0) > 0 || a_type !== b_type || (hasMoved && hasMean);
}

function describe(column: ColumnChange, trans: Translation): readonly string[] {
  const { a, b, a_type, b_type, changed } = column;
  if (a_type === null) {
    return [trans.__('new, %1', b_type ?? '')];
  }
  if (b_type === null) {
    return [trans.__('gone, was %1', a_type)];
  }
  const facts: [string, Scalar, Scalar][] = [
    ['', a_type, b_type],
    [trans.__('mean'), a?.mean ?? null, b?.mean ?? null],
    [trans.__('min'), a?.low ?? null, b?.low ?? null],
    [trans.__('max'), a?.high ?? null, b?.high ?? null],
    [trans.__('missing'), a?.missing ?? 0, b?.missing ?? 0]
  ];
  const moved = facts
    .filter(([, one, other]) => one !== other)
    .map(([what, one, other]) => `${what} ${show(one)} → ${show(other)}`.trim());
  const count = changed ?? 0;
  return count > 0 ? [trans._n('%1 value changed', '%1 values changed', count), ...moved] : moved;
}

function show(value: Scalar): string {
  return typeof value === 'number' ? String(Number(value.toPrecision(5))) : showScalar(value);
}
