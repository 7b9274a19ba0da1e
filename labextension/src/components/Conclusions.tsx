import * as React from 'react';

import { sayOnce, showDelta } from '../wording';
import type { Conclusion } from '../wire';
import { useSurroundings } from './surroundings';

interface ConclusionsProps {
  /** What is said above them. */
  readonly above: string;
  readonly conclusions: readonly Conclusion[];
  readonly onExplain: (b: string, a: string) => void;
}

/** What the recorded runs allow to be said, each with the runs that it is made of. */
export function Conclusions({
  above,
  conclusions,
  onExplain
}: ConclusionsProps): React.JSX.Element | null {
  const { trans } = useSurroundings();
  const isAlone = new Set(conclusions.map(({ metric }) => metric)).size === 1;
  const told = conclusions
    .map(conclusion => ({ ...conclusion, sentence: sayOnce(conclusion, above, isAlone) }))
    .filter(({ sentence, pairs }) => sentence !== '' || pairs.length > 0);
  if (told.length === 0) {
    return null;
  }
  return (
    <ul className="nbops-Conclusions" aria-label={trans.__('What can be concluded')}>
      {told.map(({ metric, says, sentence, pairs }, index) => (
        <li key={index} className={`nbops-mod-${says}`}>
          {sentence}{' '}
          {pairs.slice(0, 5).map(({ a, b, delta }) => (
            <button
              key={`${a} ${b}`}
              type="button"
              className="nbops-Link"
              title={trans.__('Compare these two runs')}
              onClick={() => {
                onExplain(b, a);
              }}
            >
              {`${metric} ${showDelta(delta)}`}
            </button>
          ))}
        </li>
      ))}
    </ul>
  );
}
