import * as React from 'react';

import type { RunRow } from '../answers';
import { h } from '../h';
import { isFailedRun } from '../status';
import type { Actions } from '../tokens';
import { trendOf } from '../trend';
import { showDuration, showMetric, showMoment, showStatus } from '../wording';
import { Sparkline } from './Sparkline';
import { useSurroundings } from './surroundings';

interface JobRunItemProps {
  readonly row: RunRow;
  /** All of them, newest first. */
  readonly runs: readonly RunRow[];
  readonly actions: Pick<Actions, 'openRun' | 'openExecuted' | 'runAgain'>;
}

/** A job that ran: how it ended, how its result moved, and what can be done with it. */
export function JobRunItem({ row, runs, actions }: JobRunItemProps): React.JSX.Element {
  const { trans, now } = useSurroundings();
  const { name, notebook, status, started_at, duration_s, session_id } = row;
  const trend = React.useMemo(() => trendOf(row, runs), [row, runs]);
  const isOver = status !== 'running';
  const { openExecuted } = actions;
  const facts = [
    showMoment(started_at, now(), trans),
    showDuration(duration_s),
    session_id === '' ? trans.__('elsewhere') : ''
  ];
  return (
    <li className={isFailedRun(status) ? 'nbops-Job nbops-mod-failed' : 'nbops-Job'}>
      <p className="nbops-Job-head">
        {!isOver && <span className="nbops-Spinner" aria-hidden />}
        <button
          className="nbops-Job-name"
          title={notebook ?? name}
          onClick={() => {
            actions.openRun(row);
          }}
        >
          {name}
        </button>
        <span className={isFailedRun(status) ? 'nbops-mod-bad' : 'nbops-Soft'}>
          {showStatus(status, trans)}
        </span>
      </p>
      <p className="nbops-Job-facts">
        <span>{facts.filter(fact => fact !== '').join(' · ')}</span>
        {trend && (
          <span className="nbops-Job-trend" title={trend.name}>
            <Sparkline points={trend.points} label={trans.__('%1 from run to run', trend.name)} />
            <small>{trend.name} </small>
            {showMetric(trend.value)}
          </span>
        )}
      </p>
      {session_id !== '' && isOver && (
        <p className="nbops-Job-actions">
          {openExecuted && (
            <button
              className="nbops-Link"
              aria-label={trans.__('Open the executed notebook of %1', name)}
              onClick={() => {
                openExecuted(row);
              }}
            >
              {trans.__('Open output')}
            </button>
          )}
          <button
            className="nbops-Link"
            aria-label={trans.__('Run %1 again, with the same values', name)}
            onClick={() => {
              actions.runAgain(row);
            }}
          >
            {trans.__('Run again')}
          </button>
        </p>
      )}
    </li>
  );
}
