import * as React from 'react';

import { showEdge } from '../wording';
import type { MetricPoint } from '../wire';
import { letterOf } from '../letters';
import { useSurroundings } from './surroundings';

const WIDTH = 260;
const HEIGHT = 110;
const EDGE = { left: 48, right: 6, top: 6, bottom: 16 };

interface CurveChartProps {
  readonly name: string;
  /** Of each run, A first. */
  readonly curves: readonly (readonly MetricPoint[])[];
}

/** A metric over its steps, all runs in the same axes: A neutral and dashed, B in the accent. */
export function CurveChart({ name, curves }: CurveChartProps): React.JSX.Element | null {
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
  const [x0, x1] = edges(all.map(([step]) => step));
  const [y0, y1] = edges(all.map(([, value]) => value));
  const x = (step: number) =>
    EDGE.left + ((step - x0) / (x1 - x0 || 1)) * (WIDTH - EDGE.left - EDGE.right);
  const y = (value: number) =>
    HEIGHT - EDGE.bottom - ((value - y0) / (y1 - y0 || 1)) * (HEIGHT - EDGE.top - EDGE.bottom);
  return (
    <figure className="nbops-Curve">
      <figcaption>{trans.__('%1 over steps', name)}</figcaption>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        role="img"
        aria-label={trans.__('%1 over steps', name)}
      >
        <g className="nbops-Curve-axes">
          <path d={`M${EDGE.left} ${EDGE.top}V${HEIGHT - EDGE.bottom}H${WIDTH - EDGE.right}`} />
          <text x={EDGE.left - 4} y={EDGE.top + 8} textAnchor="end">
            {showEdge(y1)}
          </text>
          <text x={EDGE.left - 4} y={HEIGHT - EDGE.bottom} textAnchor="end">
            {showEdge(y0)}
          </text>
          <text x={EDGE.left} y={HEIGHT - 4}>
            {x0}
          </text>
          <text x={WIDTH - EDGE.right} y={HEIGHT - 4} textAnchor="end">
            {x1}
          </text>
        </g>
        {lines.map((points, index) => (
          <polyline
            key={index}
            className={`nbops-Line nbops-mod-${Math.min(index, 6)}`}
            points={points
              .map(([step, value]) => `${x(step).toFixed(1)},${y(value).toFixed(1)}`)
              .join(' ')}
          >
            <title>{letterOf(index)}</title>
          </polyline>
        ))}
      </svg>
    </figure>
  );
}

function edges(values: readonly number[]): readonly [low: number, high: number] {
  return [Math.min(...values), Math.max(...values)];
}
