import * as React from 'react';

import type { RunsState } from '../runs';
import type { Actions } from '../tokens';
import { RunsOptions } from './RunsOptions';
import { SearchField } from './SearchField';
import { useSurroundings } from './surroundings';

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
        <select
          className="nbops-Select"
          aria-label={trans.__('Whose runs')}
          value={query.user}
          onChange={event => {
            actions.ask({ user: event.target.value });
          }}
        >
          <option value="">{trans.__('Mine')}</option>
          <option value="*">{trans.__('Everybody’s')}</option>
          {(known?.users ?? [])
            .filter(user => user !== known?.me)
            .map(user => (
              <option key={user} value={user}>
                {user === '' ? trans.__('Nobody’s') : user}
              </option>
            ))}
        </select>
        <button
          className="nbops-Toggle"
          type="button"
          aria-expanded={isOpen}
          aria-pressed={isOpen || query.where !== ''}
          aria-label={trans.__('Filter, order and columns')}
          title={trans.__('Filter, order and columns')}
          onClick={() => {
            setOpen(!isOpen);
          }}
        >
          <svg viewBox="0 0 12 12" aria-hidden>
            <path d="M1 2h10L7 6.5V11L5 9.5v-3z" fill="none" stroke="currentColor" />
          </svg>
        </button>
      </div>
      {isOpen && <RunsOptions {...{ state, columns, actions }} />}
    </div>
  );
}
