import * as React from 'react';

import { h } from '../h';

interface ChoiceProps<Value extends string> {
  readonly label: string;
  readonly value: Value;
  /** What can be chosen, each with what it is called. */
  readonly options: readonly (readonly [Value, string])[];
  readonly onChoose: (value: Value) => void;
}

/** One of several, in little room. */
export function Choice<Value extends string>(props: ChoiceProps<Value>): React.JSX.Element {
  return (
    <select
      className="nbops-Select"
      aria-label={props.label}
      value={props.value}
      onChange={event => {
        props.onChoose(event.target.value as Value);
      }}
    >
      {props.options.map(([value, name]) => (
        <option key={value} value={value}>
          {name}
        </option>
      ))}
    </select>
  );
}
