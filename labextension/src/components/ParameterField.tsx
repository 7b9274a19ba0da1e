import * as React from 'react';

import { showDefault } from '../formState';
import { h } from '../h';
import type { Parameter, Problem } from '../jobs';
import { showScalar } from '../wording';
import { useSurroundings } from './surroundings';

interface ParameterFieldProps {
  readonly parameter: Parameter;
  /** What was typed; undefined: nothing, so the default holds. */
  readonly text: string | undefined;
  readonly problem: Problem | null;
  readonly onText: (text: string) => void;
}

/** One parameter: its value, what it takes, and why it does not take what was typed. */
export function ParameterField(props: ParameterFieldProps): React.JSX.Element {
  const { parameter, text, problem, onText } = props;
  const { trans } = useSurroundings();
  const id = React.useId();
  const { name, help, takes, is_required } = parameter;
  const given = showDefault(parameter);
  // A field that was emptied stays empty while someone is about to type in it.
  const [isEmptied, setEmptied] = React.useState(false);
  const shared = {
    id,
    value: text ?? (isEmptied ? '' : given),
    'aria-invalid': problem !== null,
    'aria-required': is_required,
    'aria-describedby': `${id}-about`,
    onChange: (event: React.ChangeEvent<HTMLInputElement | HTMLSelectElement>) => {
      setEmptied(event.target.value === '');
      onText(event.target.value);
    },
    onBlur: () => {
      setEmptied(false);
    }
  };
  const options = optionsOf(parameter);
  return (
    <div className={problem ? 'nbops-Form-field nbops-mod-invalid' : 'nbops-Form-field'}>
      <label htmlFor={id}>
        {name}
        {is_required && <span className="nbops-Soft"> {trans.__('(must be given)')}</span>}
      </label>
      {options === null ? (
        <input
          {...shared}
          className="nbops-Field"
          type="text"
          inputMode={isNumber(parameter) ? 'decimal' : undefined}
          placeholder={given}
          spellCheck={false}
          autoComplete="off"
        />
      ) : (
        <select {...shared} className="nbops-Select">
          {is_required && <option value="" />}
          {options.map(option => (
            <option key={option} value={option}>
              {option}
            </option>
          ))}
        </select>
      )}
      <p id={`${id}-about`} className="nbops-Form-about">
        {problem ? (
          <span className="nbops-Form-problem" role="alert">
            {`${problem.message} ${problem.hint}`.trim()}
          </span>
        ) : (
          [help, takes].filter(part => part !== '').join(' · ')
        )}
      </p>
    </div>
  );
}

/** All that can be chosen; null where something has to be typed. */
function optionsOf({ choices, type }: Parameter): readonly string[] | null {
  const nothing = type.includes('None') ? ['None'] : [];
  if (choices.length > 0) {
    return [...choices.map(showScalar), ...nothing];
  }
  return type.length === 1 && type[0] === 'bool' ? ['True', 'False'] : null;
}

function isNumber({ type }: Parameter): boolean {
  return type.length > 0 && type.every(name => name === 'int' || name === 'float');
}
