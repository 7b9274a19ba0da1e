import * as React from 'react';

import { h } from '../h';
import type { Actions, Translation } from '../tokens';
import { firstLine, showCount, showDuration, showMoment, showSize } from '../wording';
import type { CellDetails } from '../answers';
import { sayNames, showListing } from '../listings';
import { CodeSection } from './CodeSection';
import { DataSection } from './DataSection';
import { EnvironmentSection } from './EnvironmentSection';
import { Facts } from './Facts';
import { Outputs } from './Outputs';
import { Section } from './Section';
import { useSurroundings } from './surroundings';

interface CellRunViewProps {
  readonly answer: CellDetails;
  readonly sourceOf: (cellId: string) => string | null;
  readonly actions: Actions;
}

/** A cell run as it was: its code, data, outputs, error, names and environment. */
export function CellRunView({ answer, sourceOf, actions }: CellRunViewProps): React.JSX.Element {
  const { trans, now } = useSurroundings();
  const { cell_run: cellRun, session, run, environment, outputs } = answer;
  const { execution_count, source, started_at, error, cell_id, names } = cellRun;
  const listings = cellRun.listings ?? [];
  const title = cellRun.skipped ? `(${cellRun.skipped})` : firstLine(source);
  const runId = run?.id ?? null;
  return (
    <div className="nbops-Scroll">
      <header className="nbops-Detail-head">
        <h3 title={source}>
          <span className="nbops-Cell-count">{showCount(execution_count)}</span>{' '}
          <code>{title}</code>
        </h3>
        <p>
          {[
            sayStatus(answer, trans),
            started_at === null ? '' : showMoment(started_at, now(), trans),
            session.name
          ]
            .filter(text => text !== '')
            .join(' · ')}
        </p>
        <p className="nbops-Detail-actions">
          <button
            className="nbops-Link"
            onClick={() => {
              actions.reveal(cellRun);
            }}
          >
            {trans.__('Go to the cell')}
          </button>
          {runId !== null && (
            <button
              className="nbops-Link"
              onClick={() => {
                actions.explain(runId);
              }}
            >
              {trans.__('What changed')}
            </button>
          )}
          {cell_id !== null && (
            <button
              className="nbops-Link"
              onClick={() => {
                actions.listVersions(cell_id);
              }}
            >
              {trans.__('Past versions')}
            </button>
          )}
        </p>
      </header>
      {error && (
        <Section title={trans.__('Error')}>
          <p className="nbops-mod-bad nbops-Wrap">{`${error.name}: ${error.message}`}</p>
        </Section>
      )}
      <CodeSection cellRun={cellRun} sourceOf={sourceOf} />
      <Facts cellRun={cellRun} run={run} />
      <DataSection title={trans.__('Read')} refs={cellRun.reads} onTrace={actions.trace} />
      {listings.length > 0 && (
        <Section title={trans.__('Listed')}>
          {listings.map(each => (
            <p key={showListing(each)} className="nbops-Wrap" title={each.uri}>
              {showListing(each)} · {sayNames(each, trans)}
            </p>
          ))}
        </Section>
      )}
      <DataSection title={trans.__('Written')} refs={cellRun.writes} onTrace={actions.trace} />
      {outputs.length > 0 && (
        <Section title={trans.__('Outputs as they were')}>
          <Outputs outputs={outputs} />
        </Section>
      )}
      {names && names.defines.length + names.uses.length > 0 && (
        <Section title={trans.__('Names')}>
          <NameLine word={trans.__('defines')} names={names.defines} />
          <NameLine word={trans.__('uses')} names={names.uses} />
        </Section>
      )}
      {environment && <EnvironmentSection environment={environment} />}
    </div>
  );
}

function NameLine({
  word,
  names
}: {
  readonly word: string;
  readonly names: readonly string[];
}): React.JSX.Element | null {
  return names.length === 0 ? null : (
    <p className="nbops-Wrap">
      <span className="nbops-Soft">{word}</span> <code>{names.join(', ')}</code>
    </p>
  );
}

function sayStatus({ cell_run }: CellDetails, trans: Translation): string {
  const { status, duration_s, cpu_s, peak_memory_bytes } = cell_run;
  const words = {
    ok: showDuration(duration_s),
    error: trans.__('failed after %1', showDuration(duration_s)),
    interrupted: trans.__('interrupted'),
    died: trans.__('the kernel died'),
    running: trans.__('running'),
    before_tracking: trans.__('ran before tracking')
  };
  const cost = [
    cpu_s != null && cpu_s >= 0.01 ? trans.__('%1 of CPU', showDuration(cpu_s)) : '',
    peak_memory_bytes != null ? trans.__('%1 at most', showSize(peak_memory_bytes)) : ''
  ];
  return [words[status], ...cost].filter(text => text !== '').join(' · ');
}
