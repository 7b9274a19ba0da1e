import * as React from 'react';

import { h } from '../h';
import { useSurroundings } from './surroundings';

interface SearchFieldProps {
  readonly label: string;
  readonly placeholder: string;
  readonly text: string;
  readonly onText: (text: string) => void;
}

/** A field to search in; Escape empties it. */
export function SearchField(props: SearchFieldProps): React.JSX.Element {
  const { label, placeholder, text, onText } = props;
  const { trans } = useSurroundings();
  return (
    <span className="nbops-Search">
      <input
        type="text"
        role="searchbox"
        aria-label={label}
        title={label}
        placeholder={placeholder}
        spellCheck={false}
        autoComplete="off"
        value={text}
        onChange={event => {
          onText(event.target.value);
        }}
        onKeyDown={event => {
          if (event.key === 'Escape' && text !== '') {
            event.stopPropagation();
            onText('');
          }
        }}
      />
      {text !== '' && (
        <button
          className="nbops-Search-clear"
          aria-label={trans.__('Clear the search')}
          onClick={() => {
            onText('');
          }}
        >
          ×
        </button>
      )}
    </span>
  );
}
