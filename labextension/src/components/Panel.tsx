import * as React from 'react';

import { h } from '../h';
import type { Told } from '../models';
import type { Standings } from '../states';
import type { Actions, SwitchState } from '../tokens';
import { CompareBar } from './CompareBar';
import { TroubleNotice } from './Notice';
import { PageView } from './PageView';
import { ScheduleView } from './ScheduleView';
import { SwitchBar } from './SwitchBar';
import { TabBar } from './TabBar';
import { TAB_KINDS } from './tabKinds';

export interface PanelProps extends Told {
  /** How cells of the notebook stand to what they show. */
  readonly standings: Standings;
  /** Whether there is a way to the kernel that does not go through its cells. */
  readonly isSwitchable: boolean;
  readonly switchState: SwitchState | null;
  /** Something to say once, such as that a cell is gone. */
  readonly remark: string;
  readonly actions: Actions;
  /** Code of a cell as the notebook has it now; null when it has none such. */
  readonly sourceOf: (cellId: string) => string | null;
}

/** The whole panel, for whatever state it is in. */
export function Panel(props: PanelProps): React.JSX.Element {
  const { state, tabs, tab, page, form, picked, remark, actions } = props;
  const { trouble, history, notebook } = state;
  const isCovered = page !== null || form !== null;
  const isTheirs = tab !== 'notebook' && !isCovered; // another tab says itself what it asked in vain
  const isStale = trouble !== null && history !== null && !isTheirs;
  return (
    <div className="nbops-Panel-body">
      {props.isSwitchable && (
        <SwitchBar
          name={notebook?.name ?? null}
          state={props.switchState}
          isTracking={props.isTracking}
          onFlip={actions.flip}
        />
      )}
      <TabBar tabs={tabs} tab={tab} onChoose={actions.choose} />
      {isStale && <TroubleNotice trouble={trouble} isBanner />}
      <div
        className={isStale ? 'nbops-Content nbops-mod-stale' : 'nbops-Content'}
        role="tabpanel"
        id="nbops-tabpanel"
        aria-labelledby={`nbops-tab-${tab}`}
      >
        {tabs
          .filter(each => each === tab || TAB_KINDS[each].isKept)
          .map(each => {
            const isHidden = isCovered || each !== tab;
            return (
              <div key={each} className="nbops-Tab" hidden={isHidden}>
                {TAB_KINDS[each].show(props, isHidden)}
              </div>
            );
          })}
        {form && <ScheduleView state={form} actions={actions} />}
        {page && !form && (
          <PageView
            page={page}
            sourceOf={props.sourceOf}
            baseline={picked.baseline}
            actions={actions}
          />
        )}
      </div>
      {/* At the bottom, where it moves nothing. */}
      <div className="nbops-Remark" role="status">
        {remark}
      </div>
      {!isCovered && (
        <CompareBar picked={picked} isNotebook={tab === 'notebook'} actions={actions} />
      )}
    </div>
  );
}
