import * as React from 'react';

import { h } from '../h';

/** Points to what opens; its class turns it where that is open. */
export function Chevron({ className }: { readonly className?: string }): React.JSX.Element {
  return (
    <svg className={className} viewBox="0 0 10 10" aria-hidden>
      <path d="M3 1.5 L7 5 L3 8.5" fill="none" stroke="currentColor" strokeWidth="1.4" />
    </svg>
  );
}
