import * as React from 'react';

import type { Filter, Focus } from '../filter';
import { h } from '../h';
import { Choice } from './Choice';
import { SearchField } from './SearchField';
import { useSurroundings } from './surroundings';
import { Toggle } from './Toggle';

interface ListBarProps {
  readonly filter: Filter;
  readonly onFilter: (filter: Filter) => void;
}

/** Search and filter of a notebook's cell runs. */
export function ListBar({ filter, onFilter }: ListBarProps): React.JSX.Element {
  const { trans } = useSurroundings();
  const choices: readonly (readonly [Focus, string])[] = [
    ['results', trans.__('Results')],
    ['all', trans.__('All cells')],
    ['failed', trans.__('Failed')],
    ['data', trans.__('With data')]
  ];
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
      <Choice
        label={trans.__('Which cell runs are shown')}
        value={filter.focus}
        options={choices}
        onChoose={focus => {
          onFilter({ ...filter, focus });
        }}
      />
      <Toggle
        label={trans.__('Group by cell')}
        title={trans.__('Group by cell: the newest run of each, the earlier ones below it')}
        isPressed={filter.isGrouped}
        onToggle={() => {
          onFilter({ ...filter, isGrouped: !filter.isGrouped });
        }}
      >
        <svg viewBox="0 0 12 12" aria-hidden>
          <path d="M1 2.5h10M4 6h7M4 9.5h7" fill="none" stroke="currentColor" strokeWidth="1.4" />
        </svg>
      </Toggle>
    </div>
  );
}
