import * as React from 'react';

import { h } from '../h';
import type { Tab } from '../navigation';
import { useSurroundings } from './surroundings';
import { TAB_KINDS } from './tabKinds';

interface TabBarProps {
  readonly tabs: readonly Tab[];
  readonly tab: Tab;
  readonly onChoose: (tab: Tab) => void;
}

/** What the panel is about: the notebook in front, or all runs. */
export function TabBar({ tabs, tab, onChoose }: TabBarProps): React.JSX.Element {
  const { trans } = useSurroundings();
  return (
    <div
      className="nbops-Tabs"
      role="tablist"
      aria-label="nbops"
      onKeyDown={event => {
        const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        if (step !== undefined) {
          const next = tabs[(tabs.indexOf(tab) + step + tabs.length) % tabs.length];
          onChoose(next ?? tab);
          event.currentTarget.querySelector<HTMLElement>(`[data-tab="${next}"]`)?.focus();
          event.preventDefault();
        }
      }}
    >
      {tabs.map(each => (
        <button
          key={each}
          data-tab={each}
          id={`nbops-tab-${each}`}
          role="tab"
          title={TAB_KINDS[each].title?.(trans)}
          aria-label={TAB_KINDS[each].title?.(trans)}
          aria-selected={each === tab}
          aria-controls="nbops-tabpanel"
          tabIndex={each === tab ? 0 : -1}
          onClick={() => {
            onChoose(each);
          }}
        >
          {TAB_KINDS[each].name(trans)}
        </button>
      ))}
    </div>
  );
}
