import * as React from 'react';

import { nameOf } from '../columns';
import { h } from '../h';
import { Choice } from './Choice';
import { ColumnChoice } from './ColumnChoice';
import type { RunsBarProps } from './RunsBar';
import { useSurroundings } from './surroundings';
import { Toggle } from './Toggle';
import { WhereField } from './WhereField';

/** What is asked for more seldom: a condition, an experiment, an order, other columns. */
export function RunsOptions({ state, columns, actions }: RunsBarProps): React.JSX.Element {
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
      <Choice
        label={trans.__('Experiment')}
        value={query.experiment}
        options={[
          ['', trans.__('All experiments')],
          ...(known?.experiments ?? []).map(name => [name, name] as const)
        ]}
        onChoose={experiment => {
          actions.ask({ experiment });
        }}
      />
      <Choice
        label={trans.__('Sort by')}
        value={sorted}
        options={[
          ['', trans.__('Newest first')],
          ...['name', 'duration', ...fields].map(
            field => [field, field.includes('.') ? nameOf(field) : field] as const
          )
        ]}
        onChoose={sort => {
          actions.ask({ sort });
        }}
      />
      {sorted !== '' && (
        <Toggle
          label={trans.__('The other way round')}
          isPressed={query.sort.startsWith('-')}
          onToggle={() => {
            actions.ask({ sort: query.sort.startsWith('-') ? sorted : `-${sorted}` });
          }}
        >
          ⇅
        </Toggle>
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
