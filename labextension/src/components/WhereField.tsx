import * as React from 'react';

import { complete } from '../complete';
import { h } from '../h';
import { useSurroundings } from './surroundings';

interface WhereFieldProps {
  readonly where: string;
  readonly fields: readonly string[];
  readonly onWhere: (where: string) => void;
}

/** A condition on runs, completed while it is typed; Enter asks, Escape closes the list. */
export function WhereField({ where, fields, onWhere }: WhereFieldProps): React.JSX.Element {
  const { trans } = useSurroundings();
  const id = React.useId();
  const input = React.useRef<HTMLInputElement>(null);
  const [text, setText] = React.useState(where);
  const [cursor, setCursor] = React.useState<number | null>(null);
  const [active, setActive] = React.useState(-1);
  const { from, options } =
    cursor === null ? { from: 0, options: [] } : complete(text.slice(0, cursor), fields);

  const choose = (option: string) => {
    const next = `${text.slice(0, from)}${option} ${text.slice(cursor ?? 0).trimStart()}`;
    setText(next);
    setActive(-1);
    setCursor(from + option.length + 1);
    input.current?.focus();
  };
  const press = (event: React.KeyboardEvent) => {
    const chosen = options[active];
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined && options.length > 0) {
      setActive((active + step + options.length) % options.length);
    } else if ((event.key === 'Enter' || event.key === 'Tab') && chosen !== undefined) {
      choose(chosen);
    } else if (event.key === 'Enter') {
      setCursor(null);
      onWhere(text.trim());
    } else if (event.key === 'Escape' && cursor !== null && options.length > 0) {
      setCursor(null);
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <span className="nbops-Where">
      <input
        ref={input}
        className="nbops-Field"
        type="text"
        role="combobox"
        aria-expanded={options.length > 0}
        aria-controls={id}
        aria-autocomplete="list"
        aria-activedescendant={active < 0 ? undefined : `${id}-${active}`}
        aria-label={trans.__('Condition')}
        title={trans.__('Condition; Enter applies it')}
        placeholder="metrics.auc > 0.9"
        spellCheck={false}
        autoComplete="off"
        value={text}
        onChange={event => {
          setText(event.target.value);
          setActive(-1);
          setCursor(event.target.selectionStart);
        }}
        onClick={event => {
          setCursor(event.currentTarget.selectionStart);
        }}
        onKeyDown={press}
        onBlur={() => {
          setCursor(null);
          if (text.trim() !== where) {
            onWhere(text.trim());
          }
        }}
      />
      <ul id={id} role="listbox" aria-label={trans.__('Completions')} hidden={options.length === 0}>
        {options.map((option, index) => (
          <li
            key={option}
            id={`${id}-${index}`}
            role="option"
            aria-selected={index === active}
            onMouseDown={event => {
              event.preventDefault(); // the field keeps the focus
              choose(option);
            }}
          >
            {option}
          </li>
        ))}
      </ul>
    </span>
  );
}
