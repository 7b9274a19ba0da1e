import * as React from 'react';

import type { CellDetails } from '../answers';
import { h } from '../h';
import type { OutputChange } from '../compared';
import { Section } from './Section';
import { ShownPair } from './ShownPair';
import { useSurroundings } from './surroundings';

/** So many stand open: the last are those of the run itself, and of what was drawn of it. */
const MOST_OPEN = 3;

interface OutputPairsProps {
  readonly outputs: readonly OutputChange[];
  readonly load: (cellRunId: string) => Promise<CellDetails>;
}

/** What cells of both runs showed, where that differs; loaded once someone looks. */
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
        <OutputPair
          key={index}
          output={output}
          load={load}
          isOpen={index >= outputs.length - MOST_OPEN}
        />
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
