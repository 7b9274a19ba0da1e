import * as React from 'react';

import type { RunTable } from '../answers';
import { h } from '../h';
import { asMarkdown } from '../markdown';
import type { Actions } from '../tokens';
import { ManyRuns } from './ManyRuns';
import { OpenWide } from './OpenWide';
import { useSurroundings } from './surroundings';
import { WhyView } from './WhyView';

interface CompareViewProps {
  readonly table: RunTable;
  /** Whether it has the main area for itself. */
  readonly isWide: boolean;
  readonly actions: Actions;
}

/** Two runs in all their differences, or up to fifty in one table. */
export function CompareView({ table, isWide, actions }: CompareViewProps): React.JSX.Element {
  const { trans } = useSurroundings();
  const scroll = React.useRef<HTMLDivElement>(null);
  const [pair] = table.pairs;
  const ids = table.runs.map(run => run.run_id);
  return (
    <>
      <div className="nbops-Tools" role="toolbar" aria-label={trans.__('Comparison')}>
        {!isWide && <OpenWide ids={ids} actions={actions} />}
        <button
          className="nbops-Link"
          title={trans.__('Copy as Markdown')}
          onClick={() => {
            actions.copy(asMarkdown(table));
          }}
        >
          {isWide ? trans.__('Copy as Markdown') : trans.__('Copy')}
        </button>
        <button
          className="nbops-Link"
          title={trans.__('Save as one HTML file')}
          onClick={() => {
            if (scroll.current) {
              actions.saveHtml(scroll.current);
            }
          }}
        >
          {isWide ? trans.__('Save as HTML') : trans.__('Save')}
        </button>
      </div>
      <div className="nbops-Scroll" ref={scroll}>
        {table.runs.length === 2 && pair ? (
          <WhyView comparison={pair} rows={table.metrics} actions={actions} />
        ) : (
          <ManyRuns table={table} actions={actions} />
        )}
      </div>
    </>
  );
}
