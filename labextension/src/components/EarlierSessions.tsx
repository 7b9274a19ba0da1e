import * as React from 'react';

import { showDay, showStatus, showTime } from '../wording';
import type { Session } from '../wire';
import { useSurroundings } from './surroundings';

/** One line for each session before the newest, under its day. */
export function EarlierSessions({
  sessions
}: {
  readonly sessions: readonly Session[];
}): React.JSX.Element | null {
  const { trans, now } = useSurroundings();
  if (sessions.length === 0) {
    return null;
  }
  const today = now();
  const days = new Map<string, Session[]>();
  for (const session of sessions) {
    const day = showDay(session.started_at, today, trans);
    days.set(day, [...(days.get(day) ?? []), session]);
  }
  return (
    <section className="nbops-Earlier" aria-label={trans.__('Earlier sessions')}>
      <h3>{trans.__('Earlier sessions')}</h3>
      {[...days].map(([day, itsSessions]) => (
        <React.Fragment key={day}>
          <h4>{day}</h4>
          <ul>
            {itsSessions.map(({ id, name, status, started_at }) => (
              <li key={id}>
                <span className="nbops-Earlier-time">{showTime(started_at)}</span>
                <span className="nbops-Earlier-name" title={name}>
                  {name}
                </span>
                <span className={status === 'died' || status === 'failed' ? 'nbops-mod-bad' : ''}>
                  {showStatus(status, trans)}
                </span>
              </li>
            ))}
          </ul>
        </React.Fragment>
      ))}
    </section>
  );
}
