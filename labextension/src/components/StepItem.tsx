import * as React from 'react';

import { h } from '../h';
import type { Step } from '../pipelines';
import type { Actions } from '../tokens';
import { secondsBetween, showDuration, showStep } from '../wording';
import { Elapsed } from './Elapsed';
import { useSurroundings } from './surroundings';

interface StepItemProps {
  readonly step: Step;
  /** Whether the pipeline's run is over: what still says that it runs was cut off. */
  readonly isOver: boolean;
  readonly actions: Pick<Actions, 'openNotebook' | 'openRun'>;
}

/** A step in a line: its notebook one click away, its run another. */
export function StepItem({ step, isOver, actions }: StepItemProps): React.JSX.Element {
  const { trans } = useSurroundings();
  const { name, notebook, path, after, status, reason, started_at, ended_at, run } = step;
  const { openNotebook } = actions;
  const said = showStep(status, trans);
  const isRunning = status === 'running' && !isOver;
  const about = [notebook, after.length > 0 ? trans.__('after %1', after.join(', ')) : '', reason];
  const title = about.filter(part => part !== '').join('\n');
  const took = started_at && ended_at ? showDuration(secondsBetween(started_at, ended_at)) : '';
  return (
    <li className="nbops-Step" data-status={status} title={title}>
      {path !== null && openNotebook ? (
        <button
          className="nbops-Step-name nbops-Link"
          aria-label={trans.__('Open %1, the notebook of step %2', notebook, name)}
          onClick={() => {
            openNotebook(path);
          }}
        >
          {name}
        </button>
      ) : (
        <span className="nbops-Step-name">{name}</span>
      )}
      {run ? (
        <button
          className="nbops-Step-status nbops-Link"
          aria-label={trans.__('%1: open the run of step %2', said, name)}
          onClick={() => {
            actions.openRun(run);
          }}
        >
          {said}
        </button>
      ) : (
        <span className="nbops-Step-status">{said}</span>
      )}
      <span className="nbops-Step-reason">{reason}</span>
      {isRunning ? (
        <Elapsed since={started_at} expected={null} />
      ) : (
        <span className="nbops-Step-took">{took}</span>
      )}
    </li>
  );
}
