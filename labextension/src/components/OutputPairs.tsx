import * as React from 'react';

import type { CellDetails } from '../answers';
import { asTrouble } from '../trouble';
import type { OutputChange } from '../wire';
import { Letter } from './Letter';
import { Outputs } from './Outputs';
import { figureOf, Overlay } from './Overlay';
import { Section } from './Section';
import { useSurroundings } from './surroundings';

interface OutputPairsProps {
  readonly outputs: readonly OutputChange[];
  readonly load: (cellRunId: string) => Promise<CellDetails>;
}

/** Figures and tables of both runs side by side; loaded once someone looks. */
export function OutputPairs({ outputs, load }: OutputPairsProps): React.JSX.Element {
  const { trans } = useSurroundings();
  return (
    <Section
      title={trans.__('Outputs')}
      note={trans._n(
        '%1 cell shows something else',
        '%1 cells show something else',
        outputs.length
      )}
    >
      {outputs.map((output, index) => (
        <OutputPair key={index} output={output} load={load} isOpen={index === 0} />
      ))}
    </Section>
  );
}

interface OutputPairProps {
  readonly output: OutputChange;
  readonly load: OutputPairsProps['load'];
  readonly isOpen: boolean;
}

function OutputPair({ output, load, isOpen }: OutputPairProps): React.JSX.Element {
  const [isShown, setShown] = React.useState(isOpen);
  return (
    <details
      className="nbops-Fold-details"
      open={isShown}
      onToggle={event => {
        setShown(event.currentTarget.open);
      }}
    >
      <summary title={output.name}>
        <code>{output.name}</code>
      </summary>
      {isShown && <ShownPair output={output} load={load} />}
    </details>
  );
}

/** Side by side, or one over the other where both are figures. */
function ShownPair({ output, load }: Omit<OutputPairProps, 'isOpen'>): React.JSX.Element {
  const { trans } = useSurroundings();
  const [loading, nothing] = [trans.__('Loading…'), trans.__('no such cell')];
  const [isOverlaid, setOverlaid] = React.useState(false);
  const sides = [useDetails(output.a_cell, load), useDetails(output.b_cell, load)];
  const [a, b] = sides.map(side => (isLoaded(side) ? figureOf(side.outputs) : null));
  return (
    <>
      {a && b && (
        <button
          type="button"
          className="nbops-Link"
          aria-pressed={isOverlaid}
          onClick={() => {
            setOverlaid(!isOverlaid);
          }}
        >
          {isOverlaid ? trans.__('Side by side') : trans.__('One over the other')}
        </button>
      )}
      {isOverlaid && a && b ? (
        <Overlay a={a} b={b} />
      ) : (
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
      )}
    </>
  );
}

/** What is known of a side: all, why not, null until then; undefined where the run has no such cell. */
type SideDetails = CellDetails | string | null | undefined;

function isLoaded(side: SideDetails): side is CellDetails {
  return typeof side === 'object' && side !== null;
}

function useDetails(cellRunId: string | null, load: OutputPairsProps['load']): SideDetails {
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
