/** What differs between several runs, ready to be laid out in a table. Pure. */

import type { Difference, MetricRow } from './answers';
import { judgeDelta } from './goals';
import type { Tone } from './goals';
import type { Translation } from './tokens';
import { showDigest, showMetric, showScalar } from './wording';
import type { ChangeKind } from './compared';
import type { Scalar } from './wire';

export interface Fact {
  readonly key: string;
  readonly name: string;
  /** What it is; empty for a metric. */
  readonly kind: string;
  /** How it is in each run. */
  readonly cells: readonly FactCell[];
  /** The runs, sorted by it: the best first where that is known, what is missing last. */
  readonly order: readonly number[];
}

interface FactCell {
  readonly text: string;
  readonly title: string;
  /** The best, or other than in A. */
  readonly standsOut: boolean;
  /** How a metric moved from A; empty where it did not. */
  readonly moved: string;
  readonly tone: Tone;
}

export function metricFact(
  { name, values, deltas, goal, best }: MetricRow,
  trans: Translation
): Fact {
  const cells = values.map((value, index) => {
    const { text, tone } = judgeDelta(deltas[index] ?? null, goal, trans);
    const shown = showMetric(value);
    return { text: shown, title: shown, standsOut: best === index, moved: text, tone };
  });
  const numbers = values.map(value => (value === null ? null : Number(value)));
  const sign = goal === 'lower' ? 1 : -1;
  return { key: `metric ${name}`, name, kind: '', cells, order: sorted(numbers, sign) };
}

/** What the server says of code that is the baseline's. */
const AS_BASELINE = 'as in A';

export function differenceFact(
  { kind, name, values, notes }: Difference,
  trans: Translation
): Fact {
  const cells = values.map((value, index) => {
    const note = notes[index] ?? '';
    const text = kind === 'code' ? showCode(value, note, values[0]) : show(kind, value);
    return {
      text,
      title: `${text} ${note}`.trim(),
      standsOut: note !== '' && note !== AS_BASELINE,
      moved: '',
      tone: 'plain' as const
    };
  });
  return {
    key: `${kind} ${name}`,
    name,
    kind: nameOf(kind, trans),
    cells,
    order: sorted(values, 1)
  };
}

/** A cell's execution count where it was there, or how its code differs from A's. */
function showCode(count: Scalar, note: string, first: Scalar | undefined): string {
  switch (note) {
    case AS_BASELINE:
      return first === null ? showScalar(null) : note;
    case '':
    case 'not in A':
    case 'missing':
      return count === null ? showScalar(null) : `[${showScalar(count)}]`;
    default:
      return note;
  }
}

/** Places of values in their order; null and NaN come last. */
function sorted(values: readonly Scalar[], sign: number): readonly number[] {
  const isMissing = (value: Scalar | undefined) => value == null || Number.isNaN(value);
  return values
    .map((_, index) => index)
    .sort((one, other) => {
      const [a, b] = [values[one], values[other]];
      if (isMissing(a) || isMissing(b)) {
        return Number(isMissing(a)) - Number(isMissing(b));
      }
      return typeof a === 'number' && typeof b === 'number'
        ? sign * (a - b)
        : sign * String(a).localeCompare(String(b), undefined, { numeric: true });
    });
}

function show(kind: ChangeKind, value: Scalar): string {
  return kind === 'data' && typeof value === 'string' ? showDigest(value) : showScalar(value);
}

function nameOf(kind: ChangeKind, trans: Translation): string {
  const names: Readonly<Record<ChangeKind, string>> = {
    param: trans.__('param'),
    data: trans.__('data'),
    code: trans.__('code'),
    order: trans.__('order'),
    seed: trans.__('seed'),
    module: trans.__('module'),
    package: trans.__('package'),
    environment: trans.__('machine'),
    git: trans.__('git')
  };
  return names[kind];
}
