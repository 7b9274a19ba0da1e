import * as React from 'react';

import type { CellDetails } from '../answers';
import { asTrouble } from '../trouble';
import type { OutputChange } from '../wire';
import { Outputs } from './Outputs';
import { Section } from './Section';
import { Letter } from './SideLine';
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
      <summary>
        <code>{output.name}</code>
      </summary>
      {isShown && (
        <div className="nbops-Pair">
          {[output.a_cell, output.b_cell].map((cellRunId, side) => (
            <div key={side}>
              <Letter index={side} />
              {cellRunId !== null && <Loaded cellRunId={cellRunId} load={load} />}
            </div>
          ))}
        </div>
      )}
    </details>
  );
}

interface LoadedProps {
  readonly cellRunId: string;
  readonly load: OutputPairsProps['load'];
}

function Loaded({ cellRunId, load }: LoadedProps): React.JSX.Element {
  const { trans } = useSurroundings();
  const [found, setFound] = React.useState<CellDetails | string | null>(null);
  React.useEffect(() => {
    let isWanted = true;
    load(cellRunId).then(
      details => {
        if (isWanted) {
          setFound(details);
        }
      },
      (reason: unknown) => {
        if (isWanted) {
          setFound(asTrouble(reason).message);
        }
      }
    );
    return () => {
      isWanted = false;
    };
  }, [cellRunId, load]);
  if (found === null || typeof found === 'string') {
    return <p className="nbops-Soft">{found ?? trans.__('Loading…')}</p>;
  }
  return <Outputs outputs={found.outputs} />;
}
