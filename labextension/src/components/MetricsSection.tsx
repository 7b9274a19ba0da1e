import * as React from 'react';

import type { MetricRow } from '../answers';
import { judgeDelta } from '../goals';
import { h } from '../h';
import { showMetric } from '../wording';
import type { MetricChange } from '../compared';
import { CurveChart } from './CurveChart';
import { Grid } from './Grid';
import { Section } from './Section';
import { useSurroundings } from './surroundings';

interface MetricsSectionProps {
  readonly metrics: readonly MetricChange[];
  /** With the curves of those that have several points. */
  readonly rows?: readonly MetricRow[];
}

/** Metrics side by side; better or worse is said and coloured only where the direction is known. */
export function MetricsSection(props: MetricsSectionProps): React.JSX.Element | null {
  const { metrics, rows = [] } = props;
  const { trans } = useSurroundings();
  if (metrics.length === 0) {
    return null;
  }
  const differing = metrics.filter(({ delta, a, b }) => delta !== 0 && a !== b);
  const shown = metrics.map(({ name, a, b, delta, goal }) => {
    const { text, tone } = judgeDelta(delta, goal, trans);
    const values = { name, a: showMetric(a), b: showMetric(b) };
    return text === '' ? values : { ...values, change: text, tone };
  });
  const curves = rows.filter(row => row.curves.some(points => points.length > 1));
  return (
    <Section
      title={trans.__('Metrics')}
      note={
        metrics.length > 1
          ? trans._n(
              '%1 of %2 differs',
              '%1 of %2 differ',
              differing.length,
              String(metrics.length)
            )
          : ''
      }
    >
      <Grid label={trans.__('Metrics')} rows={shown} isHeaded />
      {curves.length > 0 && (
        <div className="nbops-Curves">
          {curves.map(({ name, curves: lines, best }) => (
            <CurveChart key={name} name={name} curves={lines} best={best} />
          ))}
        </div>
      )}
    </Section>
  );
}
