import * as React from 'react';

import { lastValue } from '../chips';
import { h } from '../h';
import { showMetric, showScalar } from '../wording';
import type { CellRun, Run } from '../wire';
import { Section } from './Section';
import { Sparkline } from './Sparkline';
import { useSurroundings } from './surroundings';

interface FactsProps {
  readonly cellRun: CellRun;
  /** The run that the cell run is part of. */
  readonly run: Run | null;
}

/** Metrics with their curves, params and notes. */
export function Facts({ cellRun, run }: FactsProps): React.JSX.Element {
  const { trans } = useSurroundings();
  const { metrics, params, notes = [], warnings } = cellRun;
  const names = Object.keys(metrics);
  const given = Object.entries(params);
  return (
    <>
      {names.length > 0 && (
        <Section
          title={trans.__('Metrics')}
          note={run === null ? '' : trans.__('of the run %1', run.name)}
        >
          <dl className="nbops-Facts">
            {names.map(name => (
              <React.Fragment key={name}>
                <dt title={name}>{name}</dt>
                <dd>
                  {showMetric(lastValue(metrics, name))}{' '}
                  <Sparkline points={metrics[name] ?? []} label={trans.__('%1 over steps', name)} />
                </dd>
              </React.Fragment>
            ))}
          </dl>
        </Section>
      )}
      {given.length > 0 && (
        <Section title={trans.__('Params')}>
          <dl className="nbops-Facts">
            {given.map(([name, value]) => (
              <React.Fragment key={name}>
                <dt title={name}>{name}</dt>
                <dd>{showScalar(value)}</dd>
              </React.Fragment>
            ))}
          </dl>
        </Section>
      )}
      {notes.length + warnings.length > 0 && (
        <Section title={trans.__('Notes')}>
          {notes.map((note, index) => (
            <p key={index} className="nbops-Wrap">
              {note}
            </p>
          ))}
          {warnings.map((warning, index) => (
            <p key={index} className="nbops-Wrap nbops-mod-warning">
              {warning}
            </p>
          ))}
        </Section>
      )}
    </>
  );
}
