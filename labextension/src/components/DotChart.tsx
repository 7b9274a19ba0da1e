import * as React from 'react';

import type { Difference, MetricRow } from '../answers';
import { h } from '../h';
import { letterOf } from '../letters';
import { edges, placeOn } from '../places';
import { showMetric, showScalar } from '../wording';
import { Axes, pointAt } from './Axes';
import { useSurroundings } from './surroundings';

interface DotChartProps {
  readonly metric: MetricRow;
  readonly param: Difference;
}

/** A metric by a parameter, a dot a run. */
export function DotChart({ metric, param }: DotChartProps): React.JSX.Element | null {
  const { trans } = useSurroundings();
  const heights = metric.values.map(value => (value === null ? NaN : Number(value)));
  const { places, labels, isLog } = placeOn(param.values);
  const seen = heights.filter((value, index) => Number.isFinite(value) && places[index] !== null);
  if (seen.length < 2) {
    return null;
  }
  const [low, high] = edges(seen);
  return (
    <Axes
      label={trans.__('%1 by %2', metric.name, param.name) + (isLog ? ' (log)' : '')}
      count={heights.length}
      along={labels}
      {...{ best: metric.best, low, high }}
      draw={(index, colour) => {
        const [x, y] = [places[index], heights[index]];
        return (
          x != null &&
          Number.isFinite(y) && (
            <path
              key={index}
              className={`nbops-Line nbops-mod-dot ${colour}`}
              d={`M${pointAt(x, Number(y), low, high)}h0`}
            >
              <title>
                {`${letterOf(index)}: ${param.name} ${showScalar(param.values[index] ?? null)}, `}
                {`${metric.name} ${showMetric(metric.values[index] ?? null)}`}
              </title>
            </path>
          )
        );
      }}
    />
  );
}
