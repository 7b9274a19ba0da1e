import * as React from 'react';

import type { CellRow, Row } from '../rows';
import type { Actions } from '../tokens';
import { Anchored } from './Anchored';
import { CellItem } from './CellItem';
import { FoldItem } from './FoldItem';
import { flatten, moveFor } from './treeKeys';

interface CellListProps {
  readonly rows: readonly Row[];
  readonly label: string;
  /** Something else is in its place; it comes back as it was left. */
  readonly isHidden: boolean;
  readonly actions: Pick<Actions, 'reveal' | 'explain'>;
  /** What scrolls along below. */
  readonly children: React.ReactNode;
}

/** The cell runs as a tree with one tab stop. */
export function CellList(props: CellListProps): React.JSX.Element {
  const { rows, label, actions } = props;
  const [expanded, setExpanded] = React.useState<ReadonlySet<string>>(new Set());
  const [active, setActive] = React.useState<string | null>(null);
  const [selected, setSelected] = React.useState<string | null>(null);
  const tree = React.useRef<HTMLDivElement>(null);
  const scroll = useKeptPlace(props.isHidden, tree, active);

  const items = flatten(rows, expanded);
  const stop = items.find(({ row }) => row.key === active)?.row.key ?? items[0]?.row.key;
  const open = ({ key, cellRun }: CellRow) => {
    setSelected(key);
    actions.reveal(cellRun);
  };
  const toggle = (key: string) => {
    setExpanded(now => new Set(now.has(key) ? [...now].filter(one => one !== key) : [...now, key]));
  };
  const press = (event: React.KeyboardEvent, row: Row) => {
    if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey) {
      return;
    }
    const move = moveFor(event.key, items, row.key, expanded);
    if (move?.kind === 'focus') {
      findRow(tree.current, move.key)?.focus();
    } else if (move) {
      toggle(move.key);
    } else if (event.key === 'Enter' && row.kind === 'fold') {
      toggle(row.key);
    } else if (event.key === 'Enter' && row.kind === 'cell') {
      open(row);
    } else if (event.key === 'w' && row.kind === 'cell' && row.runId !== null) {
      actions.explain(row.runId);
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <Anchored scrollRef={scroll}>
      <div className="nbops-List" role="tree" aria-label={label} ref={tree}>
        {items.map(({ row, level }) => {
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
          return row.kind === 'fold' ? (
            <FoldItem
              {...shared}
              key={row.key}
              row={row}
              isExpanded={expanded.has(row.key)}
              onToggle={toggle}
            />
          ) : (
            <CellItem
              {...shared}
              key={row.key}
              row={row}
              isSelected={row.key === selected}
              onOpen={open}
              onExplain={actions.explain}
            />
          );
        })}
      </div>
      {props.children}
    </Anchored>
  );
}

/** Where the list was scrolled to and which row had the focus, for when it comes back into sight. */
function useKeptPlace(
  isHidden: boolean,
  tree: React.RefObject<HTMLDivElement>,
  active: string | null
): React.RefObject<HTMLDivElement> {
  const scroll = React.useRef<HTMLDivElement>(null);
  const kept = React.useRef(0);
  const wasHidden = React.useRef(isHidden);
  React.useLayoutEffect(() => {
    if (wasHidden.current && !isHidden && scroll.current) {
      scroll.current.scrollTop = kept.current;
      findRow(tree.current, active)?.focus({ preventScroll: true });
    }
    wasHidden.current = isHidden;
  }, [isHidden, tree, active]);
  React.useEffect(() => {
    const area = scroll.current;
    const keep = () => {
      if (!wasHidden.current) {
        kept.current = area?.scrollTop ?? 0;
      }
    };
    area?.addEventListener('scroll', keep, { passive: true });
    return () => {
      area?.removeEventListener('scroll', keep);
    };
  }, []);
  return scroll;
}

function findRow(tree: HTMLElement | null, key: string | null): HTMLElement | undefined {
  const rows = [...(tree?.querySelectorAll<HTMLElement>('[data-key]') ?? [])];
  return rows.find(row => row.dataset.key === key);
}
