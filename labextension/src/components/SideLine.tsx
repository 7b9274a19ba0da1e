import * as React from 'react';

import { showCount, showDuration, showInstant, showMoment } from '../wording';
import type { Side } from '../wire';
import { letterOf } from '../letters';
import { useSurroundings } from './surroundings';

interface SideLineProps {
  readonly index: number;
  readonly side: Side;
}

/** Which run a letter stands for. */
export function SideLine({ index, side }: SideLineProps): React.JSX.Element {
  const { trans, now } = useSurroundings();
  const { name, session_name, execution_count, started_at, duration_s } = side;
  const count = execution_count === null ? '' : ` ${showCount(execution_count)}`;
  const took = showDuration(duration_s);
  return (
    <p className="nbops-Side">
      <Letter index={index} />
      <span>
        <b>{name}</b> {session_name}
        {count} ·{' '}
        <time dateTime={started_at} title={showInstant(started_at)}>
          {showMoment(started_at, now(), trans)}
        </time>
        {took !== '' && ` · ${took}`}
      </span>
    </p>
  );
}

export function Letter({ index }: { readonly index: number }): React.JSX.Element {
  return (
    <span className={`nbops-Letter ${index === 0 ? 'nbops-mod-a' : 'nbops-mod-b'}`}>
      {letterOf(index)}
    </span>
  );
}
