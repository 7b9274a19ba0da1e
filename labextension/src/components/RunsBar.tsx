import * as React from 'react';

import { h } from '../h';
import type { RunsState } from '../runs';
import type { Actions } from '../tokens';
import { Choice } from './Choice';
import { RunsOptions } from './RunsOptions';
import { SearchField } from './SearchField';
import { useSurroundings } from './surroundings';
import { Toggle } from './Toggle';

export interface RunsBarProps {
  readonly state: RunsState;
  readonly columns: readonly string[];
  readonly actions: Pick<Actions, 'ask' | 'arrange'>;
}

/** Which runs, in which order, with which columns. */
export function RunsBar({ state, columns, actions }: RunsBarProps): React.JSX.Element {
  const { trans } = useSurroundings();
  const { query, known } = state;
  const [isOpen, setOpen] = React.useState(false);
  const others = (known?.users ?? []).filter(user => user !== known?.me);
  return (
    <div className="nbops-RunsBar" role="search" aria-label={trans.__('Runs')}>
      <div className="nbops-Bar">
        <SearchField
          label={trans.__('Search names, params, tags and notes')}
          placeholder={trans.__('Search runs')}
          text={query.text}
          onText={text => {
            actions.ask({ text });
          }}
        />
        <Choice
          label={trans.__('Whose runs')}
          value={query.user}
          options={[
            ['', trans.__('Mine')],
            ['*', trans.__('All')],
            ...others.map(user => [user, user === '' ? trans.__('Nobody’s') : user] as const)
          ]}
          onChoose={user => {
            actions.ask({ user });
          }}
        />
        <Toggle
          label={trans.__('Filter, order and columns')}
          isPressed={isOpen || query.where !== '' || query.experiment !== ''}
          isExpanded={isOpen}
          onToggle={() => {
            setOpen(!isOpen);
          }}
        >
          <svg viewBox="0 0 12 12" aria-hidden>
            <path d="M1 2h10L7 6.5V11L5 9.5v-3z" fill="none" stroke="currentColor" />
          </svg>
        </Toggle>
      </div>
      {isOpen && <RunsOptions {...{ state, columns, actions }} />}
    </div>
  );
}
