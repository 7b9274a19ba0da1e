import * as React from 'react';

import type { PanelState } from '../model';
import { arrange } from '../rows';
import type { Actions, SwitchState } from '../tokens';
import { CellList } from './CellList';
import { EarlierSessions } from './EarlierSessions';
import { NothingTracked, Notice, TroubleNotice } from './Notice';
import { SessionSummary } from './SessionSummary';
import { useSurroundings } from './surroundings';
import { SwitchBar } from './SwitchBar';
import { WhyView } from './WhyView';

export interface PanelProps {
  readonly state: PanelState;
  readonly switchState: SwitchState | null;
  readonly isTracking: boolean | null;
  /** Something to say once, such as that a cell is gone. */
  readonly remark: string;
  readonly actions: Actions;
}

/** The whole panel, for whatever state it is in. */
export function Panel(props: PanelProps): React.JSX.Element {
  const { state, switchState, isTracking, remark, actions } = props;
  const { trouble, history, notebook } = state;
  const isStale = trouble !== null && history !== null;
  return (
    <div className="nbops-Panel-body">
      <SwitchBar
        name={notebook?.name ?? null}
        state={switchState}
        isTracking={isTracking}
        onFlip={actions.flip}
      />
      {isStale && <TroubleNotice trouble={trouble} isBanner />}
      <div className="nbops-Remark" role="status">
        {remark}
      </div>
      <div className={isStale ? 'nbops-Content nbops-mod-stale' : 'nbops-Content'}>
        <Content
          state={state}
          isUseless={switchState?.obstacle?.kind === 'not-python'}
          actions={actions}
        />
      </div>
    </div>
  );
}

interface ContentProps extends Pick<PanelProps, 'state' | 'actions'> {
  /** Nothing will ever be recorded here, so there is nothing to teach. */
  readonly isUseless: boolean;
}

function Content({ state, isUseless, actions }: ContentProps): React.JSX.Element {
  const { trans } = useSurroundings();
  const { notebook, history, trouble, why } = state;
  const rows = React.useMemo(() => (history ? arrange(history, trans) : []), [history, trans]);
  if (!notebook) {
    return <Notice text={trans.__('Open a notebook to see its cell runs.')} />;
  }
  if (!history) {
    return trouble ? (
      <TroubleNotice trouble={trouble} />
    ) : (
      <Notice text={trans.__('Loading…')} isLate />
    );
  }
  const [session, ...earlier] = history.sessions;
  if (!session) {
    return isUseless ? <></> : <NothingTracked />;
  }
  return (
    <>
      <div className="nbops-Session" hidden={why !== null}>
        <SessionSummary session={session} history={history} />
        <CellList
          rows={rows}
          label={trans.__('Cell runs of %1', notebook.name)}
          isHidden={why !== null}
          actions={actions}
        >
          {rows.length === 0 && <Notice text={trans.__('Run a cell: it will appear here.')} />}
          <EarlierSessions sessions={earlier} />
        </CellList>
      </div>
      {why && <WhyView why={why} onBack={actions.back} />}
    </>
  );
}
