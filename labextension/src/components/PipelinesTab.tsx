import * as React from 'react';

import { h } from '../h';
import type { Pipeline, PipelinesState } from '../pipelines';
import type { Actions } from '../tokens';
import { secondsBetween, showDuration, showMoment, showStatus } from '../wording';
import { Elapsed } from './Elapsed';
import { Notice, TroubleNotice } from './Notice';
import { StepItem } from './StepItem';
import { StepLines } from './StepLines';
import { useSurroundings } from './surroundings';

interface PipelinesTabProps {
  readonly state: PipelinesState;
  readonly actions: Actions;
}

/** Each pipeline of the project, step by step: live while it runs, then as its newest run left it. */
export function PipelinesTab({ state, actions }: PipelinesTabProps): React.JSX.Element {
  const { trans } = useSurroundings();
  const { pipelines, trouble } = state;
  if (!pipelines) {
    return trouble ? (
      <TroubleNotice trouble={trouble} />
    ) : (
      <Notice text={trans.__('Loading…')} isLate />
    );
  }
  return (
    <div className="nbops-Pipelines">
      {trouble && <TroubleNotice trouble={trouble} isBanner />}
      {pipelines.length === 0 && (
        <div className="nbops-Notice">
          <p>{trans.__('No pipeline was run in this project. One is written, and run, by:')}</p>
          <pre>{'nbops pipeline infer\nnbops pipeline run'}</pre>
        </div>
      )}
      {pipelines.map(pipeline => (
        <PipelineItem key={pipeline.file} pipeline={pipeline} actions={actions} />
      ))}
    </div>
  );
}

interface PipelineItemProps {
  readonly pipeline: Pipeline;
  readonly actions: Actions;
}

function PipelineItem({ pipeline, actions }: PipelineItemProps): React.JSX.Element {
  const { trans, now } = useSurroundings();
  const { name, file, status, steps, started_at, ended_at } = pipeline;
  const isBad = status === 'died' || status === 'failed';
  return (
    <section className="nbops-Pipeline" aria-label={trans.__('Pipeline %1', name)}>
      <h3 className="nbops-Pipeline-head" title={file}>
        <span className="nbops-Pipeline-name">{name}</span>
        <span className={isBad ? 'nbops-mod-bad' : ''}>{showStatus(status, trans)}</span>
        {ended_at === null && status === 'running' ? (
          <Elapsed since={started_at} expected={null} />
        ) : (
          <span title={started_at}>
            {[
              ended_at === null ? '' : showDuration(secondsBetween(started_at, ended_at)),
              showMoment(started_at, now(), trans)
            ]
              .filter(part => part !== '')
              .join(' · ')}
          </span>
        )}
      </h3>
      <div className="nbops-Pipeline-body">
        <StepLines steps={steps} />
        <ol className="nbops-Steps">
          {steps.map(step => (
            <StepItem key={step.name} step={step} isOver={status !== 'running'} actions={actions} />
          ))}
        </ol>
      </div>
    </section>
  );
}
