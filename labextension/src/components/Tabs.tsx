import * as React from 'react';

import type { Tab } from '../navigation';
import { useSurroundings } from './surroundings';

interface TabsProps {
  readonly tab: Tab;
  readonly onChoose: (tab: Tab) => void;
}

const TABS: readonly Tab[] = ['notebook', 'runs'];

/** What the panel is about: the notebook in front, or all runs. */
export function Tabs({ tab, onChoose }: TabsProps): React.JSX.Element {
  const { trans } = useSurroundings();
  const names = { notebook: trans.__('This notebook'), runs: trans.__('Runs') };
  return (
    <div
      className="nbops-Tabs"
      role="tablist"
      aria-label="nbops"
      onKeyDown={event => {
        const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        if (step !== undefined) {
          const next = TABS[(TABS.indexOf(tab) + step + TABS.length) % TABS.length];
          onChoose(next ?? tab);
          event.currentTarget.querySelector<HTMLElement>(`[data-tab="${next}"]`)?.focus();
          event.preventDefault();
        }
      }}
    >
      {TABS.map(each => (
        <button
          key={each}
          data-tab={each}
          id={`nbops-tab-${each}`}
          type="button"
          role="tab"
          aria-selected={each === tab}
          aria-controls="nbops-tabpanel"
          tabIndex={each === tab ? 0 : -1}
          onClick={() => {
            onChoose(each);
          }}
        >
          {names[each]}
        </button>
      ))}
    </div>
  );
}
