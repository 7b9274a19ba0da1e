import * as React from 'react';

import { h } from '../h';

interface ToggleProps {
  readonly label: string;
  /** What it does, where the label says too little. */
  readonly title?: string;
  readonly isPressed: boolean;
  /** Of what it opens; undefined where it opens nothing. */
  readonly isExpanded?: boolean;
  readonly onToggle: () => void;
  /** An icon. */
  readonly children: React.ReactNode;
}

/** A button that is in or out. */
export function Toggle(props: ToggleProps): React.JSX.Element {
  return (
    <button
      className="nbops-Toggle"
      aria-expanded={props.isExpanded}
      aria-pressed={props.isPressed}
      aria-label={props.label}
      title={props.title ?? props.label}
      onClick={props.onToggle}
    >
      {props.children}
    </button>
  );
}
