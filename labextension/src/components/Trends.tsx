import * as React from 'react';

import { h } from '../h';
import { useSurroundings } from './surroundings';

const MOST = 3;

interface TrendsProps {
  readonly trends: readonly { readonly sentence: string }[];
}

/** What several runs allow to be said; beyond a few, once someone asks. */
export function Trends({ trends }: TrendsProps): React.JSX.Element {
  const { trans } = useSurroundings();
  const tell = ({ sentence }: { readonly sentence: string }) => (
    <p key={sentence} className="nbops-Trend">
      {sentence}
    </p>
  );
  const more = trends.slice(MOST);
  return (
    <>
      {trends.slice(0, MOST).map(tell)}
      {more.length > 0 && (
        <details className="nbops-Fold-details nbops-Trends">
          <summary>
            {trans._n('%1 more thing can be said', '%1 more things can be said', more.length)}
          </summary>
          {more.map(tell)}
        </details>
      )}
    </>
  );
}
