import * as React from 'react';

import type { RunTable } from '../answers';
import { h } from '../h';
import type { Actions } from '../tokens';
import { ByParameter } from './ByParameter';
import { CurveChart } from './CurveChart';
import { differenceFact, metricFact } from '../facts';
import { MOST_COLOURED } from './Letter';
import { LongMatrix, Matrix } from './Matrix';
import { Rest } from './Rest';
import { Section } from './Section';
import { SideLine } from './SideLine';
import { useSurroundings } from './surroundings';
import { Trends } from './Trends';
import { Sentence } from './WhyView';

interface ManyRunsProps {
  readonly table: RunTable;
  readonly actions: Pick<Actions, 'explain'>;
}

/** Three runs or more: a few side by side, more below each other; A is the baseline. */
export function ManyRuns({ table, actions }: ManyRunsProps): React.JSX.Element {
  const { trans } = useSurroundings();
  const { runs, metrics, differences, same, unknown, sentence, trends = [] } = table;
  const isFew = runs.length <= MOST_COLOURED;
  const Table = isFew ? Matrix : LongMatrix;
  const curves = metrics.filter(row => row.curves.some(points => points.length > 1));
  const facts = [
    ...metrics.map(row => metricFact(row, trans)),
    ...differences.filter(({ differs }) => differs).map(row => differenceFact(row, trans))
  ];
  return (
    <div className="nbops-Compare">
      {isFew && (
        <div className="nbops-Sides">
          {runs.map((side, index) => (
            <SideLine key={side.run_id} index={index} side={side} />
          ))}
        </div>
      )}
      <Sentence text={sentence} />
      <Trends trends={trends} />
      <Table
        {...{ runs, facts }}
        onExplain={id => {
          actions.explain(id, runs[0]?.run_id ?? '');
        }}
      />
      <ByParameter {...{ metrics, differences }} />
      {curves.length > 0 && (
        <Section title={trans.__('Curves')}>
          <div className="nbops-Curves">
            {curves.map(row => (
              <CurveChart key={row.name} name={row.name} curves={row.curves} best={row.best} />
            ))}
          </div>
        </Section>
      )}
      <Rest same={same} unknown={unknown} context={[]} />
    </div>
  );
}
