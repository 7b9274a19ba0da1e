import * as React from 'react';

import { h } from '../h';
import type { Arrangement } from '../layout';
import type { Actions } from '../tokens';
import { showDay } from '../wording';
import type { Session } from '../wire';
import { EarlierSession } from './EarlierSession';
import { useSurroundings } from './surroundings';

interface EarlierSessionsProps {
  /** Newest first. */
  readonly sessions: readonly Session[];
  readonly arrangement: Arrangement;
  readonly picked: readonly string[];
  readonly actions: Actions;
}

/** The sessions before the newest under their days, each of which opens to its cell runs. */
export function EarlierSessions(props: EarlierSessionsProps): React.JSX.Element | null {
  const { sessions, arrangement, picked, actions } = props;
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
          {itsSessions.map(session => (
            <EarlierSession key={session.id} {...{ session, arrangement, picked, actions }} />
          ))}
        </React.Fragment>
      ))}
    </section>
  );
}
