import * as React from 'react';

import { h } from '../h';
import type { Actions } from '../tokens';
import { showCount, showDigest, showMoment } from '../wording';
import type { DataUse, Lineage } from '../answers';
import { Section } from './Section';
import { useSurroundings } from './surroundings';

interface LineageViewProps {
  readonly answer: Lineage;
  readonly actions: Pick<Actions, 'open'>;
}

/** Where content came from and who read it, in any notebook, by its digest. */
export function LineageView({ answer, actions }: LineageViewProps): React.JSX.Element {
  const { trans } = useSurroundings();
  const { digest, wrote, read } = answer;
  const names = [...new Set([...wrote, ...read].map(({ name }) => name))];
  return (
    <div className="nbops-Scroll">
      <header className="nbops-Detail-head">
        <h3>{names.join(', ')}</h3>
        <p title={digest}>{trans.__('content %1', showDigest(digest))}</p>
      </header>
      <Section title={trans.__('Came from')}>
        {wrote.length === 0 && (
          <p className="nbops-Soft">
            {trans.__('No recorded cell wrote this content: it came from outside.')}
          </p>
        )}
        <Uses uses={wrote} onOpen={actions.open} />
      </Section>
      <Section
        title={trans.__('Read by')}
        note={trans._n('%1 cell run', '%1 cell runs', read.length)}
      >
        <Uses uses={read} onOpen={actions.open} />
      </Section>
    </div>
  );
}

interface UsesProps {
  readonly uses: readonly DataUse[];
  readonly onOpen: Actions['open'];
}

function Uses({ uses, onOpen }: UsesProps): React.JSX.Element {
  const { trans, now } = useSurroundings();
  return (
    <ul className="nbops-Uses">
      {uses.map(use => (
        <li key={use.cell_run_id}>
          <button
            className="nbops-Use"
            title={use.uri}
            onClick={() => {
              onOpen({ id: use.cell_run_id });
            }}
          >
            <code>{`${showCount(use.execution_count)} ${use.first_line}`}</code>
            <span className="nbops-Soft">
              {[
                use.notebook ?? '',
                use.session_name,
                use.user,
                use.at === null ? '' : showMoment(use.at, now(), trans)
              ]
                .filter(part => part !== '')
                .join(' · ')}
            </span>
          </button>
        </li>
      ))}
    </ul>
  );
}
