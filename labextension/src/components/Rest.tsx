import * as React from 'react';

import { h } from '../h';
import type { Comparison } from '../compared';
import { useSurroundings } from './surroundings';

type RestProps = Pick<Comparison, 'same' | 'unknown' | 'context'>;

/** What is the same, in one line; what is not known; what differs and runs nothing. */
export function Rest({ same, unknown, context }: RestProps): React.JSX.Element {
  const { trans } = useSurroundings();
  const alike = Object.entries(same).filter(([, count]) => count > 0);
  return (
    <div className="nbops-Rest">
      {alike.length > 0 && <p>{trans.__('The same: %1.', alike.map(sayCount).join(', '))}</p>}
      {unknown.map(reason => (
        <p key={reason} className="nbops-mod-warning">
          {trans.__('Not known: %1.', reason)}
        </p>
      ))}
      {context.map(difference => (
        <p key={difference}>{trans.__('Also: %1.', difference)}</p>
      ))}
    </div>
  );
}

function sayCount([kind, count]: readonly [kind: string, count: number]): string {
  return `${count} ${count === 1 ? kind.replace(/s$/, '') : kind}`;
}
