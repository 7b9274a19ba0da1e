import * as React from 'react';

import { kindOf, nameOf } from '../columns';
import { h } from '../h';
import { useSurroundings } from './surroundings';

interface ColumnChoiceProps {
  readonly fields: readonly string[];
  readonly columns: readonly string[];
  readonly onColumns: (columns: readonly string[]) => void;
}

/** Which values the table shows, in the order in which they were chosen. */
export function ColumnChoice(props: ColumnChoiceProps): React.JSX.Element {
  const { fields, columns, onColumns } = props;
  const { trans } = useSurroundings();
  return (
    <details className="nbops-Columns">
      <summary>{trans._n('%1 column', '%1 columns', columns.length)}</summary>
      <div role="group" aria-label={trans.__('Columns')}>
        {fields.map(field => (
          <label key={field}>
            <input
              type="checkbox"
              checked={columns.includes(field)}
              onChange={event => {
                const others = columns.filter(each => each !== field);
                onColumns(event.target.checked ? [...others, field] : others);
              }}
            />
            <span title={field}>{nameOf(field)}</span>
            <small>{kindOf(field, trans)}</small>
          </label>
        ))}
      </div>
    </details>
  );
}
