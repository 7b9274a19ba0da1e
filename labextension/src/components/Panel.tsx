import * as React from 'react';

import type { Arrangement } from '../layout';
import type { PanelState } from '../model';
import type { Page, Tab } from '../navigation';
import type { Picked } from '../picks';
import type { RunsState } from '../runs';
import type { CellState } from '../answers';
import type { Actions, SwitchState } from '../tokens';
import { CompareBar } from './CompareBar';
import { NotebookTab } from './NotebookTab';
import { TroubleNotice } from './Notice';
import { PageView } from './PageView';
import { RunsTab } from './RunsTab';
import { SwitchBar } from './SwitchBar';
import { Tabs } from './Tabs';

export interface PanelProps {
  readonly state: PanelState;
  readonly tab: Tab;
  /** What was opened over the tab. */
  readonly page: Page | null;
  readonly runs: RunsState;
  /** How cells of the notebook stand to what they show. */
  readonly states: readonly CellState[];
  readonly arrangement: Arrangement;
  readonly picked: Picked;
  /** Whether there is a way to the kernel that does not go through its cells. */
  readonly isSwitchable: boolean;
  readonly switchState: SwitchState | null;
  readonly isTracking: boolean | null;
  /** Something to say once, such as that a cell is gone. */
  readonly remark: string;
  readonly actions: Actions;
  /** Code of a cell as the notebook has it now; null when it has none such. */
  readonly sourceOf: (cellId: string) => string | null;
}

/** The whole panel, for whatever state it is in. */
export function Panel(props: PanelProps): React.JSX.Element {
  const { state, arrangement, tab, page, picked, switchState, remark, actions } = props;
  const { trouble, history, notebook } = state;
  const isStale = trouble !== null && history !== null;
  return (
    <div className="nbops-Panel-body">
      {props.isSwitchable && (
        <SwitchBar
          name={notebook?.name ?? null}
          state={switchState}
          isTracking={props.isTracking}
          onFlip={actions.flip}
        />
      )}
      <Tabs tab={tab} onChoose={actions.choose} />
      {isStale && <TroubleNotice trouble={trouble} isBanner />}
      <div className="nbops-Remark" role="status">
        {remark}
      </div>
      <div
        className={isStale ? 'nbops-Content nbops-mod-stale' : 'nbops-Content'}
        role="tabpanel"
        id="nbops-tabpanel"
        aria-labelledby={`nbops-tab-${tab}`}
      >
        <div className="nbops-Tab" hidden={page !== null || tab !== 'notebook'}>
          <NotebookTab
            state={state}
            states={props.states}
            arrangement={arrangement}
            isHidden={page !== null || tab !== 'notebook'}
            isUseless={switchState?.obstacle?.kind === 'not-python'}
            picked={picked.ids}
            actions={actions}
          />
        </div>
        {tab === 'runs' && (
          <div className="nbops-Tab" hidden={page !== null}>
            <RunsTab
              state={props.runs}
              chosen={arrangement.columns}
              picked={picked}
              actions={actions}
            />
          </div>
        )}
        {page && (
          <PageView
            page={page}
            sourceOf={props.sourceOf}
            baseline={picked.baseline}
            actions={actions}
          />
        )}
      </div>
      {page === null && picked.ids.length > 0 && <CompareBar picked={picked} actions={actions} />}
    </div>
  );
}
