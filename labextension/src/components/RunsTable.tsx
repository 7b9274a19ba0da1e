import * as React from 'react';

import type { RunRow } from '../answers';
import { lengthOf, nameOf, nextSort } from '../columns';
import { h } from '../h';
import type { Picked } from '../picks';
import type { RunsState } from '../runs';
import type { Actions } from '../tokens';
import { RunItem } from './RunItem';
import { useSurroundings } from './surroundings';
import { useKeptPlace } from './useKeptPlace';
import { useWindow } from './useWindow';

/** From this width on, values stand in columns; below, in one or two lines of their own. */
const WIDE = 460;
const HEIGHT = { wide: 28, narrow: 46, twoLines: 65 };
/** What stands left and right of the values. */
const BESIDE_PX = 32;

interface RunsTableProps {
  readonly state: RunsState;
  readonly columns: readonly string[];
  readonly picked: Picked;
  readonly isDimmed: boolean;
  /** A page is in its place; it comes back as it was left. */
  readonly isHidden: boolean;
  readonly actions: Actions;
}

/** A table of any length of which only what is in sight is drawn; one tab stop, arrows move. */
export function RunsTable(props: RunsTableProps): React.JSX.Element {
  const { state, columns, picked, isDimmed, isHidden, actions } = props;
  const { trans } = useSurroundings();
  const id = React.useId();
  const area = useKeptPlace(isHidden);
  const [active, setActive] = React.useState(0);
  const total = state.known?.total ?? 0;
  const longest = React.useMemo(
    () => Math.max(0, ...[...state.rows.values()].map(row => lengthOf(row, columns))),
    [state.rows, columns]
  );
  const { first, last, width, rowHeight, reveal } = useWindow(area, total, space =>
    space >= WIDE ? HEIGHT.wide : longest > space - BESIDE_PX ? HEIGHT.twoLines : HEIGHT.narrow
  );
  const isWide = width >= WIDE;
  const { look } = actions;
  React.useEffect(() => {
    look(first, last);
  }, [look, first, last, state.rows]);

  const press = (event: React.KeyboardEvent) => {
    const row = state.rows.get(active);
    const place = nextPlace(event.key, active, total, last - first);
    if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey) {
      return;
    }
    if (place !== null) {
      setActive(place);
      reveal(place);
    } else if (!row || !act(event.key, row, actions)) {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  };
  const places = Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index);
  const head = trans._n('%1 run', '%1 runs', total);

  return (
    <div
      className={[
        'nbops-Runs',
        isWide ? 'nbops-mod-wide' : '',
        isDimmed ? 'nbops-mod-stale' : ''
      ].join(' ')}
      style={{ '--nbops-columns': columns.length } as React.CSSProperties}
    >
      <p className="nbops-Runs-count" role="status">
        {head}
        {picked.ids.length > 0 && ` · ${trans.__('%1 picked', String(picked.ids.length))}`}
      </p>
      {isWide && (
        <Head
          columns={columns}
          sort={state.query.sort}
          onSort={sort => {
            actions.ask({ sort });
          }}
        />
      )}
      <div
        ref={area}
        className="nbops-Scroll"
        role="listbox"
        aria-multiselectable
        aria-label={trans.__('Runs')}
        aria-activedescendant={`${id}-${active}`}
        aria-keyshortcuts="Enter Space b w"
        tabIndex={0}
        onKeyDown={press}
      >
        <div role="presentation" style={{ height: total * rowHeight, position: 'relative' }}>
          {places.map(place => {
            const row = state.rows.get(place);
            return (
              <RunItem
                key={row?.id ?? `place-${place}`}
                id={`${id}-${place}`}
                row={row ?? null}
                other={row && row.user !== state.known?.me ? row.user : ''}
                place={place}
                total={total}
                top={place * rowHeight}
                height={rowHeight}
                columns={columns}
                isActive={place === active}
                picked={picked}
                onActivate={setActive}
                actions={actions}
              />
            );
          })}
        </div>
      </div>
    </div>
  );
}

interface HeadProps {
  readonly columns: readonly string[];
  readonly sort: string;
  readonly onSort: (sort: string) => void;
}

function Head({ columns, sort, onSort }: HeadProps): React.JSX.Element {
  const { trans } = useSurroundings();
  const fields = ['name', ...columns, 'duration', 'started'];
  const names: Readonly<Record<string, string>> = {
    name: trans.__('run'),
    duration: trans.__('took'),
    started: trans.__('started')
  };
  return (
    <div className="nbops-Runs-head">
      <span />
      {fields.map(field => {
        const isSorted = sort.replace(/^-/, '') === field;
        const arrow = sort.startsWith('-') === field.startsWith('metrics.') ? ' ↑' : ' ↓';
        return (
          <button
            key={field}
            title={trans.__('Sort by %1', field)}
            onClick={() => {
              onSort(nextSort(sort, field));
            }}
          >
            {(names[field] ?? nameOf(field)) + (isSorted ? arrow : '')}
          </button>
        );
      })}
    </div>
  );
}

/** Where a key leads; null where it leads nowhere. */
function nextPlace(key: string, place: number, total: number, page: number): number | null {
  const steps = {
    ArrowDown: 1,
    ArrowUp: -1,
    PageDown: page,
    PageUp: -page,
    Home: -total,
    End: total
  };
  const step = (steps as Readonly<Record<string, number>>)[key];
  return step === undefined ? null : Math.max(0, Math.min(total - 1, place + step));
}

function act(key: string, row: RunRow, actions: Actions): boolean {
  switch (key) {
    case 'Enter':
      actions.openRun(row);
      return true;
    case ' ':
      actions.pick(row.id);
      return true;
    case 'b':
      actions.setBaseline(row.id);
      return true;
    case 'w':
      actions.explain(row.id);
      return true;
    default:
      return false;
  }
}
