import * as React from 'react';

import type { Picked } from '../picks';
import type { Actions } from '../tokens';
import { useSurroundings } from './surroundings';

interface CompareBarProps {
  readonly picked: Picked;
  readonly actions: Pick<Actions, 'compare' | 'unpick'>;
}

/** What can be done with the runs that are picked. */
export function CompareBar({ picked, actions }: CompareBarProps): React.JSX.Element {
  const { trans } = useSurroundings();
  const { ids } = picked;
  const isEnough = ids.length > 1;
  return (
    <footer className="nbops-CompareBar">
      <button
        className="jp-mod-styled jp-mod-accept nbops-Button"
        type="button"
        disabled={!isEnough}
        title={isEnough ? undefined : trans.__('Pick one more run to compare')}
        onClick={() => {
          actions.compare(picked);
        }}
      >
        {trans.__('Compare %1', String(ids.length))}
      </button>
      <button className="jp-mod-styled nbops-Button" type="button" onClick={actions.unpick}>
        {trans.__('Clear')}
      </button>
    </footer>
  );
}
