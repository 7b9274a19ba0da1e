import * as React from 'react';

import type { RunRow } from '../answers';
import { nameOf, showValue } from '../columns';
import { h } from '../h';
import type { Picked } from '../picks';
import type { Actions } from '../tokens';
import { showDuration, showMoment, showWhen } from '../wording';
import { Letter } from './Letter';
import { PickBox } from './PickBox';
import { useSurroundings } from './surroundings';

interface RunItemProps {
  readonly id: string;
  /** null: on its way. */
  readonly row: RunRow | null;
  /** Who made it, where that is not who looks. */
  readonly other: string;
  readonly place: number;
  readonly total: number;
  readonly top: number;
  readonly height: number;
  readonly columns: readonly string[];
  readonly isActive: boolean;
  readonly picked: Picked;
  readonly onActivate: (place: number) => void;
  readonly actions: Pick<Actions, 'pick' | 'openRun'>;
}

/** A run: its name and when; its values in columns, or below where there is no room. */
export function RunItem(props: RunItemProps): React.JSX.Element {
  const { row, other, place, columns, isActive, picked, actions } = props;
  const { trans, now } = useSurroundings();
  const style = { top: props.top, height: props.height };
  const isPicked = row !== null && picked.ids.includes(row.id);
  const shared = {
    id: props.id,
    role: 'option',
    'aria-setsize': props.total,
    'aria-posinset': place + 1,
    'aria-selected': isPicked
  };
  if (row === null) {
    return (
      <div
        {...shared}
        className="nbops-Item nbops-Run"
        style={style}
        aria-label={trans.__('Loading…')}
      />
    );
  }
  const values = columns.map(field => [field, showValue(row, field)] as const);
  const isBad = row.status === 'failed' || row.status === 'died';
  const when = showMoment(row.started_at, now(), trans);
  const said = values
    .filter(([, value]) => value !== '')
    .map(([f, value]) => `${nameOf(f)} ${value}`);
  const isBaseline = picked.baseline === row.id;
  return (
    <div
      {...shared}
      className={[
        'nbops-Item',
        'nbops-Run',
        isActive ? 'nbops-mod-active' : '',
        isBad ? 'nbops-mod-failed' : ''
      ].join(' ')}
      style={style}
      aria-label={[
        row.name,
        other,
        isBaseline ? trans.__('baseline') : '',
        row.status,
        when,
        ...said
      ]
        .filter(part => part !== '')
        .join(', ')}
      onClick={() => {
        props.onActivate(place);
        actions.openRun(row);
      }}
    >
      <PickBox id={row.id} name={row.name} isPicked={isPicked} onPick={actions.pick} />
      <span className="nbops-Run-name" title={describe(row)}>
        {row.status === 'running' && <span className="nbops-Spinner" aria-hidden />}
        {row.name}
        {other !== '' && <small> {other}</small>}
        {isBaseline && <Letter index={0} />}
      </span>
      <span className="nbops-Run-values">
        {values.map(([field, value]) => (
          <span
            key={field}
            title={`${field} ${value}`}
            className={value === '' ? 'nbops-mod-empty' : ''}
          >
            <small>{nameOf(field)} </small>
            {value}
          </span>
        ))}
      </span>
      <span className="nbops-Run-took">{showDuration(row.duration_s)}</span>
      <span className="nbops-Run-when" title={row.started_at}>
        {showWhen(row.started_at, now(), trans)}
      </span>
    </div>
  );
}

function describe({ name, id, experiment, notebook, user, status }: RunRow): string {
  return [name, id, experiment, notebook ?? '', user, status]
    .filter(part => part !== '')
    .join('\n');
}
