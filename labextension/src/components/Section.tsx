import * as React from 'react';

import { h } from '../h';

interface SectionProps {
  readonly title: string;
  /** How much of it there is, or differs. */
  readonly note?: string;
  readonly children: React.ReactNode;
}

export function Section({ title, note = '', children }: SectionProps): React.JSX.Element {
  return (
    <section className="nbops-Section">
      <h3>
        {title}
        {note !== '' && <small>{note}</small>}
      </h3>
      {children}
    </section>
  );
}
