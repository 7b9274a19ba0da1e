/** What each tab is called and what it shows: a name in `TABS` and an entry here make a tab. */

import * as React from 'react';

import { h } from '../h';
import type { Tab } from '../navigation';
import type { Translation } from '../tokens';
import { NotebookTab } from './NotebookTab';
import { JobsTab } from './JobsTab';
import type { PanelProps } from './Panel';
import { PipelinesTab } from './PipelinesTab';
import { RunsTab } from './RunsTab';

interface TabKind {
  /** Short: all of them stand side by side in the narrowest sidebar. */
  readonly name: (trans: Translation) => string;
  /** The whole name, for the tooltip and screen readers; it holds the short one. */
  readonly title?: (trans: Translation) => string;
  /** Whether it is there while another is in front, so that it comes back as it was left. */
  readonly isKept: boolean;
  readonly show: (props: PanelProps, isHidden: boolean) => React.JSX.Element;
}

export const TAB_KINDS: Readonly<Record<Tab, TabKind>> = {
  notebook: {
    name: trans => trans.__('Notebook'),
    title: trans => trans.__('This notebook'),
    isKept: true,
    show: ({ state, standings, arrangement, switchState, picked, actions }, isHidden) => (
      <NotebookTab
        {...{ state, standings, arrangement, isHidden, actions }}
        isUseless={switchState?.obstacle?.kind === 'not-python'}
        picked={picked.ids}
      />
    )
  },
  runs: {
    name: trans => trans.__('Runs'),
    isKept: false,
    show: ({ runs, arrangement, picked, actions }, isHidden) => (
      <RunsTab
        {...{ isHidden, actions }}
        state={runs}
        chosen={arrangement.columns}
        picked={picked}
      />
    )
  },
  pipelines: {
    name: trans => trans.__('Pipelines'),
    isKept: false,
    show: ({ pipelines, actions }) => <PipelinesTab state={pipelines} actions={actions} />
  },
  jobs: {
    name: trans => trans.__('Jobs'),
    isKept: false,
    show: ({ jobs, actions }) => (jobs ? <JobsTab state={jobs} actions={actions} /> : <></>)
  }
};
