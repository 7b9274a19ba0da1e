import * as React from 'react';

import { h } from '../h';
import { useSurroundings } from './surroundings';

interface PickBoxProps {
  readonly id: string;
  readonly name: string;
  readonly isPicked: boolean;
  readonly onPick: (id: string) => void;
}

/** Picks a run to compare it with others. The row has the keyboard's focus, and Space does the same. */
export function PickBox({ id, name, isPicked, onPick }: PickBoxProps): React.JSX.Element {
  const { trans } = useSurroundings();
  return (
    <input
      className="nbops-PickBox"
      type="checkbox"
      tabIndex={-1}
      checked={isPicked}
      aria-label={trans.__('Compare %1', name)}
      title={trans.__('Pick to compare (Space)')}
      onClick={event => {
        event.stopPropagation();
      }}
      onChange={() => {
        onPick(id);
      }}
    />
  );
}
