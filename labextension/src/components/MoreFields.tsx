import * as React from 'react';

import { HERE, keepsTo } from '../formState';
import type { FormState, More } from '../formState';
import { h } from '../h';
import type { CatchUp } from '../jobs';
import type { Translation } from '../tokens';
import { useSurroundings } from './surroundings';

interface MoreFieldsProps {
  readonly state: FormState;
  readonly onMore: (more: More) => void;
}

/** What few jobs need, folded away: passwords, missed runs, and what only some systems take. */
export function MoreFields({ state, onMore }: MoreFieldsProps): React.JSX.Element {
  const { trans } = useSurroundings();
  const { place, schedule, more } = state;
  const fill = (change: Partial<More>) => {
    onMore({ ...more, ...change });
  };
  const choices = (['none', 'last', 'all'] as const).filter(choice =>
    keepsTo(state, `--catch-up ${choice}`)
  );
  return (
    <details className="nbops-Section nbops-Form-more">
      <summary>{trans.__('More')}</summary>
      {place === HERE ? (
        <TextField
          label={trans.__('Credentials')}
          about={trans.__(
            'A file of NAME=VALUE lines that only you can read, or command: and what prints such lines'
          )}
          placeholder="~/.config/report.env"
          value={more.credentials}
          onValue={credentials => {
            fill({ credentials });
          }}
        />
      ) : (
        <TextField
          label={trans.__('Secrets')}
          about={trans.__('Names of variables that the system’s own secrets set')}
          placeholder="DB_USER DB_PASSWORD"
          value={more.secrets}
          onValue={secrets => {
            fill({ secrets });
          }}
        />
      )}
      {keepsTo(state, '--image') && (
        <TextField
          label={trans.__('Image')}
          about={trans.__('What its container is called, with the registry')}
          placeholder="ghcr.io/me/report:1"
          value={more.image}
          onValue={image => {
            fill({ image });
          }}
        />
      )}
      {choices.length > 0 && schedule.trim() !== '' && (
        <CatchUpField
          choices={choices}
          value={more.catchUp}
          onValue={catchUp => {
            fill({ catchUp });
          }}
        />
      )}
      {keepsTo(state, '--on push') && (
        <label className="nbops-Form-check">
          <input
            type="checkbox"
            checked={more.isOnPush}
            onChange={event => {
              fill({ isOnPush: event.target.checked });
            }}
          />
          {trans.__('Run what a push changes, too')}
        </label>
      )}
    </details>
  );
}

interface TextFieldProps {
  readonly label: string;
  readonly about: string;
  readonly placeholder: string;
  readonly value: string;
  readonly onValue: (value: string) => void;
}

function TextField(props: TextFieldProps): React.JSX.Element {
  const id = React.useId();
  return (
    <div className="nbops-Form-field">
      <label htmlFor={id}>{props.label}</label>
      <input
        id={id}
        className="nbops-Field"
        type="text"
        aria-describedby={`${id}-about`}
        placeholder={props.placeholder}
        spellCheck={false}
        autoComplete="off"
        value={props.value}
        onChange={event => {
          props.onValue(event.target.value);
        }}
      />
      <p id={`${id}-about`} className="nbops-Form-about">
        {props.about}
      </p>
    </div>
  );
}

interface CatchUpFieldProps {
  readonly choices: readonly CatchUp[];
  readonly value: More['catchUp'];
  readonly onValue: (value: More['catchUp']) => void;
}

function CatchUpField({ choices, value, onValue }: CatchUpFieldProps): React.JSX.Element {
  const { trans } = useSurroundings();
  const id = React.useId();
  return (
    <div className="nbops-Form-field">
      <label htmlFor={id}>{trans.__('Missed runs')}</label>
      <select
        id={id}
        className="nbops-Select"
        value={choices.some(choice => choice === value) ? value : ''}
        onChange={event => {
          onValue(event.target.value as More['catchUp']);
        }}
      >
        <option value="">{trans.__('as the system does')}</option>
        {choices.map(choice => (
          <option key={choice} value={choice}>
            {sayCatchUp(choice, trans)}
          </option>
        ))}
      </select>
    </div>
  );
}

function sayCatchUp(choice: CatchUp, trans: Translation): string {
  switch (choice) {
    case 'none':
      return trans.__('leave them out');
    case 'last':
      return trans.__('make up for the last one');
    case 'all':
      return trans.__('make up for all');
  }
}
