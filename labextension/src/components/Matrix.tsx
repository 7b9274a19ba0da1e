import * as React from 'react';

import type { Fact } from '../facts';
import { h } from '../h';
import type { Side } from '../compared';
import { Letter } from './Letter';
import { sayWhen } from './SideLine';
import { useSurroundings } from './surroundings';

interface MatrixProps {
  readonly runs: readonly Side[];
  readonly facts: readonly Fact[];
  readonly onExplain: (runId: string) => void;
}

/** What differs, in each of a few runs: they stand side by side. */
export function Matrix({ runs, facts, onExplain }: MatrixProps): React.JSX.Element {
  return (
    <Scrolled>
      <thead>
        <tr>
          <td />
          {runs.map((run, index) => (
            <RunHead key={run.run_id} run={run} index={index} scope="col" />
          ))}
        </tr>
      </thead>
      <tbody>
        {facts.map(fact => (
          <tr key={fact.key}>
            <th scope="row" title={fact.name}>
              {fact.name} <small>{fact.kind}</small>
            </th>
            {runs.map(({ run_id }, index) => (
              <Cell key={run_id} {...{ fact, index, run_id, onExplain }} />
            ))}
          </tr>
        ))}
      </tbody>
    </Scrolled>
  );
}

/** The same of many runs: they stand below each other, sorted by what a person wants. */
export function LongMatrix({ runs, facts, onExplain }: MatrixProps): React.JSX.Element {
  const [key, setKey] = React.useState<string | null>(null);
  const order = facts.find(fact => fact.key === key)?.order ?? runs.map((_, index) => index);
  return (
    <Scrolled>
      <thead>
        <tr>
          <td />
          {facts.map(fact => (
            <th
              key={fact.key}
              scope="col"
              title={fact.name}
              {...(fact.key === key && { 'aria-sort': 'other' as const })}
            >
              <button
                onClick={() => {
                  setKey(fact.key === key ? null : fact.key);
                }}
              >
                {fact.name} <small>{fact.kind}</small>
                {fact.key === key && ' ↓'}
              </button>
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {order.map(index => {
          const run = runs[index];
          return (
            run && (
              <tr key={run.run_id}>
                <RunHead run={run} index={index} scope="row" />
                {facts.map(fact => (
                  <Cell key={fact.key} {...{ fact, index, run_id: run.run_id, onExplain }} />
                ))}
              </tr>
            )
          );
        })}
      </tbody>
    </Scrolled>
  );
}

function Scrolled({ children }: { readonly children: React.ReactNode }): React.JSX.Element {
  const { trans } = useSurroundings();
  return (
    <div className="nbops-Matrix" tabIndex={0} role="group" aria-label={trans.__('All runs')}>
      <table>{children}</table>
    </div>
  );
}

interface RunHeadProps {
  readonly run: Side;
  readonly index: number;
  readonly scope: 'col' | 'row';
}

function RunHead({ run, index, scope }: RunHeadProps): React.JSX.Element {
  const { trans, now } = useSurroundings();
  const isRow = scope === 'row';
  return (
    <th scope={scope} title={`${run.name} ${sayWhen(run, now(), trans)}`}>
      <Letter index={index} isOfMany={isRow} />
      {isRow && <span className="nbops-Matrix-run">{run.name}</span>}
    </th>
  );
}

interface CellProps extends Pick<MatrixProps, 'onExplain'> {
  readonly fact: Fact;
  readonly index: number;
  readonly run_id: string;
}

function Cell({ fact, index, run_id, onExplain }: CellProps): React.JSX.Element {
  const { trans } = useSurroundings();
  const { text = '', title = '', standsOut = false, moved = '', tone } = fact.cells[index] ?? {};
  return (
    <td className={standsOut ? 'nbops-mod-out' : ''} title={title}>
      {text}
      {moved !== '' && (
        <button
          className={`nbops-Delta nbops-mod-${tone}`}
          title={trans.__('What changed from A')}
          onClick={() => {
            onExplain(run_id);
          }}
        >
          {moved}
        </button>
      )}
    </td>
  );
}
