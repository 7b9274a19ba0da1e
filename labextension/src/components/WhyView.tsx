import * as React from 'react';

import type { MetricRow } from '../answers';
import { h } from '../h';
import type { Actions } from '../tokens';
import type { Comparison } from '../compared';
import { Conclusions } from './Conclusions';
import { MetricsSection } from './MetricsSection';
import { OutputPairs } from './OutputPairs';
import { Rest } from './Rest';
import { SideLine } from './SideLine';
import { WhyChanges } from './WhyChanges';

interface WhyViewProps {
  readonly comparison: Comparison;
  /** With the curves, where they are known. */
  readonly rows?: readonly MetricRow[];
  readonly actions: Pick<Actions, 'explain' | 'details'>;
}

/** Two runs. The sentence comes before any table; then only what differs, the rest in one line. */
export function WhyView({ comparison, rows, actions }: WhyViewProps): React.JSX.Element {
  const { a, b, sentence, metrics, changes, same, outputs = [] } = comparison;
  return (
    <div className="nbops-Compare">
      <div className="nbops-Sides">
        <SideLine index={0} side={a} />
        <SideLine index={1} side={b} />
      </div>
      <Sentence text={sentence} />
      <Conclusions
        above={sentence}
        conclusions={comparison.conclusions ?? []}
        onExplain={actions.explain}
      />
      <MetricsSection metrics={metrics} {...(rows ? { rows } : {})} />
      <WhyChanges changes={changes} same={same} isHeaded={metrics.length === 0} />
      {outputs.length > 0 && <OutputPairs outputs={outputs} load={actions.details} />}
      <Rest same={same} unknown={comparison.unknown} context={comparison.context} />
    </div>
  );
}

/** What the metrics did stands out from what can be said of it. */
export function Sentence({ text }: { readonly text: string }): React.JSX.Element {
  const end = text.lastIndexOf('. ') + 1;
  const lead = end === 0 ? text : text.slice(0, end);
  return (
    <p className="nbops-Sentence">
      <b>{lead}</b>
      {end === 0 ? '' : text.slice(end)}
    </p>
  );
}
