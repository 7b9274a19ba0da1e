import * as React from 'react';

import type { SavedOutput } from '../answers';
import { h } from '../h';
import { useSurroundings } from './surroundings';

/** Outputs as they were, drawn by whoever knows how: they come from a record and are not trusted. */
export function Outputs({
  outputs
}: {
  readonly outputs: readonly SavedOutput[];
}): React.JSX.Element {
  const { renderOutputs } = useSurroundings();
  const host = React.useRef<HTMLDivElement>(null);
  // Before its host leaves the page, which a widget has to be told.
  React.useLayoutEffect(() => {
    const drawn = host.current ? renderOutputs(host.current, outputs) : null;
    return () => {
      drawn?.dispose();
    };
  }, [outputs, renderOutputs]);
  return <div className="nbops-Outputs" ref={host} />;
}
