import * as React from 'react';

import type { CellDetails, SavedOutput } from '../answers';
import { h } from '../h';
import { compareShown } from '../tableDiff';
import { tablesOf } from '../tables';
import { asTrouble } from '../trouble';
import type { OutputChange } from '../compared';
import { Letter } from './Letter';
import { Outputs } from './Outputs';
import { figureOf, Overlay } from './Overlay';
import { useSurroundings } from './surroundings';
import { TableDiffs } from './TableDiffs';

interface ShownPairProps {
  readonly output: OutputChange;
  readonly load: (cellRunId: string) => Promise<CellDetails>;
}

type View = 'sides' | 'figures' | 'cells';

/** Two cells' outputs: side by side, figures one over the other, or the cells of tables that differ. */
export function ShownPair({ output, load }: ShownPairProps): React.JSX.Element {
  const { trans } = useSurroundings();
  const [chosen, choose] = React.useState<View | null>(null);
  const sides = [useDetails(output.a_cell, load), useDetails(output.b_cell, load)];
  const [a, b] = sides.map(side => (isLoaded(side) ? side.outputs : null));
  const [under, over] = [a, b].map(outputs => (outputs ? figureOf(outputs) : null));
  const [diffs, isAllTold] = React.useMemo(() => {
    const found = a && b ? compareShown(a, b) : null;
    return [found, found !== null && [a, b].every(outputs => outputs?.every(isTable))];
  }, [a, b]);
  const names: Readonly<Record<View, string>> = {
    sides: trans.__('Side by side'),
    figures: trans.__('One over the other'),
    cells: trans.__('Which cells differ')
  };
  const views: View[] = ['sides'];
  views.push(...(under && over ? (['figures'] as const) : []));
  views.push(...(diffs ? (['cells'] as const) : []));
  const view = chosen ?? (isAllTold ? 'cells' : 'sides');
  return (
    <>
      {views.length > 1 && (
        <div className="nbops-Views">
          {views
            .filter(each => each !== view)
            .map(each => (
              <button
                key={each}
                className="nbops-Link"
                onClick={() => {
                  choose(each);
                }}
              >
                {names[each]}
              </button>
            ))}
        </div>
      )}
      {view === 'figures' && under && over && <Overlay a={under} b={over} />}
      {view === 'cells' && diffs && <TableDiffs diffs={diffs} />}
      {view === 'sides' && <SideBySide sides={sides} />}
    </>
  );
}

function SideBySide({ sides }: { readonly sides: readonly SideDetails[] }): React.JSX.Element {
  const { trans } = useSurroundings();
  const [loading, nothing] = [trans.__('Loading…'), trans.__('no such cell')];
  return (
    <div className="nbops-Pair">
      {sides.map((side, index) => (
        <div key={index}>
          <Letter index={index} />
          {isLoaded(side) ? (
            <Outputs outputs={side.outputs} />
          ) : (
            <p className="nbops-Soft">{side === undefined ? nothing : (side ?? loading)}</p>
          )}
        </div>
      ))}
    </div>
  );
}

/** Whether there is nothing to see in it but its cells. */
function isTable(output: SavedOutput): boolean {
  return tablesOf([output]).length > 0;
}

/** What is known of a side: all, why not, null until then; undefined where the run has no such cell. */
type SideDetails = CellDetails | string | null | undefined;

function isLoaded(side: SideDetails): side is CellDetails {
  return typeof side === 'object' && side !== null;
}

function useDetails(cellRunId: string | null, load: ShownPairProps['load']): SideDetails {
  const [found, setFound] = React.useState<CellDetails | string | null>(null);
  React.useEffect(() => {
    let isWanted = true;
    const take = (value: CellDetails | string) => {
      if (isWanted) {
        setFound(value);
      }
    };
    if (cellRunId !== null) {
      load(cellRunId).then(take, (reason: unknown) => {
        take(asTrouble(reason).message);
      });
    }
    return () => {
      isWanted = false;
    };
  }, [cellRunId, load]);
  return cellRunId === null ? undefined : found;
}
