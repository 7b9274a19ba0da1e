import * as React from 'react';

import { h } from '../h';
import { useSurroundings } from './surroundings';

interface PageFrameProps {
  readonly title: string;
  /** What the page is about: of another one, the way back is focused anew. */
  readonly topic: unknown;
  readonly role?: string;
  readonly className?: string;
  readonly onBack: () => void;
  readonly children: React.ReactNode;
}

/** A page over the tab, with the way back; Escape goes it too. */
export function PageFrame(props: PageFrameProps): React.JSX.Element {
  const { title, topic, onBack } = props;
  const { trans } = useSurroundings();
  const back = React.useRef<HTMLButtonElement>(null);
  const id = React.useId();
  React.useEffect(() => {
    back.current?.focus();
  }, [topic]);
  return (
    <section
      className={`nbops-Page ${props.className ?? ''}`}
      role={props.role}
      aria-labelledby={id}
      onKeyDown={event => {
        if (event.key === 'Escape') {
          event.stopPropagation();
          onBack();
        }
      }}
    >
      <button ref={back} className="nbops-Back" onClick={onBack}>
        <svg viewBox="0 0 10 10" aria-hidden>
          <path d="M7 1.5 L3 5 L7 8.5" fill="none" stroke="currentColor" strokeWidth="1.4" />
        </svg>
        {trans.__('Back')}
        <span className="nbops-Back-title" id={id}>
          {title}
        </span>
      </button>
      {props.children}
    </section>
  );
}
