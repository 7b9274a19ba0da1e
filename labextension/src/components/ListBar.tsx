import * as React from 'react';

import type { Filter, Focus } from '../filter';
import type { Translation } from '../tokens';
import { SearchField } from './SearchField';
import { useSurroundings } from './surroundings';

interface ListBarProps {
  readonly filter: Filter;
  readonly onFilter: (filter: Filter) => void;
}

const CHOICES: readonly Focus[] = ['results', 'all', 'failed', 'data'];

/** Search and filter of a notebook's cell runs. */
export function ListBar({ filter, onFilter }: ListBarProps): React.JSX.Element {
  const { trans } = useSurroundings();
  return (
    <div className="nbops-Bar" role="search" aria-label={trans.__('Cell runs')}>
      <SearchField
        label={trans.__('Search code, data, metrics and errors')}
        placeholder={trans.__('Search')}
        text={filter.text}
        onText={text => {
          onFilter({ ...filter, text });
        }}
      />
      <select
        className="nbops-Select"
        aria-label={trans.__('Which cell runs are shown')}
        value={filter.focus}
        onChange={event => {
          onFilter({ ...filter, focus: event.target.value as Focus });
        }}
      >
        {CHOICES.map(focus => (
          <option key={focus} value={focus}>
            {nameOf(focus, trans)}
          </option>
        ))}
      </select>
      <button
        className="nbops-Toggle"
        type="button"
        aria-pressed={filter.isGrouped}
        aria-label={trans.__('Group by cell')}
        title={trans.__('Group by cell: the newest run of each, the earlier ones below it')}
        onClick={() => {
          onFilter({ ...filter, isGrouped: !filter.isGrouped });
        }}
      >
        <svg viewBox="0 0 12 12" aria-hidden>
          <path d="M1 2.5h10M4 6h7M4 9.5h7" fill="none" stroke="currentColor" strokeWidth="1.4" />
        </svg>
      </button>
    </div>
  );
}

function nameOf(focus: Focus, trans: Translation): string {
  switch (focus) {
    case 'results':
      return trans.__('Results');
    case 'all':
      return trans.__('All cells');
    case 'failed':
      return trans.__('Failed');
    case 'data':
      return trans.__('With data');
  }
}
