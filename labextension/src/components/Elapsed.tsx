import * as React from 'react';

import { showElapsed } from '../wording';
import type { Instant } from '../wire';
import { useSurroundings } from './surroundings';

/** Time that a cell has been running for; it ticks by itself, between two answers of the server. */
export function Elapsed({ since }: { readonly since: Instant | null }): React.JSX.Element {
  const { now, isVisible } = useSurroundings();
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
  return (
    <span className="nbops-Elapsed">
      <span className="nbops-Spinner" aria-hidden />
      {showElapsed(seconds)}
    </span>
  );
}
