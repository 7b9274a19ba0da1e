import * as React from 'react';

import { HERE, isWhole } from '../formState';
import type { FormState } from '../formState';
import { h } from '../h';
import type { Actions } from '../tokens';
import { Findings } from './Findings';
import { MadeView } from './MadeView';
import { MoreFields } from './MoreFields';
import { Notice, TroubleNotice } from './Notice';
import { PageFrame } from './PageFrame';
import { ParameterField } from './ParameterField';
import { Section } from './Section';
import { useSurroundings } from './surroundings';
import { WhenField } from './WhenField';
import { WhereChoice } from './WhereChoice';

interface ScheduleViewProps {
  readonly state: FormState;
  readonly actions: Actions;
}

/** A notebook that shall run by itself: with which values, where, when, and what stands in the way. */
export function ScheduleView({ state, actions }: ScheduleViewProps): React.JSX.Element {
  const { trans } = useSurroundings();
  const { notebook, making } = state;
  return (
    <PageFrame
      title={trans.__('Schedule / export %1', notebook.name)}
      topic={notebook}
      role="dialog"
      className="nbops-Form"
      onBack={actions.closeForm}
    >
      {making.answer?.job ? (
        <MadeView made={making.answer} place={state.place} actions={actions} />
      ) : (
        <>
          <div className="nbops-Scroll">
            <Parameters state={state} actions={actions} />
            <WhereChoice
              state={state}
              onPlace={place => {
                actions.fillForm({ place });
              }}
            />
            <WhenField
              state={state}
              onFill={change => {
                actions.fillForm(change);
              }}
            />
            <MoreFields
              state={state}
              onMore={more => {
                actions.fillForm({ more });
              }}
            />
            <Findings state={state} actions={actions} />
          </div>
          <MakeBar state={state} actions={actions} />
        </>
      )}
    </PageFrame>
  );
}

function Parameters({ state, actions }: ScheduleViewProps): React.JSX.Element {
  const { trans } = useSurroundings();
  const { known, values, problems } = state;
  const { answer, trouble } = known;
  const parameters = answer?.parameters ?? [];
  return (
    <Section title={trans.__('Parameters')}>
      {trouble && <TroubleNotice trouble={trouble} />}
      {!answer && !trouble && <Notice text={trans.__('Loading…')} isLate />}
      {answer && parameters.length === 0 && (
        <p className="nbops-Soft">
          {trans.__('None: what the cell tagged “parameters” assigns could be set here.')}
        </p>
      )}
      {parameters.map(parameter => (
        <ParameterField
          key={parameter.name}
          parameter={parameter}
          text={values[parameter.name]}
          problem={problems[parameter.name] ?? null}
          onText={text => {
            actions.setValue(parameter, text);
          }}
        />
      ))}
    </Section>
  );
}

/** What it comes to; what takes long says how it goes, and can be ended. */
function MakeBar({ state, actions }: ScheduleViewProps): React.JSX.Element {
  const { trans } = useSurroundings();
  const { place, making } = state;
  const { trouble, isRunning, progress } = making;
  const findings = making.answer?.findings ?? [];
  const isRefused = making.answer !== null && !making.answer.job;
  return (
    <footer className="nbops-Form-bar">
      {trouble && (
        <p className="nbops-Form-problem" role="alert">
          {`${trouble.message} ${trouble.hint}`.trim()}
        </p>
      )}
      {isRefused && (
        <p className="nbops-Form-problem" role="alert">
          {trans._n('Not made: %1 finding.', 'Not made: %1 findings.', findings.length)}
        </p>
      )}
      <div className="nbops-Form-buttons">
        <button
          className="jp-mod-styled jp-mod-accept nbops-Button"
          disabled={isRunning || !isWhole(state)}
          onClick={actions.makeJob}
        >
          {place === HERE ? trans.__('Schedule') : trans.__('Export')}
        </button>
        {isRunning ? (
          <>
            <button className="jp-mod-styled nbops-Button" onClick={actions.cancelJob}>
              {trans.__('Cancel')}
            </button>
            <span className="nbops-Form-progress" role="status">
              <span className="nbops-Spinner" aria-hidden />
              {progress === '' ? trans.__('Checking, then writing…') : progress}
            </span>
          </>
        ) : (
          <button className="jp-mod-styled nbops-Button" onClick={actions.closeForm}>
            {trans.__('Close')}
          </button>
        )}
      </div>
    </footer>
  );
}
