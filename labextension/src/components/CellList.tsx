import * as React from 'react';

import { h } from '../h';
import type { CellRow, Row } from '../rows';
import type { Actions } from '../tokens';
import { CellItem } from './CellItem';
import type { CellActions } from './CellItem';
import { FoldItem } from './FoldItem';
import { useSurroundings } from './surroundings';
import { flatten, moveFor } from './treeKeys';
import type { Item } from './treeKeys';

/** Rows that are drawn at first, and that each press of the button adds. */
const PAGE = 200;

interface CellListProps {
  readonly rows: readonly Row[];
  readonly label: string;
  /** Folds that are open, by their keys. */
  readonly unfolded: readonly string[];
  readonly picked: readonly string[];
  readonly actions: Pick<Actions, 'unfold' | 'reveal' | 'explain' | 'open' | 'pick' | 'trace'>;
}

/** The cell runs as a tree with one tab stop. */
export function CellList(props: CellListProps): React.JSX.Element {
  const { rows, label, picked, actions } = props;
  const { trans } = useSurroundings();
  const expanded = React.useMemo(() => new Set(props.unfolded), [props.unfolded]);
  const [active, setActive] = React.useState<string | null>(null);
  const [selected, setSelected] = React.useState<string | null>(null);
  const [most, setMost] = React.useState(PAGE);
  const tree = React.useRef<HTMLDivElement>(null);

  const all = flatten(rows, expanded);
  const items = all.slice(0, most);
  const stop = items.find(({ row }) => row.key === active)?.row.key ?? items[0]?.row.key;
  const cellActions: CellActions = {
    onReveal: ({ key, cellRun }) => {
      setSelected(key);
      actions.reveal(cellRun);
    },
    onOpen: actions.open,
    onExplain: actions.explain,
    onPick: actions.pick,
    onTrace: actions.trace
  };
  const press = (event: React.KeyboardEvent, row: Row) => {
    if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey) {
      return;
    }
    const move = moveFor(event.key, items, row.key, expanded);
    if (move?.kind === 'focus') {
      findRow(tree.current, move.key)?.focus();
    } else if (move || (event.key === 'Enter' && row.kind === 'fold')) {
      actions.unfold(move?.key ?? row.key);
    } else if (row.kind === 'fold' || !act(event.key, row, cellActions)) {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  };
  const show = ({ row, level }: Item) => {
    const shared = {
      level,
      isStop: row.key === stop,
      onFocus: () => {
        setActive(row.key);
      },
      onKeyDown: (event: React.KeyboardEvent) => {
        press(event, row);
      }
    };
    const [isSelected, isPicked] = [
      row.key === selected,
      row.kind === 'cell' && row.runId !== null && picked.includes(row.runId)
    ];
    return row.kind === 'fold' ? (
      <FoldItem
        {...shared}
        key={row.key}
        row={row}
        isExpanded={expanded.has(row.key)}
        onToggle={actions.unfold}
      />
    ) : (
      <CellItem {...shared} {...cellActions} {...{ row, isSelected, isPicked }} key={row.key} />
    );
  };

  return (
    <>
      {/* A tree without items is none, and says nothing to nobody. */}
      {items.length > 0 && (
        <div role="tree" aria-label={label} aria-multiselectable ref={tree}>
          {items.map(show)}
        </div>
      )}
      {all.length > items.length && (
        <button
          className="nbops-More"
          onClick={() => {
            setMost(most + PAGE);
          }}
        >
          {trans._n('Show %1 older', 'Show %1 older', Math.min(PAGE, all.length - items.length))}
        </button>
      )}
    </>
  );
}

/** The element of a row, by the row's key. */
function findRow(tree: HTMLElement | null, key: string): HTMLElement | undefined {
  const rows = [...(tree?.querySelectorAll<HTMLElement>('[data-key]') ?? [])];
  return rows.find(row => row.dataset.key === key);
}

/** Do what a key means on a cell run, if anything. */
function act(key: string, row: CellRow, actions: CellActions): boolean {
  const runId = row.cellRun.status === 'running' ? null : row.runId;
  if (key === 'Enter') {
    actions.onReveal(row);
  } else if (key === 'd') {
    actions.onOpen(row.cellRun);
  } else if (key === 'w' && runId !== null) {
    actions.onExplain(runId);
  } else if (key === ' ' && runId !== null) {
    actions.onPick(runId);
  } else {
    return false;
  }
  return true;
}
