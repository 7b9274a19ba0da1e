import * as React from 'react';

import { sayCoverage } from '../coverage';
import { h } from '../h';
import type { History } from '../history';
import type { Translation } from '../tokens';
import { judge } from '../trust';
import type { Trust } from '../trust';
import { showMoment, showStatus, showTime } from '../wording';
import type { Session } from '../wire';
import { useSurroundings } from './surroundings';

interface SessionSummaryProps {
  readonly session: Session;
  readonly history: History;
}

/** Which session this is, and how far its record can be trusted. */
export function SessionSummary({ session, history }: SessionSummaryProps): React.JSX.Element {
  const { trans, now } = useSurroundings();
  const { experiment, name, started_at, ended_at, problems } = session;
  const count = history.cellRuns.filter(({ status }) => status !== 'before_tracking').length;
  const since = showMoment(started_at, now(), trans).replace(/^today /, '');
  const trust = judge(history);
  const { code = 0, uncredited = 0 } = session.coverage ?? {};
  const reads = sayReads(trust, code + uncredited > 0, trans);
  return (
    <div className="nbops-Summary">
      <p className="nbops-Summary-what">
        <b>{experiment}</b> · {trans.__('session')} <b>{name}</b>{' '}
        {ended_at === null ? trans.__('since %1', since) : `${since} – ${showTime(ended_at)}`} ·{' '}
        {sayState(session, trans)}
        {trans._n('%1 cell run', '%1 cell runs', count)}
      </p>
      <p className="nbops-Summary-trust">
        <Shipping trust={trust} />
        {reads !== '' && (
          <>
            {' · '}
            <span
              className={trust.missing.length > 0 ? 'nbops-mod-warning' : undefined}
              title={[sayCoverage(session, trans), ...trust.missing].join('\n')}
            >
              {reads}
            </span>
          </>
        )}
      </p>
      {problems.map(problem => (
        <p key={problem} className="nbops-Summary-problem nbops-mod-warning" title={problem}>
          {problem}
        </p>
      ))}
    </div>
  );
}

function Shipping({ trust: { shipping } }: { readonly trust: Trust }): React.JSX.Element {
  const { trans } = useSurroundings();
  switch (shipping.kind) {
    case 'all':
      return <span>{trans.__('all in MLflow')}</span>;
    case 'no-runs':
      return <span>{trans.__('no runs yet')}</span>;
    case 'under-way': {
      const one = '%1 run on its way to MLflow';
      const many = '%1 runs on their way to MLflow';
      return <span>{trans._n(one, many, shipping.count)}</span>;
    }
    case 'waiting':
      return (
        <span className="nbops-mod-warning" title={shipping.error}>
          {sayWaiting(shipping, trans)}
        </span>
      );
  }
}

function sayWaiting(
  { error, count }: { readonly error: string; readonly count: number },
  trans: Translation
): string {
  return count === 0
    ? trans.__('waiting for MLflow: %1', error)
    : trans._n('%1 run waits for MLflow: %2', '%1 runs wait for MLflow: %2', count, error);
}

function sayState(session: Session, trans: Translation): string {
  if (session.status === 'running') {
    return session.is_tracking ? '' : `${trans.__('paused')} · `;
  }
  return `${showStatus(session.status, trans)} · `;
}

/** @param hasUnread - Whether files were named or opened that no cell is known to have read. */
function sayReads(
  { reads, missing, pending }: Trust,
  hasUnread: boolean,
  trans: Translation
): string {
  if (reads === 0) {
    return hasUnread ? trans.__('no data was read') : '';
  }
  const count = trans._n('%1 read', '%1 reads', reads);
  if (missing.length > 0) {
    return trans.__('%1, %2 without content hash', count, String(missing.length));
  }
  return pending > 0
    ? trans.__('%1, %2 being hashed', count, String(pending))
    : trans.__('%1, all with content hash', count);
}
