import * as React from 'react';

import type { Why } from '../model';
import { showCount, showDuration, showMoment } from '../wording';
import type { Comparison, Side } from '../wire';
import { Notice } from './Notice';
import { useSurroundings } from './surroundings';
import { WhyChanges } from './WhyChanges';
import { WhyMetrics } from './WhyMetrics';

interface WhyViewProps {
  readonly why: Why;
  readonly onBack: () => void;
}

/** What changed between two runs, in the place of the list. */
export function WhyView({ why: { comparison, trouble }, onBack }: WhyViewProps): React.JSX.Element {
  const { trans } = useSurroundings();
  const back = React.useRef<HTMLButtonElement>(null);
  React.useEffect(() => {
    back.current?.focus();
  }, []);
  return (
    <section
      className="nbops-WhyView"
      aria-label={trans.__('What changed')}
      onKeyDown={event => {
        if (event.key === 'Escape') {
          event.stopPropagation();
          onBack();
        }
      }}
    >
      <button ref={back} className="nbops-Back" type="button" onClick={onBack}>
        <svg viewBox="0 0 10 10" aria-hidden>
          <path d="M7 1.5 L3 5 L7 8.5" fill="none" stroke="currentColor" strokeWidth="1.4" />
        </svg>
        {trans.__('Cell runs')}
      </button>
      {comparison && <Explanation comparison={comparison} />}
      {trouble && <Notice text={`${trouble.message} ${trouble.hint}`.trim()} />}
      {!comparison && !trouble && <Notice text={trans.__('Comparing…')} isLate />}
    </section>
  );
}

/** The sentence comes before any table; then only what differs, the rest in one line. */
function Explanation({ comparison }: { readonly comparison: Comparison }): React.JSX.Element {
  const { trans } = useSurroundings();
  const { a, b, sentence, metrics, changes, same, unknown, context } = comparison;
  const alike = Object.entries(same).filter(([, count]) => count > 0);
  return (
    <div className="nbops-Scroll">
      <SideLine letter="A" side={a} />
      <SideLine letter="B" side={b} />
      <Sentence text={sentence} />
      <WhyMetrics metrics={metrics} />
      <WhyChanges changes={changes} same={same} isHeaded={metrics.length === 0} />
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
    </div>
  );
}

function sayCount([kind, count]: readonly [kind: string, count: number]): string {
  return `${count} ${count === 1 ? kind.replace(/s$/, '') : kind}`;
}

/** What the metrics did stands out from what can be said of it. */
function Sentence({ text }: { readonly text: string }): React.JSX.Element {
  const end = text.lastIndexOf('. ') + 1;
  const lead = end === 0 ? text : text.slice(0, end);
  return (
    <p className="nbops-Sentence">
      <b>{lead}</b>
      {end === 0 ? '' : text.slice(end)}
    </p>
  );
}

function SideLine({
  letter,
  side
}: {
  readonly letter: 'A' | 'B';
  readonly side: Side;
}): React.JSX.Element {
  const { trans, now } = useSurroundings();
  const { name, session_name, execution_count, started_at, duration_s } = side;
  const count = execution_count === null ? '' : ` ${showCount(execution_count)}`;
  const details = [
    session_name + count,
    showMoment(started_at, now(), trans),
    showDuration(duration_s)
  ];
  return (
    <p className="nbops-Side">
      <span className={`nbops-Letter nbops-mod-${letter.toLowerCase()}`}>{letter}</span>
      <span>
        <b>{name}</b> {details.filter(detail => detail !== '').join(' · ')}
      </span>
    </p>
  );
}
