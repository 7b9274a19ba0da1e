/** The whole panel in a given state. */

import { render, screen } from '@testing-library/react';
import * as React from 'react';

import type { CellState } from '../src/answers';
import { Panel } from '../src/components/Panel';
import type { PanelProps } from '../src/components/Panel';
import { h } from '../src/h';
import { addAnswer } from '../src/history';
import type { FormState } from '../src/formState';
import type { JobsState } from '../src/jobsModel';
import { Layout } from '../src/layout';
import { TABS } from '../src/navigation';
import type { PipelinesState } from '../src/pipelines';
import type { Page, Tab } from '../src/navigation';
import { MINE } from '../src/runs';
import type { RunsState } from '../src/runs';
import type { SwitchState } from '../src/tokens';
import type { CellRun, ChangedNotebook } from '../src/wire';
import { spyOnActions } from './fakes';
import type { Spies } from './fakes';
import { answer, cellRun, metric } from './records';

const NOTEBOOK = { id: 'w', path: 'churn.ipynb', name: 'churn.ipynb', kernelId: 'kernel-1' };
const AT_REST: SwitchState = { position: null, isAsking: false, obstacle: null, failure: null };

const NO_RUNS: RunsState = {
  query: MINE,
  known: null,
  rows: new Map(),
  isOutdated: false,
  trouble: null
};

export interface Shown {
  given?: Partial<ChangedNotebook> | null;
  state?: Partial<PanelProps['state']>;
  switchState?: Partial<SwitchState>;
  isTracking?: boolean | null;
  page?: Page;
  picked?: readonly string[];
  tab?: Tab;
  runs?: Partial<RunsState>;
  pipelines?: Partial<PipelinesState>;
  states?: readonly CellState[];
  isOfSelected?: boolean;
  jobs?: Partial<JobsState>;
  form?: FormState;
}

export const NO_JOBS: JobsState = {
  scheduled: { answer: [], trouble: null },
  runs: [],
  total: 0,
  trouble: null,
  busy: []
};

interface LivePanelProps {
  readonly shown: Shown;
  readonly actions: Spies;
}

/** The panel with what a person arranges in it. */
function LivePanel({ shown, actions }: LivePanelProps): React.ReactElement {
  const { given = {}, state = {}, switchState = {}, isTracking = true } = shown;
  const [layout] = React.useState(() => new Layout());
  const [arrangement, setArrangement] = React.useState(layout.state);
  const history = React.useMemo(() => given && addAnswer(null, answer(given)), [given]);
  actions.arrange.mockImplementation(change => {
    layout.arrange(change);
    setArrangement(layout.state);
  });
  actions.unfold.mockImplementation(key => {
    layout.toggle(key);
    setArrangement(layout.state);
  });
  return (
    <Panel
      state={{ notebook: NOTEBOOK, history, trouble: null, ...state }}
      tab={shown.tab ?? 'notebook'}
      tabs={TABS}
      jobs={{ ...NO_JOBS, ...shown.jobs }}
      form={shown.form ?? null}
      runs={{ ...NO_RUNS, ...shown.runs }}
      pipelines={{ pipelines: null, trouble: null, ...shown.pipelines }}
      standings={{ states: shown.states ?? [], isOfSelected: shown.isOfSelected ?? false }}
      arrangement={arrangement}
      page={shown.page ?? null}
      picked={{ ids: shown.picked ?? [], baseline: null }}
      isSwitchable
      switchState={{ ...AT_REST, ...switchState }}
      isTracking={isTracking}
      remark=""
      actions={actions}
      sourceOf={() => null}
    />
  );
}

export function panelOf(shown: Shown = {}): { element: React.ReactElement; actions: Spies } {
  const actions = spyOnActions();
  return { element: <LivePanel shown={shown} actions={actions} />, actions };
}

export function show(shown: Shown = {}): Spies {
  const { element, actions } = panelOf(shown);
  render(element);
  return actions;
}

export const rows = () => screen.getAllByRole('treeitem').map(row => row.textContent);
export const result = (seq: number, parts: Partial<CellRun> = {}) =>
  cellRun(seq, { metrics: { auc: metric(0.9) }, ...parts });
