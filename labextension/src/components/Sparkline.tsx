import * as React from 'react';

import { h } from '../h';
import type { MetricPoint } from '../wire';

const WIDTH = 64;
const HEIGHT = 14;
const MARGIN = 1.5;

interface SparklineProps {
  readonly points: readonly MetricPoint[];
  readonly label: string;
}

/** How a metric moved so far, without axes: the number stands beside it. */
export function Sparkline({ points, label }: SparklineProps): React.JSX.Element | null {
  const values = points
    .map(([step, value]) => [step, Number(value)] as const)
    .filter(([, value]) => Number.isFinite(value));
  if (values.length < 2) {
    return null;
  }
  const x = scale(
    values.map(([step]) => step),
    MARGIN,
    WIDTH - MARGIN
  );
  const y = scale(
    values.map(([, value]) => value),
    HEIGHT - MARGIN,
    MARGIN
  );
  const line = values.map(([step, value]) => `${x(step).toFixed(1)},${y(value).toFixed(1)}`);
  return (
    <svg
      className="nbops-Sparkline"
      role="img"
      aria-label={label}
      width={WIDTH}
      height={HEIGHT}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
    >
      <polyline points={line.join(' ')} fill="none" stroke="currentColor" strokeWidth="1.4" />
    </svg>
  );
}

/** Where a value lies between two edges; in the middle when all are the same. */
function scale(values: readonly number[], from: number, to: number): (value: number) => number {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return value =>
    high === low ? (from + to) / 2 : from + ((value - low) / (high - low)) * (to - from);
}
