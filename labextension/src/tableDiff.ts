/** Which cells of two tables differ: rows and columns are known by what they are called. */

import type { SavedOutput } from './answers';
import { tablesOf } from './tables';
import type { ShownTable } from './tables';

/** Null: that side has no such row or column. */
export interface CellPair {
  readonly a: string | null;
  readonly b: string | null;
}

/** Of which side a row or column is. */
export type Of = 'both' | 'a' | 'b';

export interface RowPair {
  readonly label: string;
  readonly of: Of;
  readonly cells: readonly CellPair[];
}

export interface TableDiff {
  readonly columns: readonly { readonly label: string; readonly of: Of }[];
  /** Those of one side, and those of both where a cell differs that both have. */
  readonly rows: readonly RowPair[];
  /** Of the cells that both have. */
  readonly changed: number;
  readonly shared: number;
  /** Rows that are left out. */
  readonly same: number;
}

/**
 * Of each table that two cells showed, the cells that differ.
 *
 * @returns - null where that says nothing: another number of tables, nothing in common, or no difference.
 */
export function compareShown(
  a: readonly SavedOutput[],
  b: readonly SavedOutput[]
): readonly TableDiff[] | null {
  const [one, other] = [tablesOf(a), tablesOf(b)];
  if (one.length !== other.length) {
    return null;
  }
  const diffs = one.flatMap((table, place) => {
    const diff = other[place] && compareTables(table, other[place]);
    return diff ? [diff] : [];
  });
  const isTold = diffs.length === one.length && diffs.some(differs);
  return isTold ? diffs : null;
}

function compareTables(a: ShownTable, b: ShownTable): TableDiff | null {
  const columns = merge(a.columns, b.columns);
  const labels = merge([...a.rows.keys()], [...b.rows.keys()]);
  const rows = labels.map(({ label, of }) => ({
    label,
    of,
    cells: columns.map(column => ({
      a: a.rows.get(label)?.[a.columns.indexOf(column.label)] ?? null,
      b: b.rows.get(label)?.[b.columns.indexOf(column.label)] ?? null
    }))
  }));
  const shared = rows.flatMap(({ cells }) => cells.filter(isShared));
  if (shared.length === 0) {
    return null;
  }
  const told = rows.filter(
    ({ of, cells }) => of !== 'both' || cells.some(cell => isShared(cell) && isChanged(cell))
  );
  return {
    columns,
    rows: told,
    changed: shared.filter(isChanged).length,
    shared: shared.length,
    same: rows.length - told.length
  };
}

function differs({ rows, columns }: TableDiff): boolean {
  return rows.length > 0 || columns.some(({ of }) => of !== 'both');
}

function isShared({ a, b }: CellPair): boolean {
  return a !== null && b !== null;
}

export function isChanged({ a, b }: CellPair): boolean {
  return a !== b;
}

/** All names in the order of B; what only A has stands where it was. */
function merge(
  a: readonly string[],
  b: readonly string[]
): readonly { readonly label: string; readonly of: Of }[] {
  const places = new Map(a.map((label, place) => [label, place]));
  const ofB = new Set(b);
  const merged: { label: string; of: Of }[] = [];
  let next = 0;
  const takeOnlyA = (end: number) => {
    for (; next < end; next += 1) {
      const label = a[next];
      if (label !== undefined && !ofB.has(label)) {
        merged.push({ label, of: 'a' });
      }
    }
  };
  for (const label of b) {
    takeOnlyA(places.get(label) ?? 0);
    merged.push({ label, of: places.has(label) ? 'both' : 'b' });
  }
  takeOnlyA(a.length);
  return merged;
}
