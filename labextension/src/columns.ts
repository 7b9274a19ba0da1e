/** Which values of a run a table shows. Pure. */

import type { RunRow } from './answers';
import type { Translation } from './tokens';
import { showMetric, showScalar } from './wording';
import type { MetricValue } from './wire';

/** So many say enough at first; more can be chosen. */
const AT_FIRST = 4;

const LETTER_PX = 6.5;
const GAP_PX = 10;

/** Metrics first, then params; tags only where they are chosen. */
export function chooseColumns(fields: readonly string[]): readonly string[] {
  const of = (kind: string) => fields.filter(field => field.startsWith(`${kind}.`));
  const [metrics, params] = [of('metrics').filter(isUsers), of('params')];
  return [...metrics.slice(0, AT_FIRST - Math.min(2, params.length)), ...params].slice(0, AT_FIRST);
}

/** With what the table is ordered by, in front where nobody chose it: else the order cannot be seen. */
export function withSorted(columns: readonly string[], sort: string): readonly string[] {
  const field = sort.replace(/^-/, '');
  return !field.includes('.') || columns.includes(field) ? columns : [field, ...columns];
}

/** What the machine did is no result. */
function isUsers(field: string): boolean {
  return !field.startsWith('metrics.system/');
}

/** Name of a field without its kind. */
export function nameOf(field: string): string {
  return field.slice(field.indexOf('.') + 1);
}

export function kindOf(field: string, trans: Translation): string {
  switch (field.slice(0, field.indexOf('.'))) {
    case 'metrics':
      return trans.__('metric');
    case 'params':
      return trans.__('param');
    default:
      return trans.__('tag');
  }
}

/** A run's value in a column; empty where it has none. */
export function showValue({ values }: RunRow, field: string): string {
  const value = values[field];
  if (value === undefined || value === null) {
    return '';
  }
  return field.startsWith('metrics.') ? showMetric(value as MetricValue) : showScalar(value);
}

/** About how many pixels the values of a run take beside each other, in the panel's small letters. */
export function lengthOf(row: RunRow, columns: readonly string[]): number {
  const shown = columns.map(field => [nameOf(field), showValue(row, field)] as const);
  return shown
    .filter(([, value]) => value !== '')
    .reduce((sum, [name, value]) => sum + (name.length + value.length + 1) * LETTER_PX + GAP_PX, 0);
}

/** The next order after a click on a column: down, up, none; metrics begin with the largest. */
export function nextSort(sort: string, field: string): string {
  return sort === field ? `-${field}` : sort === `-${field}` ? '' : field;
}
