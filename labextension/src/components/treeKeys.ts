/** The keys of a tree, as the ARIA patterns name them. Pure. */

import type { Row } from '../rows';

/** A row where it stands: folded ones are there only while their fold is open. */
export interface Item {
  readonly row: Row;
  readonly level: 1 | 2;
  readonly parent: string | null;
}

export function flatten(rows: readonly Row[], expanded: ReadonlySet<string>): readonly Item[] {
  return rows.flatMap(row => {
    const item: Item = { row, level: 1, parent: null };
    if (row.kind === 'cell' || !expanded.has(row.key)) {
      return [item];
    }
    return [item, ...row.rows.map(inner => ({ row: inner, level: 2 as const, parent: row.key }))];
  });
}

export type TreeMove =
  | { readonly kind: 'focus'; readonly key: string }
  | { readonly kind: 'expand' | 'collapse'; readonly key: string };

/** What a key does on an item; null when it does nothing. */
export function moveFor(
  pressed: string,
  items: readonly Item[],
  key: string,
  expanded: ReadonlySet<string>
): TreeMove | null {
  const index = items.findIndex(item => item.row.key === key);
  const item = items[index];
  if (!item) {
    return null;
  }
  const isFold = item.row.kind === 'fold';
  switch (pressed) {
    case 'ArrowDown':
      return focus(items[index + 1]);
    case 'ArrowUp':
      return focus(items[index - 1]);
    case 'Home':
      return focus(items[0]);
    case 'End':
      return focus(items.at(-1));
    case 'ArrowRight':
      if (!isFold) {
        return null;
      }
      return expanded.has(key) ? focus(items[index + 1]) : { kind: 'expand', key };
    case 'ArrowLeft':
      if (isFold && expanded.has(key)) {
        return { kind: 'collapse', key };
      }
      return item.parent === null ? null : { kind: 'focus', key: item.parent };
    default:
      return null;
  }
}

function focus(item: Item | undefined): TreeMove | null {
  return item ? { kind: 'focus', key: item.row.key } : null;
}
