import * as React from 'react';

import { h } from '../h';
import { showCount, showDuration, showInstant, showMoment } from '../wording';
import type { Translation } from '../tokens';
import type { Side } from '../compared';
import { Letter } from './Letter';
import { useSurroundings } from './surroundings';

interface SideLineProps {
  readonly index: number;
  readonly side: Side;
}

/** Which run a letter stands for. */
export function SideLine({ index, side }: SideLineProps): React.JSX.Element {
  const { trans, now } = useSurroundings();
  const { name, started_at, duration_s } = side;
  const took = showDuration(duration_s);
  return (
    <p className="nbops-Side">
      <Letter index={index} />
      <span>
        <b>{name}</b> {sayWhere(side)} ·{' '}
        <time dateTime={started_at} title={showInstant(started_at)}>
          {showMoment(started_at, now(), trans)}
        </time>
        {took !== '' && ` · ${took}`}
      </span>
    </p>
  );
}

/** Of which session a run is, and when it ran. */
export function sayWhen(side: Side, now: Date, trans: Translation): string {
  const { started_at, duration_s } = side;
  return [sayWhere(side), showMoment(started_at, now, trans), showDuration(duration_s)]
    .filter(part => part !== '')
    .join(' · ');
}

function sayWhere({ session_name, execution_count }: Side): string {
  return execution_count === null ? session_name : `${session_name} ${showCount(execution_count)}`;
}
