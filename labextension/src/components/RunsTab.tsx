import * as React from 'react';

import { chooseColumns, withSorted } from '../columns';
import { h } from '../h';
import type { Picked } from '../picks';
import type { RunsState } from '../runs';
import type { Actions } from '../tokens';
import { Trouble } from '../trouble';
import { Notice, TroubleNotice } from './Notice';
import { RunsBar } from './RunsBar';
import { RunsTable } from './RunsTable';
import { useSurroundings } from './surroundings';

interface RunsTabProps {
  readonly state: RunsState;
  /** Columns that were chosen; null: those that say most. */
  readonly chosen: readonly string[] | null;
  readonly picked: Picked;
  readonly isHidden: boolean;
  readonly actions: Actions;
}

/** All runs, also those made without nbops: filtered, sorted, picked. */
export function RunsTab(props: RunsTabProps): React.JSX.Element {
  const { state, chosen, picked, isHidden, actions } = props;
  const { trans } = useSurroundings();
  const { query, known, trouble, isOutdated } = state;
  const fields = known?.fields;
  const columns = React.useMemo(
    () => withSorted(chosen ?? chooseColumns(fields ?? []), query.sort),
    [chosen, fields, query.sort]
  );
  const bar = <RunsBar {...{ state, columns, actions }} />;
  if (!known) {
    return trouble ? (
      <>
        {bar}
        <TroubleNotice trouble={trouble} />
      </>
    ) : (
      <Notice text={trans.__('Loading…')} isLate />
    );
  }
  const { error } = known;
  const told =
    trouble ??
    (error
      ? new Trouble('refused', `MLflow: ${error}.`, trans.__('These runs are those known so far.'))
      : null);
  const isFiltered = query.text !== '' || query.where !== '' || query.experiment !== '';
  return (
    <>
      {bar}
      {told && <TroubleNotice trouble={told} isBanner />}
      {known.total === 0 ? (
        <Notice
          text={
            isFiltered
              ? trans.__('No run fits.')
              : query.user === '' && known.users.some(user => user !== known.me)
                ? trans.__('No run of yours. “All” shows those of others.')
                : trans.__('No runs yet: mark a cell with %%track, or log a metric.')
          }
        />
      ) : (
        <RunsTable
          state={state}
          columns={columns}
          picked={picked}
          isDimmed={isOutdated}
          isHidden={isHidden}
          actions={actions}
        />
      )}
    </>
  );
}
