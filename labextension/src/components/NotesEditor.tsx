import * as React from 'react';

import { h } from '../h';
import { useSurroundings } from './surroundings';

/** Longer notes scroll. */
const MOST_LINES = 12;

interface NotesEditorProps {
  readonly notes: readonly string[];
  readonly isEditable: boolean;
  readonly onSave: (notes: readonly string[]) => void;
}

/** Notes, one a paragraph; leaving the field saves them, as Ctrl+Enter does, and Escape undoes. */
export function NotesEditor({ notes, isEditable, onSave }: NotesEditorProps): React.JSX.Element {
  const { trans } = useSurroundings();
  const saved = notes.join('\n\n');
  const [text, setText] = React.useState(saved);
  React.useEffect(() => {
    setText(saved);
  }, [saved]);
  if (!isEditable) {
    return <p className="nbops-Wrap nbops-Soft">{saved || trans.__('none')}</p>;
  }
  const save = () => {
    onSave(
      text
        .split(/\n\s*\n/)
        .map(note => note.trim())
        .filter(note => note !== '')
    );
  };
  return (
    <>
      <textarea
        className="nbops-Field nbops-Notes"
        aria-label={trans.__('Notes')}
        placeholder={trans.__('What this run was for, what you saw')}
        rows={Math.min(MOST_LINES, Math.max(2, text.split('\n').length))}
        value={text}
        onChange={event => {
          setText(event.target.value);
        }}
        onBlur={() => {
          if (text !== saved) {
            save();
          }
        }}
        onKeyDown={event => {
          if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
            event.preventDefault();
            save();
          } else if (event.key === 'Escape' && text !== saved) {
            event.stopPropagation();
            setText(saved);
          }
        }}
      />
      {text !== saved && <small>{trans.__('Saved when you leave the field')}</small>}
    </>
  );
}
