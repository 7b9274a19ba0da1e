import * as React from 'react';

import type { RunTable } from '../answers';
import { h } from '../h';
import type { Asked } from '../navigation';
import type { Actions } from '../tokens';
import { CompareView } from './CompareView';
import { Notice } from './Notice';
import { useSurroundings } from './surroundings';

interface WideComparisonProps {
  readonly asked: Asked<RunTable>;
  readonly remark: string;
  readonly actions: Actions;
}

/** A comparison with the main area for itself. */
export function WideComparison(props: WideComparisonProps): React.JSX.Element {
  const { asked, remark, actions } = props;
  const { trans } = useSurroundings();
  const { answer, trouble } = asked;
  return (
    <section className="nbops-Page" aria-label={trans.__('Comparison')}>
      {trouble && <Notice text={`${trouble.message} ${trouble.hint}`.trim()} />}
      {!answer && !trouble && <Notice text={trans.__('Comparing…')} isLate />}
      {answer && <CompareView table={answer} isWide actions={actions} />}
      <div className="nbops-Remark" role="status">
        {remark}
      </div>
    </section>
  );
}
