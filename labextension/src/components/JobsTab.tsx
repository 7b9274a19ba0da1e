import * as React from 'react';

import { h } from '../h';
import type { JobsState } from '../jobsModel';
import type { Actions } from '../tokens';
import { JobRunItem } from './JobRunItem';
import { Notice, TroubleNotice } from './Notice';
import { ScheduledItem } from './ScheduledItem';
import { useSurroundings } from './surroundings';

interface JobsTabProps {
  readonly state: JobsState;
  readonly actions: Actions;
}

/** What is scheduled on this machine, and every job that ran, whatever ran it. */
export function JobsTab({ state, actions }: JobsTabProps): React.JSX.Element {
  return (
    <div className="nbops-Scroll nbops-Jobs">
      <Scheduled state={state} actions={actions} />
      <Past state={state} actions={actions} />
    </div>
  );
}

function Scheduled({ state, actions }: JobsTabProps): React.JSX.Element {
  const { trans } = useSurroundings();
  const title = React.useId();
  const { answer, trouble } = state.scheduled;
  const { schedule } = actions;
  return (
    <section aria-labelledby={title}>
      <h3 id={title} className="nbops-Jobs-title">
        {trans.__('Scheduled')}
      </h3>
      {trouble && <TroubleNotice trouble={trouble} isBanner={answer !== null} />}
      {!answer && !trouble && <Notice text={trans.__('Loading…')} isLate />}
      {answer?.length === 0 && (
        <div className="nbops-Notice">
          <p>{trans.__('No job waits for its time on this machine.')}</p>
          {schedule && (
            <p>
              <button className="nbops-Link" onClick={schedule}>
                {trans.__('Schedule this notebook…')}
              </button>
            </p>
          )}
        </div>
      )}
      {answer && answer.length > 0 && (
        <ul className="nbops-Jobs-list">
          {answer.map(job => (
            <ScheduledItem
              key={job.name}
              job={job}
              isBusy={state.busy.includes(job.name)}
              actions={actions}
            />
          ))}
        </ul>
      )}
    </section>
  );
}

function Past({ state, actions }: JobsTabProps): React.JSX.Element {
  const { trans } = useSurroundings();
  const title = React.useId();
  const { runs, total, trouble } = state;
  return (
    <section aria-labelledby={title}>
      <h3 id={title} className="nbops-Jobs-title">
        {trans.__('Past runs')}
        {runs && total > 0 && <small>{String(total)}</small>}
      </h3>
      {trouble && <TroubleNotice trouble={trouble} isBanner={runs !== null} />}
      {!runs && !trouble && <Notice text={trans.__('Loading…')} isLate />}
      {runs?.length === 0 && (
        <div className="nbops-Notice">
          <p>{trans.__('No job ran yet. A notebook runs without a person by:')}</p>
          <pre>nbops run NOTEBOOK.ipynb</pre>
        </div>
      )}
      {runs && runs.length > 0 && (
        <ul className="nbops-Jobs-list">
          {runs.map(row => (
            <JobRunItem key={row.id} row={row} runs={runs} actions={actions} />
          ))}
        </ul>
      )}
      {runs && total > runs.length && (
        <p className="nbops-Jobs-more">
          {trans.__(
            'The newest %1 of %2; the tab Runs has all.',
            String(runs.length),
            String(total)
          )}
        </p>
      )}
    </section>
  );
}
