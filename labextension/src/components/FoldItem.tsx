import * as React from 'react';

import { h } from '../h';
import type { FoldRow } from '../rows';
import type { Translation } from '../tokens';
import type { ItemProps } from './CellItem';
import { Chevron } from './Chevron';
import { useSurroundings } from './surroundings';

interface FoldItemProps extends ItemProps {
  readonly row: FoldRow;
  readonly isExpanded: boolean;
  readonly onToggle: (key: string) => void;
}

/** Cell runs of which there is nothing to say, in one line. */
export function FoldItem({
  row,
  isExpanded,
  onToggle,
  ...props
}: FoldItemProps): React.JSX.Element {
  const { trans } = useSurroundings();
  const count = row.rows.length;
  const label = sayFold(row.reason, count, trans);
  return (
    <div
      className="nbops-Item nbops-Fold"
      role="treeitem"
      data-key={row.key}
      aria-level={props.level}
      aria-expanded={isExpanded}
      aria-selected={false}
      tabIndex={props.isStop ? 0 : -1}
      onClick={() => {
        onToggle(row.key);
      }}
      onFocus={props.onFocus}
      onKeyDown={props.onKeyDown}
    >
      <Chevron className="nbops-Fold-caret" />
      {label}
    </div>
  );
}

function sayFold(reason: FoldRow['reason'], count: number, trans: Translation): string {
  switch (reason) {
    case 'quiet':
      return trans._n('%1 more cell', '%1 more cells', count);
    case 'before-tracking':
      return trans._n('%1 cell before tracking', '%1 cells before tracking', count);
    case 'earlier':
      return trans._n('%1 earlier run', '%1 earlier runs', count);
  }
}
