import * as React from 'react';

import { showDelta, showMetric } from '../wording';
import type { MetricChange } from '../wire';
import { Grid } from './Grid';
import { useSurroundings } from './surroundings';

interface WhyMetricsProps {
  readonly metrics: readonly MetricChange[];
}

/** Metrics side by side. Which direction is better is not known here, so none is coloured. */
export function WhyMetrics({ metrics }: WhyMetricsProps): React.JSX.Element | null {
  const { trans } = useSurroundings();
  if (metrics.length === 0) {
    return null;
  }
  const rows = metrics.map(({ name, a, b, delta }) => ({
    name,
    a: showMetric(a),
    b: showMetric(b),
    ...(delta === null || delta === 0 ? {} : { change: showDelta(delta) })
  }));
  return (
    <section className="nbops-Section">
      <h3>{trans.__('Metrics')}</h3>
      <Grid label={trans.__('Metrics')} rows={rows} isHeaded />
    </section>
  );
}
