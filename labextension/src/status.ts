/** What the state of a cell run, or of a run, means for a list. Pure. */

import type { CellStatus, RunStatus } from './wire';

const FAILED: ReadonlySet<CellStatus> = new Set<CellStatus>(['error', 'interrupted', 'died']);

/** Whether it did not come to its end. */
export function isFailed(status: CellStatus): boolean {
  return FAILED.has(status);
}

export function isFailedRun(status: RunStatus): boolean {
  return status === 'failed' || status === 'died';
}
