import * as React from 'react';

import { h } from '../h';
import { useSurroundings } from './surroundings';

interface TagsEditorProps {
  readonly tags: Readonly<Record<string, string>>;
  readonly isEditable: boolean;
  /** null takes a tag away. */
  readonly onSave: (tags: Readonly<Record<string, string | null>>) => void;
}

/** Tags, each with a way to take it away, and a line for the next: `name=value`. */
export function TagsEditor({ tags, isEditable, onSave }: TagsEditorProps): React.JSX.Element {
  const { trans } = useSurroundings();
  const [text, setText] = React.useState('');
  const names = Object.keys(tags);
  const add = () => {
    const [name = '', ...value] = text.split('=');
    if (name.trim() !== '') {
      onSave({ [name.trim()]: value.join('=').trim() });
      setText('');
    }
  };
  return (
    <>
      <p className="nbops-Tags">
        {names.map(name => (
          <span key={name} className="nbops-Chip">
            <span className="nbops-Chip-label">{name}</span>
            {tags[name] !== '' && (
              <span className="nbops-Chip-value nbops-mod-long" title={tags[name]}>
                {tags[name]}
              </span>
            )}
            {isEditable && (
              <button
                aria-label={trans.__('Remove the tag %1', name)}
                onClick={() => {
                  onSave({ [name]: null });
                }}
              >
                ×
              </button>
            )}
          </span>
        ))}
        {names.length === 0 && !isEditable && (
          <span className="nbops-Soft">{trans.__('none')}</span>
        )}
      </p>
      {isEditable && (
        <input
          className="nbops-Field"
          type="text"
          aria-label={trans.__('Add a tag')}
          placeholder={trans.__('name=value, then Enter')}
          value={text}
          onChange={event => {
            setText(event.target.value);
          }}
          onKeyDown={event => {
            if (event.key === 'Enter') {
              event.preventDefault();
              add();
            }
          }}
        />
      )}
    </>
  );
}
