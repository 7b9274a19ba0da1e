import * as React from 'react';

import { h } from '../h';
import type { Trouble } from '../trouble';
import { useSurroundings } from './surroundings';

interface NoticeProps {
  readonly text: string;
  /** Appears only after a moment: what is over at once should not flash. */
  readonly isLate?: boolean;
}

export function Notice({ text, isLate = false }: NoticeProps): React.JSX.Element {
  return <p className={isLate ? 'nbops-Notice nbops-mod-late' : 'nbops-Notice'}>{text}</p>;
}

/** What someone sees who has never tracked this notebook. */
export function NothingTracked(): React.JSX.Element {
  const { trans } = useSurroundings();
  return (
    <div className="nbops-Notice">
      <h3>{trans.__('Nothing recorded yet')}</h3>
      <p>{trans.__('Flip the switch above, or run this in a cell:')}</p>
      <pre>{'%load_ext nbops\n%track start'}</pre>
      <p>
        {trans.__(
          'From then on every cell run is recorded: its code, data, environment and results.'
        )}
      </p>
      <p>
        {trans.__('Mark a cell as a run on its first line, to compare it with the run before:')}
      </p>
      <pre>%%track forest depth=8</pre>
    </div>
  );
}

interface TroubleNoticeProps {
  readonly trouble: Trouble;
  /** Above what was known before, rather than instead of it. */
  readonly isBanner?: boolean;
}

export function TroubleNotice({
  trouble,
  isBanner = false
}: TroubleNoticeProps): React.JSX.Element {
  const { trans } = useSurroundings();
  const className = isBanner ? 'nbops-Banner' : 'nbops-Notice';
  switch (trouble.kind) {
    case 'offline':
      return (
        <p className={className} role="status">
          {isBanner
            ? trans.__('The server does not answer. This is the last state that is known.')
            : trans.__('The server does not answer.')}
        </p>
      );
    case 'not-enabled':
      return (
        <div className={className} role="status">
          <p>{trans.__('The nbops server extension is not enabled:')}</p>
          <pre>jupyter server extension enable nbops</pre>
        </div>
      );
    case 'too-new':
      return (
        <p className={className} role="status">
          {trans.__('The server has a newer nbops than this page: reload it.')}
        </p>
      );
    case 'refused':
    case 'unreadable':
      return (
        <p className={className} role="status">
          {`${trouble.message} ${trouble.hint}`.trim()}
        </p>
      );
  }
}
