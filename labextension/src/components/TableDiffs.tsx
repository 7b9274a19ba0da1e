import * as React from 'react';

import { h } from '../h';
import { isChanged } from '../tableDiff';
import type { CellPair, Of, RowPair, TableDiff } from '../tableDiff';
import type { Translation } from '../tokens';
import { Letter } from './Letter';
import { useSurroundings } from './surroundings';

/** So many rows are read; more is looked at in the notebook. */
const MOST_ROWS = 50;

/** Of tables that both cells showed, the rows in which something differs, with both values. */
export function TableDiffs({ diffs }: { readonly diffs: readonly TableDiff[] }): React.JSX.Element {
  return (
    <>
      {diffs.map((diff, place) => (
        <DiffTable key={place} diff={diff} />
      ))}
    </>
  );
}

function DiffTable({ diff }: { readonly diff: TableDiff }): React.JSX.Element {
  const { trans } = useSurroundings();
  const { columns, rows } = diff;
  return (
    <div className="nbops-Cells">
      <p className="nbops-Soft">{describe(diff, trans)}</p>
      {rows.length > 0 && (
        <div
          className="nbops-Matrix"
          tabIndex={0}
          role="group"
          aria-label={trans.__('Cells that differ')}
        >
          <table>
            <thead>
              <tr>
                <td />
                {columns.map(({ label, of }) => (
                  <th key={label} scope="col" title={label}>
                    <OfSide of={of} /> {label}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.slice(0, MOST_ROWS).map(row => (
                <Row key={row.label} row={row} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </div>
  );
}

function Row({ row: { label, of, cells } }: { readonly row: RowPair }): React.JSX.Element {
  return (
    <tr>
      <th scope="row" title={label}>
        <OfSide of={of} /> {label}
      </th>
      {cells.map((cell, place) => (
        <Cell key={place} cell={cell} />
      ))}
    </tr>
  );
}

/** The letter of what one side alone has. */
function OfSide({ of }: { readonly of: Of }): React.JSX.Element | null {
  return of === 'both' ? null : <Letter index={of === 'a' ? 0 : 1} />;
}

/** A's value and B's, where they differ. */
function Cell({ cell }: { readonly cell: CellPair }): React.JSX.Element {
  const { a, b } = cell;
  if (a === null || b === null) {
    const value = a ?? b ?? '';
    return <td title={value}>{a === null ? <ins>{value}</ins> : <del>{value}</del>}</td>;
  }
  return isChanged(cell) ? (
    <td className="nbops-mod-changed" title={`${a} → ${b}`}>
      <del>{a === '' ? '–' : a}</del> → <ins>{b === '' ? '–' : b}</ins>
    </td>
  ) : (
    <td title={b}>{b}</td>
  );
}

/** How much differs, and what is left out. */
function describe(diff: TableDiff, trans: Translation): string {
  const { changed, shared, rows, same } = diff;
  const only = (of: Of) => rows.filter(row => row.of === of).length;
  const columns = (of: Of) =>
    diff.columns.filter(column => column.of === of).map(({ label }) => label);
  const [inA, inB] = [only('a'), only('b')];
  const [columnsOfA, columnsOfB] = [columns('a'), columns('b')];
  return [
    changed > 0 &&
      trans._n('%1 of %2 cells differs', '%1 of %2 cells differ', changed, String(shared)),
    inA > 0 && trans._n('%1 row only in A', '%1 rows only in A', inA),
    inB > 0 && trans._n('%1 row only in B', '%1 rows only in B', inB),
    columnsOfA.length > 0 && trans.__('only A has %1', columnsOfA.join(', ')),
    columnsOfB.length > 0 && trans.__('only B has %1', columnsOfB.join(', ')),
    rows.length > MOST_ROWS &&
      trans.__('%1 more rows are not shown', String(rows.length - MOST_ROWS)),
    same > 0 && trans._n('%1 row is the same', '%1 rows are the same', same)
  ]
    .filter(part => part !== false)
    .join(' · ');
}
