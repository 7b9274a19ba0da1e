/** Where values stand on an axis. Pure. */

import { showScalar } from './wording';
import type { Scalar } from './wire';

export interface Axis {
  /** From 0 to 1; null where there is no value. */
  readonly places: readonly (number | null)[];
  /** What is written along it. */
  readonly labels: readonly string[];
  readonly isLog?: boolean;
}

/** Numbers that span so much stand by their logarithm. */
const WIDE = 100;
const MOST_LABELS = 6;

/** Lowest and highest of some numbers. */
export function edges(values: readonly number[]): readonly [low: number, high: number] {
  return [Math.min(...values), Math.max(...values)];
}

/** Numbers by their size; if there is a text among them, all as names, evenly. */
export function placeOn(values: readonly Scalar[]): Axis {
  const known = values.filter(value => value !== null);
  const numbers = known.filter(value => typeof value === 'number');
  const place = (placed: (value: Scalar) => number) =>
    values.map(value => (value === null ? null : placed(value)));
  if (numbers.length === known.length) {
    const [low, high] = edges(numbers);
    const isLog = low > 0 && high / low >= WIDE;
    const scale = isLog ? Math.log : Number;
    return {
      places: place(value => (scale(Number(value)) - scale(low)) / (scale(high) - scale(low) || 1)),
      labels: [low, high].map(showScalar),
      isLog
    };
  }
  const names = [...new Set(known.map(showScalar))].sort((one, other) =>
    one.localeCompare(other, undefined, { numeric: true })
  );
  const last = names.length - 1;
  return {
    places: place(value => names.indexOf(showScalar(value)) / (last || 1)),
    labels: names.filter((_, index) => last < MOST_LABELS || index % last === 0)
  };
}
