import * as React from 'react';

import type { FormState } from '../formState';
import { h } from '../h';
import type { Finding } from '../jobs';
import type { Actions } from '../tokens';
import { Section } from './Section';
import { useSurroundings } from './surroundings';

interface FindingsProps {
  readonly state: FormState;
  readonly actions: Pick<Actions, 'checkJob' | 'cancelJob' | 'fillForm' | 'reveal'>;
}

/** What stands in the way of a job, and each finding's cell a click away. */
export function Findings({ state, actions }: FindingsProps): React.JSX.Element {
  const { trans } = useSurroundings();
  const { check, making, isDryRun, known, problems } = state;
  const { isRunning, progress, trouble } = check;
  const findings = making.answer?.findings ?? check.answer?.findings ?? null;
  const isCheckable = known.answer !== null && Object.keys(problems).length === 0;
  return (
    <Section title={trans.__('Preflight')} note={findings ? sayCounts() : ''}>
      <label className="nbops-Form-check">
        <input
          type="checkbox"
          checked={isDryRun}
          onChange={event => {
            actions.fillForm({ isDryRun: event.target.checked });
          }}
        />
        {trans.__('Run it once in a clean copy')}
      </label>
      <div className="nbops-Form-buttons">
        <button
          className="jp-mod-styled nbops-Button"
          disabled={!isCheckable && !isRunning}
          onClick={isRunning ? actions.cancelJob : actions.checkJob}
        >
          {isRunning ? trans.__('Cancel') : trans.__('Check')}
        </button>
        {isRunning && (
          <span className="nbops-Form-progress" role="status">
            <span className="nbops-Spinner" aria-hidden />
            {progress === '' ? trans.__('Checking…') : progress}
          </span>
        )}
      </div>
      {trouble && (
        <p className="nbops-Form-problem" role="alert">
          {`${trouble.message} ${trouble.hint}`.trim()}
        </p>
      )}
      {findings && findings.length > 0 && (
        <ul className="nbops-Findings" aria-label={trans.__('Findings')}>
          {findings.map((finding, place) => (
            <FindingItem key={place} finding={finding} onReveal={actions.reveal} />
          ))}
        </ul>
      )}
    </Section>
  );

  function sayCounts(): string {
    const errors = findings?.filter(({ level }) => level === 'error').length ?? 0;
    const warnings = (findings?.length ?? 0) - errors;
    return [
      errors > 0 && trans._n('%1 error', '%1 errors', errors),
      warnings > 0 && trans._n('%1 warning', '%1 warnings', warnings),
      errors + warnings === 0 && trans.__('nothing stands in the way')
    ]
      .filter(part => part !== false)
      .join(', ');
  }
}

interface FindingItemProps {
  readonly finding: Finding;
  readonly onReveal: Actions['reveal'];
}

function FindingItem({ finding, onReveal }: FindingItemProps): React.JSX.Element {
  const { trans } = useSurroundings();
  const { level, kind, message, hint, cell, cell_id } = finding;
  const isError = level === 'error';
  return (
    <li className={isError ? 'nbops-Finding nbops-mod-failed' : 'nbops-Finding'}>
      <p className="nbops-Finding-head">
        <span className={isError ? 'nbops-mod-bad' : 'nbops-mod-warning'}>
          {isError ? trans.__('error') : trans.__('warning')}
        </span>
        <span className="nbops-Soft">{kind}</span>
      </p>
      <p>{message}</p>
      {cell_id !== null && (
        <button
          className="nbops-Link nbops-Finding-cell"
          title={trans.__('Show the cell')}
          onClick={() => {
            onReveal({ cell_id });
          }}
        >
          <code>{cell ?? cell_id}</code>
        </button>
      )}
      {hint !== '' && <p className="nbops-Soft">{hint}</p>}
    </li>
  );
}
