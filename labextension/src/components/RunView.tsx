import * as React from 'react';

import type { RunEdit, RunRow } from '../answers';
import { nameOf, showValue } from '../columns';
import { h } from '../h';
import { mlflowLink } from '../links';
import { asTrouble } from '../trouble';
import type { Actions } from '../tokens';
import { showDuration, showMoment, showStatus } from '../wording';
import { NotesEditor } from './NotesEditor';
import { Section } from './Section';
import { useSurroundings } from './surroundings';
import { TagsEditor } from './TagsEditor';

interface RunViewProps {
  readonly row: RunRow;
  readonly isBaseline: boolean;
  readonly actions: Actions;
}

/** One run: its values, its notes and tags to edit, and where else it can be seen. */
export function RunView({ row, isBaseline, actions }: RunViewProps): React.JSX.Element {
  const { trans, now } = useSurroundings();
  const [edited, setEdited] = React.useState({ notes: row.notes, tags: tagsOf(row) });
  const [problem, setProblem] = React.useState('');
  const save = async (edit: RunEdit) => {
    try {
      const { notes = [], tags = {} } = await actions.edit(row.id, edit);
      setEdited({ notes, tags });
      setProblem('');
    } catch (reason) {
      const { message, hint } = asTrouble(reason);
      setProblem(`${message} ${hint}`.trim());
    }
  };
  const isOurs = row.session_id !== '';
  const facts = [
    showStatus(row.status, trans),
    showMoment(row.started_at, now(), trans),
    showDuration(row.duration_s),
    row.experiment,
    row.notebook ?? trans.__('made without nbops'),
    row.user
  ];
  return (
    <div className="nbops-Scroll">
      <header className="nbops-Detail-head">
        <h3 title={row.id}>{row.name}</h3>
        <p>{facts.filter(fact => fact !== '').join(' · ')}</p>
        <RunLinks row={row} isBaseline={isBaseline} actions={actions} />
      </header>
      {problem !== '' && (
        <p className="nbops-Banner" role="alert">
          {problem}
        </p>
      )}
      <Values title={trans.__('Metrics')} kind="metrics" row={row} />
      <Values title={trans.__('Params')} kind="params" row={row} />
      <Section title={trans.__('Notes')}>
        <NotesEditor
          notes={edited.notes}
          isEditable={isOurs}
          onSave={notes => void save({ notes })}
        />
      </Section>
      <Section title={trans.__('Tags')}>
        <TagsEditor tags={edited.tags} isEditable={isOurs} onSave={tags => void save({ tags })} />
      </Section>
    </div>
  );
}

function RunLinks({ row, isBaseline, actions }: RunViewProps): React.JSX.Element {
  const { trans } = useSurroundings();
  const link = mlflowLink(row);
  return (
    <p className="nbops-Detail-actions">
      {row.session_id !== '' && (
        <button
          className="nbops-Link"
          onClick={() => {
            actions.explain(row.id);
          }}
        >
          {trans.__('What changed')}
        </button>
      )}
      <button
        className="nbops-Link"
        onClick={() => {
          actions.setBaseline(row.id);
        }}
      >
        {isBaseline ? trans.__('No longer baseline') : trans.__('Set as baseline')}
      </button>
      {link === null ? (
        <span className="nbops-Soft">
          {row.mlflow_run_id === null
            ? trans.__('not in MLflow yet')
            : trans.__('nbops ui shows it in MLflow')}
        </span>
      ) : (
        <a className="nbops-Link" href={link} target="_blank" rel="noopener noreferrer">
          {trans.__('Open in MLflow')}
        </a>
      )}
      <button
        className="nbops-Link"
        onClick={() => {
          actions.copy(link ?? row.id);
        }}
      >
        {link === null ? trans.__('Copy id') : trans.__('Copy link')}
      </button>
    </p>
  );
}

interface ValuesProps {
  readonly title: string;
  readonly kind: string;
  readonly row: RunRow;
}

function Values({ title, kind, row }: ValuesProps): React.JSX.Element | null {
  const fields = Object.keys(row.values).filter(field => field.startsWith(`${kind}.`));
  return fields.length === 0 ? null : (
    <Section title={title}>
      <dl className="nbops-Facts">
        {fields.map(field => (
          <React.Fragment key={field}>
            <dt title={field}>{nameOf(field)}</dt>
            <dd>{showValue(row, field)}</dd>
          </React.Fragment>
        ))}
      </dl>
    </Section>
  );
}

/** Those that a person gave; MLflow's own and ours say nothing to people. */
function tagsOf({ values }: RunRow): Readonly<Record<string, string>> {
  const own = Object.entries(values).filter(
    ([field]) => field.startsWith('tags.') && !/^tags\.(mlflow|nbops)\./.test(field)
  );
  return Object.fromEntries(own.map(([field, value]) => [nameOf(field), String(value)]));
}
