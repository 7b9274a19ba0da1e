/** How a job's result moved from run to run. Pure. */

import type { RunRow } from './answers';
import type { MetricPoint, MetricValue } from './wire';

export interface Trend {
  /** The metric's name. */
  readonly name: string;
  readonly value: MetricValue;
  /** Of this run and those before it, the oldest first. */
  readonly points: readonly MetricPoint[];
}

const MOST_POINTS = 20;

/** Of the first metric that a job logged; null where it logged none. */
export function trendOf(row: RunRow, newestFirst: readonly RunRow[]): Trend | null {
  const field = Object.keys(row.values).find(isResult);
  if (field === undefined) {
    return null;
  }
  const from = newestFirst.indexOf(row);
  const points = newestFirst
    .slice(Math.max(0, from))
    .filter(each => isSameJob(each, row) && each.values[field] !== undefined)
    .slice(0, MOST_POINTS)
    .reverse()
    .map((each, step) => [step, each.values[field] as MetricValue, each.started_at] as const);
  return { name: field.slice('metrics.'.length), value: row.values[field] as MetricValue, points };
}

/** What the machine did is no result. */
function isResult(field: string): boolean {
  return field.startsWith('metrics.') && !field.startsWith('metrics.system/');
}

function isSameJob(one: RunRow, other: RunRow): boolean {
  return one.notebook === null
    ? one.experiment === other.experiment && one.name === other.name
    : one.notebook === other.notebook;
}
