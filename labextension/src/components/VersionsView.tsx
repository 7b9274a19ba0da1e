import * as React from 'react';

import { wordsOf } from '../filter';
import { h } from '../h';
import { compareLines } from '../lines';
import type { Actions } from '../tokens';
import { showCount, showMoment } from '../wording';
import type { CellVersion, CellVersions } from '../answers';
import { DiffLines } from './CodeDiff';
import { Notice } from './Notice';
import { SearchField } from './SearchField';
import { useSurroundings } from './surroundings';

interface VersionsViewProps {
  readonly answer: CellVersions;
  readonly sourceOf: (cellId: string) => string | null;
  readonly actions: Pick<Actions, 'putBack' | 'open'>;
}

/** The texts that a cell has had: searched, compared with what it is now, put back. */
export function VersionsView(props: VersionsViewProps): React.JSX.Element {
  const { answer, sourceOf, actions } = props;
  const { trans } = useSurroundings();
  const [text, setText] = React.useState('');
  const words = wordsOf(text);
  const found = answer.versions.filter(({ source }) =>
    words.every(word => source.toLowerCase().includes(word))
  );
  const now = sourceOf(answer.cell_id);
  return (
    <>
      <div className="nbops-Bar">
        <SearchField
          label={trans.__('Search the past versions of this cell')}
          placeholder={trans.__('Search past versions')}
          text={text}
          onText={setText}
        />
      </div>
      <div className="nbops-Scroll">
        {found.map(version => (
          <Version
            key={version.source_digest}
            version={version}
            now={now}
            onOpen={actions.open}
            onPutBack={() => {
              actions.putBack(answer.cell_id, version.source);
            }}
          />
        ))}
        {found.length === 0 && (
          <Notice text={trans.__('No past version of this cell has “%1”.', text.trim())} />
        )}
      </div>
    </>
  );
}

interface VersionProps {
  readonly version: CellVersion;
  readonly now: string | null;
  readonly onOpen: Actions['open'];
  readonly onPutBack: () => void;
}

function Version({ version, now, onOpen, onPutBack }: VersionProps): React.JSX.Element {
  const { trans, now: time } = useSurroundings();
  const { source, execution_count, last_at, count, session_name, cell_run_id } = version;
  const isNow = now !== null && now.trimEnd() === source.trimEnd();
  const when = last_at === null ? '' : showMoment(last_at, time(), trans);
  const times = trans._n('ran once', 'ran %1 times', count);
  return (
    <section className="nbops-Section" aria-label={`${showCount(execution_count)} ${when}`}>
      <h3>
        {showCount(execution_count)}
        <small>{[session_name, when, times].filter(part => part !== '').join(' · ')}</small>
      </h3>
      {now === null || isNow ? (
        <pre className="nbops-Source">{source}</pre>
      ) : (
        <div className="nbops-Diff">
          <DiffLines lines={compareLines(now, source)} />
        </div>
      )}
      <p className="nbops-Detail-actions">
        {isNow ? (
          <span className="nbops-Soft">{trans.__('as the cell is now')}</span>
        ) : (
          now !== null && (
            <button className="nbops-Link" onClick={onPutBack}>
              {trans.__('Put back')}
            </button>
          )
        )}
        <button
          className="nbops-Link"
          onClick={() => {
            onOpen({ id: cell_run_id });
          }}
        >
          {trans.__('Details')}
        </button>
      </p>
    </section>
  );
}
