/** Whether the record can be relied on: what is in MLflow, what was seen with its content. Pure. */

import type { History } from './history';
import type { DataRef } from './wire';

/** What `missing` says of a file that the code only names. */
export const NAMED_IN_CODE = 'named in the code; not seen to be read';

/** Whether more is known of data than that the code names it. */
export function isRead({ missing }: DataRef): boolean {
  return missing !== NAMED_IN_CODE;
}

export interface Trust {
  readonly shipping:
    | { readonly kind: 'no-runs' | 'all' }
    | { readonly kind: 'under-way'; readonly count: number }
    | { readonly kind: 'waiting'; readonly error: string; readonly count: number };
  readonly reads: number;
  /** Reads whose content is still being read. */
  readonly pending: number;
  /** Reads without a content hash, with the reasons. */
  readonly missing: readonly string[];
}

export function judge(history: History): Trust {
  const reads = history.cellRuns.flatMap(cellRun => cellRun.reads).filter(isRead);
  return {
    shipping: judgeShipping(history),
    reads: reads.length,
    pending: reads.filter(ref => ref.digest === null && ref.missing === null).length,
    missing: reads.filter(isMissing).map(ref => `${ref.name}: ${ref.missing ?? ''}`)
  };
}

function judgeShipping(history: History): Trust['shipping'] {
  const { unshipped, error, runs } = history;
  if (error !== null && error !== '') {
    return { kind: 'waiting', error, count: unshipped };
  }
  if (unshipped > 0) {
    return { kind: 'under-way', count: unshipped };
  }
  return { kind: runs.size > 0 ? 'all' : 'no-runs' };
}

function isMissing(ref: DataRef): boolean {
  return ref.digest === null && ref.missing !== null;
}
