import * as React from 'react';

import { HERE } from '../formState';
import type { FormState } from '../formState';
import { h } from '../h';
import { Section } from './Section';
import { useSurroundings } from './surroundings';

interface WhereChoiceProps {
  readonly state: FormState;
  readonly onPlace: (place: string) => void;
}

/** This machine, or a system that files are written for. */
export function WhereChoice({ state, onPlace }: WhereChoiceProps): React.JSX.Element {
  const { trans } = useSurroundings();
  const id = React.useId();
  const { place, targets } = state;
  const { answer, trouble } = targets;
  const chosen = answer?.find(({ name }) => name === place);
  return (
    <Section title={trans.__('Where to')}>
      <div className="nbops-Form-field">
        <select
          className="nbops-Select"
          aria-label={trans.__('Where to')}
          aria-describedby={id}
          value={place}
          onChange={event => {
            onPlace(event.target.value);
          }}
        >
          <option value={HERE}>{trans.__('This machine')}</option>
          {answer && answer.length > 0 && (
            <optgroup label={trans.__('Files for')}>
              {answer.map(({ name }) => (
                <option key={name} value={name}>
                  {name}
                </option>
              ))}
            </optgroup>
          )}
        </select>
        <p id={id} className="nbops-Form-about">
          {trouble
            ? `${trouble.message} ${trouble.hint}`.trim()
            : chosen
              ? chosen.summary
              : trans.__('A job of this machine’s own scheduler; it runs while the machine does.')}
        </p>
      </div>
    </Section>
  );
}
