import * as React from 'react';

import { h } from '../h';
import { letterOf } from '../letters';
import { edges } from '../places';
import type { MetricPoint } from '../wire';
import { Axes, pointAt } from './Axes';
import { useSurroundings } from './surroundings';

interface CurveChartProps {
  readonly name: string;
  /** Of each run, A first. */
  readonly curves: readonly (readonly MetricPoint[])[];
  readonly best: number | null;
}

/** A metric over its steps. */
export function CurveChart({ name, curves, best }: CurveChartProps): React.JSX.Element | null {
  const { trans } = useSurroundings();
  const lines = curves.map(points =>
    points
      .map(([step, value]) => [step, Number(value)] as const)
      .filter(([, value]) => Number.isFinite(value))
  );
  const all = lines.flat();
  if (all.length < 2) {
    return null;
  }
  const [first, last] = edges(all.map(([step]) => step));
  const [low, high] = edges(all.map(([, value]) => value));
  return (
    <Axes
      label={trans.__('%1 over steps', name)}
      count={curves.length}
      along={[String(first), String(last)]}
      {...{ best, low, high }}
      draw={(index, colour) => (
        <polyline
          key={index}
          className={`nbops-Line ${colour}`}
          points={lines[index]
            ?.map(([step, value]) =>
              pointAt((step - first) / (last - first || 1), value, low, high)
            )
            .join(' ')}
        >
          <title>{letterOf(index)}</title>
        </polyline>
      )}
    />
  );
}
