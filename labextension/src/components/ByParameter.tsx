import * as React from 'react';

import type { Difference, MetricRow } from '../answers';
import { h } from '../h';
import { Choice } from './Choice';
import { DotChart } from './DotChart';
import { Section } from './Section';
import { useSurroundings } from './surroundings';

interface ByParameterProps {
  readonly metrics: readonly MetricRow[];
  readonly differences: readonly Difference[];
}

/** What each parameter that differs has to do with a metric, to be seen at a glance. */
export function ByParameter({ metrics, differences }: ByParameterProps): React.JSX.Element | null {
  const { trans } = useSurroundings();
  const [name, setName] = React.useState('');
  const params = differences.filter(({ kind, differs }) => kind === 'param' && differs);
  const metric = metrics.find(row => row.name === name) ?? metrics[0];
  if (!metric || params.length === 0) {
    return null;
  }
  return (
    <Section title={trans.__('By parameter')}>
      {metrics.length > 1 && (
        <Choice
          label={trans.__('Metric')}
          value={metric.name}
          options={metrics.map(row => [row.name, row.name])}
          onChoose={setName}
        />
      )}
      <div className="nbops-Curves">
        {params.map(param => (
          <DotChart key={param.name} {...{ metric, param }} />
        ))}
      </div>
    </Section>
  );
}
