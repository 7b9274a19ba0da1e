import * as React from 'react';

import { h } from '../h';
import { sayOnce, showDelta } from '../wording';
import type { Conclusion } from '../compared';
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
  const told = gather(conclusions, above);
  if (told.length === 0) {
    return null;
  }
  return (
    <ul className="nbops-Conclusions" aria-label={trans.__('What can be concluded')}>
      {told.map(({ metric, says, text, pairs }, index) => (
        <li key={index} className={`nbops-mod-${says}`}>
          {text}{' '}
          {pairs.slice(0, 5).map(({ a, b, delta }) => (
            <button
              key={`${a} ${b}`}
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

interface Told extends Conclusion {
  readonly text: string;
}

/** What is still to be said below a sentence; what holds for several metrics is said once. */
function gather(conclusions: readonly Conclusion[], above: string): readonly Told[] {
  const isAlone = new Set(conclusions.map(({ metric }) => metric)).size === 1;
  const told = new Map<string, Told & { readonly metrics: readonly string[] }>();
  for (const [place, conclusion] of conclusions.entries()) {
    const { said, isCut } = sayOnce(conclusion, above);
    const { metric, pairs } = conclusion;
    const key = isCut && pairs.length === 0 ? said : String(place);
    const metrics = [...(told.get(key)?.metrics ?? []), metric];
    const named = isAlone
      ? said.charAt(0).toUpperCase() + said.slice(1)
      : `${metrics.join(', ')}: ${said}`;
    told.set(key, { ...conclusion, metrics, text: isCut && said !== '' ? named : said });
  }
  return [...told.values()].filter(({ text, pairs }) => text !== '' || pairs.length > 0);
}
