/** What the state of a cell run means for a list. Pure. */

import type { CellStatus } from './wire';

const FAILED: ReadonlySet<CellStatus> = new Set<CellStatus>(['error', 'interrupted', 'died']);

/** Whether it did not come to its end. */
export function isFailed(status: CellStatus): boolean {
  return FAILED.has(status);
}
