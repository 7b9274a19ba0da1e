import * as React from 'react';

import { h } from '../h';
import { showElapsed } from '../wording';
import type { Instant } from '../wire';
import { useSurroundings } from './surroundings';

interface ElapsedProps {
  readonly since: Instant | null;
  /** Seconds that it took before; null where nobody can know. */
  readonly expected: number | null;
}

/** Time that a cell has been running for; it ticks by itself, between two answers of the server. */
export function Elapsed({ since, expected }: ElapsedProps): React.JSX.Element {
  const { trans, now, isVisible } = useSurroundings();
  const [, tick] = React.useReducer((count: number) => count + 1, 0);
  React.useEffect(() => {
    if (!isVisible) {
      return;
    }
    const timer = setInterval(tick, 1000);
    return () => {
      clearInterval(timer);
    };
  }, [isVisible]);
  const seconds = since === null ? 0 : (now().getTime() - Date.parse(since)) / 1000;
  const elapsed = showElapsed(seconds);
  return (
    <span className="nbops-Elapsed">
      <span className="nbops-Spinner" aria-hidden />
      {expected === null
        ? elapsed
        : trans.__('%1 of ~%2', elapsed, showElapsed(Math.max(1, Math.round(expected))))}
    </span>
  );
}
