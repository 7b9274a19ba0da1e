import * as React from 'react';

import { showDelta } from '../wording';
import type { Conclusion } from '../wire';
import { useSurroundings } from './surroundings';

interface ConclusionsProps {
  readonly conclusions: readonly Conclusion[];
  readonly onExplain: (b: string, a: string) => void;
}

/** What the recorded runs allow to be said, each with the runs that it is made of. */
export function Conclusions({
  conclusions,
  onExplain
}: ConclusionsProps): React.JSX.Element | null {
  const { trans } = useSurroundings();
  if (conclusions.length === 0) {
    return null;
  }
  return (
    <ul className="nbops-Conclusions" aria-label={trans.__('What can be concluded')}>
      {conclusions.map(({ metric, says, sentence, pairs }, index) => (
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
