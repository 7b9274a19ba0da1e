/** Which cell runs someone wants to see. Pure. */

import type { CellRow } from './rows';
import { isFailed } from './status';

/** What the list opens on; the rest of it folds away, or is left out where that was asked for. */
export type Focus = 'results' | 'all' | 'failed' | 'data';

export interface Filter {
  readonly focus: Focus;
  /** Words that all have to be there; empty: no search. */
  readonly text: string;
  /** One row a cell, with its earlier runs folded below. */
  readonly isGrouped: boolean;
}

export const RESULTS: Filter = { focus: 'results', text: '', isGrouped: false };

/** Whether a row is among what was asked for; folding is another question. */
export function isWanted(row: CellRow, { focus, text }: Filter): boolean {
  return isInFocus(row, focus) && hasAll(row, wordsOf(text));
}

/** Whether text is being looked for. */
export function isSearch({ text }: Filter): boolean {
  return wordsOf(text).length > 0;
}

/** Lower-case words of a search. */
export function wordsOf(text: string): readonly string[] {
  return text
    .toLowerCase()
    .split(/\s+/)
    .filter(word => word !== '');
}

function isInFocus({ cellRun }: CellRow, focus: Focus): boolean {
  switch (focus) {
    case 'results':
    case 'all':
      return true;
    case 'failed':
      return isFailed(cellRun.status);
    case 'data':
      return cellRun.reads.length + cellRun.writes.length > 0;
  }
}

function hasAll({ cellRun, chips }: CellRow, words: readonly string[]): boolean {
  if (words.length === 0) {
    return true;
  }
  const said = chips.map(({ label, value, title }) => `${label} ${value} ${title}`);
  const text = [`[${cellRun.execution_count ?? ''}]`, cellRun.source, ...said]
    .join('\n')
    .toLowerCase();
  return words.every(word => text.includes(word));
}
