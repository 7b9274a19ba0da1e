import * as React from 'react';

import { h } from '../h';
import { letterOf } from '../letters';
import { showEdge } from '../wording';
import type { MetricPoint } from '../wire';
import { colourOf, Letter, MOST_COLOURED } from './Letter';
import { useSurroundings } from './surroundings';

interface CurveChartProps {
  readonly name: string;
  /** Of each run, A first. */
  readonly curves: readonly (readonly MetricPoint[])[];
  /** Which run is best, where one is. */
  readonly best: number | null;
}

/** A metric over its steps, all runs in the same axes. Of many runs, A and the best stand out. */
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
  const [x0, x1] = edges(all.map(([step]) => step));
  const [y0, y1] = edges(all.map(([, value]) => value));
  const isMany = curves.length > MOST_COLOURED;
  const outstanding = isMany ? [...new Set([0, best ?? 0])] : lines.map((_, index) => index);
  const others = lines.map((_, index) => index).filter(index => !outstanding.includes(index));
  const draw = (index: number, colour: string) => (
    <polyline
      key={index}
      className={`nbops-Line ${colour}`}
      points={lines[index]
        ?.map(([step, value]) => [(step - x0) / (x1 - x0 || 1), (y1 - value) / (y1 - y0 || 1)])
        .map(point => point.map(share => (100 * share).toFixed(1)).join(','))
        .join(' ')}
    >
      <title>{letterOf(index)}</title>
    </polyline>
  );
  return (
    <figure className="nbops-Curve">
      <figcaption>
        {trans.__('%1 over steps', name)}
        {isMany && outstanding.map(index => <Letter key={index} index={index} isOfMany />)}
        {isMany && best !== null && trans.__('is best')}
      </figcaption>
      <div className="nbops-Curve-plot">
        <span className="nbops-Curve-high">{showEdge(y1)}</span>
        <span className="nbops-Curve-low">{showEdge(y0)}</span>
        <svg
          viewBox="0 0 100 100"
          preserveAspectRatio="none"
          role="img"
          aria-label={trans.__('%1 over steps', name)}
        >
          {others.map(index => draw(index, 'nbops-mod-faint'))}
          {outstanding.map(index => draw(index, colourOf(index, isMany)))}
        </svg>
        <span className="nbops-Curve-first">{x0}</span>
        <span className="nbops-Curve-last">{x1}</span>
      </div>
    </figure>
  );
}

function edges(values: readonly number[]): readonly [low: number, high: number] {
  return [Math.min(...values), Math.max(...values)];
}
