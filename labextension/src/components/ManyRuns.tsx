import * as React from 'react';

import type { Difference, RunTable } from '../answers';
import { judgeDelta } from '../goals';
import type { Actions, Translation } from '../tokens';
import { showDigest, showMetric, showScalar } from '../wording';
import type { ChangeKind, Scalar } from '../wire';
import { CurveChart } from './CurveChart';
import { Rest } from './Rest';
import { Section } from './Section';
import { Letter, SideLine } from './SideLine';
import { useSurroundings } from './surroundings';
import { Sentence } from './WhyView';

interface ManyRunsProps {
  readonly table: RunTable;
  readonly actions: Pick<Actions, 'explain'>;
}

/** Three runs or more: one column each, one row for what differs; A is the baseline. */
export function ManyRuns({ table, actions }: ManyRunsProps): React.JSX.Element {
  const { trans } = useSurroundings();
  const { runs, metrics, differences, same, unknown, sentence, trends = [] } = table;
  const shown = differences.filter(({ differs }) => differs);
  const curves = metrics.filter(row => row.curves.some(points => points.length > 1));
  const base = runs[0]?.run_id ?? '';
  return (
    <div className="nbops-Compare">
      <div className="nbops-Sides">
        {runs.map((side, index) => (
          <SideLine key={side.run_id} index={index} side={side} />
        ))}
      </div>
      <Sentence text={sentence} />
      {trends.map(trend => (
        <p key={trend.sentence} className="nbops-Trend">
          {trend.sentence}
        </p>
      ))}
      <div className="nbops-Matrix" tabIndex={0} role="group" aria-label={trans.__('All runs')}>
        <table>
          <thead>
            <tr>
              <td />
              {runs.map(({ run_id, name }, index) => (
                <th key={run_id} scope="col" title={name}>
                  <Letter index={index} />
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {metrics.map(({ name, values, deltas, goal, best }) => (
              <tr key={name}>
                <th scope="row" title={name}>
                  {name}
                </th>
                {values.map((value, index) => {
                  const { text, tone } = judgeDelta(deltas[index] ?? null, goal, trans);
                  return (
                    <td key={index} className={best === index ? 'nbops-mod-best' : ''}>
                      {showMetric(value)}
                      {text !== '' && (
                        <button
                          type="button"
                          className={`nbops-Delta nbops-mod-${tone}`}
                          title={trans.__('What changed from A')}
                          onClick={() => {
                            actions.explain(runs[index]?.run_id ?? '', base);
                          }}
                        >
                          {text}
                        </button>
                      )}
                    </td>
                  );
                })}
              </tr>
            ))}
            {shown.map(row => (
              <DifferenceRow key={`${row.kind} ${row.name}`} row={row} />
            ))}
          </tbody>
        </table>
      </div>
      {curves.length > 0 && (
        <Section title={trans.__('Curves')}>
          <div className="nbops-Curves">
            {curves.map(row => (
              <CurveChart key={row.name} name={row.name} curves={row.curves} />
            ))}
          </div>
        </Section>
      )}
      <Rest same={same} unknown={unknown} context={[]} />
    </div>
  );
}

function DifferenceRow({ row }: { readonly row: Difference }): React.JSX.Element {
  const { trans } = useSurroundings();
  const { kind, name, values, notes } = row;
  return (
    <tr>
      <th scope="row" title={name}>
        {name} <small>{nameOf(kind, trans)}</small>
      </th>
      {values.map((value, index) => {
        const text = show(kind, value);
        const isOther = (notes[index] ?? '') !== '';
        return (
          <td
            key={index}
            className={isOther ? 'nbops-mod-other' : ''}
            title={`${text} ${notes[index] ?? ''}`.trim()}
          >
            {kind === 'code' && isOther ? notes[index] : text}
          </td>
        );
      })}
    </tr>
  );
}

function show(kind: ChangeKind, value: Scalar): string {
  return kind === 'data' && typeof value === 'string' ? showDigest(value) : showScalar(value);
}

function nameOf(kind: ChangeKind, trans: Translation): string {
  const names: Readonly<Record<ChangeKind, string>> = {
    param: trans.__('param'),
    data: trans.__('data'),
    code: trans.__('code'),
    order: trans.__('order'),
    seed: trans.__('seed'),
    module: trans.__('module'),
    package: trans.__('package'),
    environment: trans.__('machine'),
    git: trans.__('git')
  };
  return names[kind];
}
