import * as React from 'react';

import { nameOf } from '../columns';
import { ColumnChoice } from './ColumnChoice';
import type { RunsBarProps } from './RunsBar';
import { useSurroundings } from './surroundings';
import { WhereField } from './WhereField';

/** What is asked for more seldom: a condition, an experiment, an order, other columns. */
export function RunsOptions(props: RunsBarProps): React.JSX.Element {
  const { state, columns, actions } = props;
  const { trans } = useSurroundings();
  const { query, known } = state;
  const fields = known?.fields ?? [];
  const sorted = query.sort.replace(/^-/, '');
  return (
    <div className="nbops-Bar nbops-mod-more">
      <WhereField
        where={query.where}
        fields={fields}
        onWhere={where => {
          actions.ask({ where });
        }}
      />
      <select
        className="nbops-Select"
        aria-label={trans.__('Experiment')}
        value={query.experiment}
        onChange={event => {
          actions.ask({ experiment: event.target.value });
        }}
      >
        <option value="">{trans.__('All experiments')}</option>
        {(known?.experiments ?? []).map(name => (
          <option key={name}>{name}</option>
        ))}
      </select>
      <select
        className="nbops-Select"
        aria-label={trans.__('Sort by')}
        value={sorted}
        onChange={event => {
          actions.ask({ sort: event.target.value });
        }}
      >
        <option value="">{trans.__('Newest first')}</option>
        {['name', 'duration', ...fields].map(field => (
          <option key={field} value={field}>
            {field.includes('.') ? nameOf(field) : field}
          </option>
        ))}
      </select>
      {sorted !== '' && (
        <button
          className="nbops-Toggle"
          type="button"
          aria-pressed={query.sort.startsWith('-')}
          title={trans.__('The other way round')}
          aria-label={trans.__('The other way round')}
          onClick={() => {
            actions.ask({ sort: query.sort.startsWith('-') ? sorted : `-${sorted}` });
          }}
        >
          ⇅
        </button>
      )}
      <ColumnChoice
        fields={fields}
        columns={columns}
        onColumns={chosen => {
          actions.arrange({ columns: chosen });
        }}
      />
    </div>
  );
}
