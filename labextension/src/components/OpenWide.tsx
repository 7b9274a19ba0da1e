import * as React from 'react';

import { h } from '../h';
import type { Actions } from '../tokens';
import { useSurroundings } from './surroundings';

interface OpenWideProps {
  readonly ids: readonly string[];
  readonly actions: Actions;
}

/** The way to a comparison with the main area for itself, where there is one. */
export function OpenWide({ ids, actions }: OpenWideProps): React.JSX.Element | null {
  const { trans } = useSurroundings();
  const { openWide } = actions;
  return (
    openWide && (
      <button
        className="nbops-Link"
        onClick={() => {
          openWide(ids);
        }}
      >
        {trans.__('Open wide')}
      </button>
    )
  );
}
