import * as React from 'react';

import { isSearch } from '../filter';
import { h } from '../h';
import type { Arrangement } from '../layout';
import type { PanelState } from '../model';
import { arrange } from '../rows';
import type { Standings } from '../states';
import type { Actions } from '../tokens';
import { CellList } from './CellList';
import { EarlierSessions } from './EarlierSessions';
import { ListBar } from './ListBar';
import { NothingTracked, Notice, TroubleNotice } from './Notice';
import { ScrollArea } from './ScrollArea';
import { SessionSummary } from './SessionSummary';
import { Standing } from './Standing';
import { useSurroundings } from './surroundings';

interface NotebookTabProps {
  readonly state: PanelState;
  readonly standings: Standings;
  readonly arrangement: Arrangement;
  /** Something else is in its place; it comes back as it was left. */
  readonly isHidden: boolean;
  /** Nothing will ever be recorded here, so there is nothing to teach. */
  readonly isUseless: boolean;
  readonly picked: readonly string[];
  readonly actions: Actions;
}

/** The notebook in front: its session, its cell runs, the sessions before. */
export function NotebookTab(props: NotebookTabProps): React.JSX.Element {
  const { state, standings, arrangement, isHidden, isUseless, picked, actions } = props;
  const { filter, unfolded } = arrangement;
  const { notebook, history, trouble } = state;
  const { trans } = useSurroundings();
  const rows = React.useMemo(
    () => (history ? arrange(history, trans, filter, standings.states) : []),
    [history, trans, filter, standings.states]
  );
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
      <SessionSummary session={session} history={history} />
      <Standing standings={standings} />
      {history.cellRuns.length > 0 && (
        <ListBar
          filter={filter}
          onFilter={changed => {
            actions.arrange({ filter: changed });
          }}
        />
      )}
      <ScrollArea isHidden={isHidden}>
        <CellList
          rows={rows}
          label={trans.__('Cell runs of %1', notebook.name)}
          {...{ unfolded, picked, actions }}
        />
        {rows.length === 0 && <Notice text={sayNothing()} />}
        <EarlierSessions sessions={earlier} {...{ arrangement, picked, actions }} />
      </ScrollArea>
    </>
  );

  function sayNothing(): string {
    if (history?.cellRuns.length === 0) {
      return trans.__('Run a cell: it will appear here.');
    }
    return isSearch(filter)
      ? trans.__('No cell run of this session has “%1”.', filter.text.trim())
      : trans.__('No such cell run in this session.');
  }
}
