import * as React from 'react';

import { h } from '../h';
import type { Picked } from '../picks';
import type { Actions } from '../tokens';
import { useSurroundings } from './surroundings';

interface CompareBarProps {
  readonly picked: Picked;
  /** Whether the notebook in front is what is shown. */
  readonly isNotebook: boolean;
  readonly actions: Pick<Actions, 'compare' | 'unpick' | 'schedule'>;
}

/** What can be done with the runs that are picked, and with the notebook. */
export function CompareBar(props: CompareBarProps): React.JSX.Element | null {
  const { picked, isNotebook, actions } = props;
  const { trans } = useSurroundings();
  const { ids } = picked;
  const isEnough = ids.length > 1;
  const schedule = isNotebook && ids.length === 0 ? actions.schedule : null;
  if (ids.length === 0 && schedule === null) {
    return null;
  }
  return (
    <footer className="nbops-CompareBar">
      {schedule !== null && (
        <button
          className="jp-mod-styled nbops-Button"
          title={trans.__('Have this notebook run by itself, here or on another system')}
          onClick={() => {
            schedule();
          }}
        >
          {trans.__('Schedule / export…')}
        </button>
      )}
      {ids.length > 0 && (
        <>
          <button
            className="jp-mod-styled jp-mod-accept nbops-Button"
            disabled={!isEnough}
            title={isEnough ? undefined : trans.__('Pick one more run to compare')}
            onClick={() => {
              actions.compare(picked);
            }}
          >
            {trans.__('Compare %1', String(ids.length))}
          </button>
          <button className="jp-mod-styled nbops-Button" onClick={actions.unpick}>
            {trans.__('Clear')}
          </button>
        </>
      )}
    </footer>
  );
}
