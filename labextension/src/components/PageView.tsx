import * as React from 'react';

import { h } from '../h';
import type { Page } from '../navigation';
import type { Actions, Translation } from '../tokens';
import type { Comparison } from '../compared';
import { CellRunView } from './CellRunView';
import { CompareView } from './CompareView';
import { LineageView } from './LineageView';
import { Notice } from './Notice';
import { OpenWide } from './OpenWide';
import { PageFrame } from './PageFrame';
import { RunView } from './RunView';
import { useSurroundings } from './surroundings';
import { VersionsView } from './VersionsView';
import { WhyView } from './WhyView';

interface PageViewProps {
  readonly page: Page;
  readonly sourceOf: (cellId: string) => string | null;
  /** The run that others are compared with. */
  readonly baseline: string | null;
  readonly actions: Actions;
}

/** What a page shows, or why it cannot. */
export function PageView(props: PageViewProps): React.JSX.Element {
  const { trans } = useSurroundings();
  const { page, actions } = props;
  const { kind, topic, answer, trouble } = page;
  return (
    <PageFrame title={nameOf(kind, trans)} topic={topic} onBack={actions.back}>
      {trouble && <Notice text={`${trouble.message} ${trouble.hint}`.trim()} />}
      {!answer && !trouble && (
        <Notice
          text={
            kind === 'why' || kind === 'compare' ? trans.__('Comparing…') : trans.__('Loading…')
          }
          isLate
        />
      )}
      <Answer {...props} />
    </PageFrame>
  );
}

function nameOf(kind: Page['kind'], trans: Translation): string {
  switch (kind) {
    case 'why':
      return trans.__('What changed');
    case 'compare':
      return trans.__('Comparison');
    case 'run':
      return trans.__('Run');
    case 'cell-run':
      return trans.__('Cell run');
    case 'versions':
      return trans.__('Past versions');
    case 'lineage':
      return trans.__('Where this data came from');
  }
}

function Answer({ page, sourceOf, baseline, actions }: PageViewProps): React.JSX.Element | null {
  switch (page.kind) {
    case 'why':
      return page.answer && <TwoRuns comparison={page.answer} actions={actions} />;
    case 'compare':
      return page.answer && <CompareView table={page.answer} isWide={false} actions={actions} />;
    case 'run':
      return (
        page.answer && (
          <RunView row={page.answer} isBaseline={baseline === page.answer.id} actions={actions} />
        )
      );
    case 'cell-run':
      return page.answer && <CellRunView answer={page.answer} {...{ sourceOf, actions }} />;
    case 'versions':
      return page.answer && <VersionsView answer={page.answer} {...{ sourceOf, actions }} />;
    case 'lineage':
      return page.answer && <LineageView answer={page.answer} actions={actions} />;
  }
}

interface TwoRunsProps {
  readonly comparison: Comparison;
  readonly actions: Actions;
}

/** A run and the one before it, with the way to all of their differences. */
function TwoRuns({ comparison, actions }: TwoRunsProps): React.JSX.Element {
  return (
    <>
      <div className="nbops-Tools">
        <OpenWide ids={[comparison.a.run_id, comparison.b.run_id]} actions={actions} />
      </div>
      <div className="nbops-Scroll">
        <WhyView comparison={comparison} actions={actions} />
      </div>
    </>
  );
}
