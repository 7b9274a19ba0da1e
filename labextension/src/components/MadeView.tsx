import * as React from 'react';

import { HERE } from '../formState';
import { h } from '../h';
import type { Made } from '../jobs';
import type { Actions } from '../tokens';
import { showMoment } from '../wording';
import { Section } from './Section';
import { useSurroundings } from './surroundings';

interface MadeViewProps {
  readonly made: Made;
  readonly place: string;
  readonly actions: Pick<Actions, 'closeForm' | 'choose' | 'copy'>;
}

/** What was made, by its name, and what comes next. */
export function MadeView({ made, place, actions }: MadeViewProps): React.JSX.Element {
  const { trans, now } = useSurroundings();
  const { job, folder, files = [], install = [], notes = [] } = made;
  const { system, words, timezone, next_times = [] } = made;
  const schedule = made.schedule ?? words ?? '';
  const about = [schedule, timezone, system].filter(part => part).join(' · ');
  const isHere = place === HERE;
  return (
    <>
      <div className="nbops-Scroll">
        <header className="nbops-Detail-head" role="status">
          <h3>{isHere ? trans.__('%1 is scheduled', job) : trans.__('%1 for %2', job, place)}</h3>
          <p>{about}</p>
        </header>
        {next_times.length > 0 && (
          <Section title={trans.__('Next')}>
            <ul className="nbops-Form-times">
              {next_times.map(time => (
                <li key={time}>{showMoment(time, now(), trans)}</li>
              ))}
            </ul>
          </Section>
        )}
        {files.length > 0 && (
          <Section
            title={trans._n('%1 file', '%1 files', files.length)}
            note={folder === undefined ? '' : trans.__('in %1', folder)}
          >
            <ul className="nbops-Made-files">
              {files.map(file => (
                <li key={file}>{file}</li>
              ))}
            </ul>
          </Section>
        )}
        {install.length > 0 && (
          <Section title={trans.__('Next, in that folder')}>
            <pre className="nbops-Source">{install.join('\n')}</pre>
            <button
              className="nbops-Link"
              onClick={() => {
                actions.copy(install.join('\n'));
              }}
            >
              {trans.__('Copy')}
            </button>
          </Section>
        )}
        {notes.length > 0 && (
          <Section title={trans.__('To know')}>
            {notes.map(note => (
              <p key={note}>{note}</p>
            ))}
          </Section>
        )}
      </div>
      <footer className="nbops-Form-bar">
        <div className="nbops-Form-buttons">
          <button
            className="jp-mod-styled jp-mod-accept nbops-Button"
            onClick={() => {
              actions.closeForm();
              if (isHere) {
                actions.choose('jobs');
              }
            }}
          >
            {isHere ? trans.__('Show jobs') : trans.__('Done')}
          </button>
        </div>
      </footer>
    </>
  );
}
