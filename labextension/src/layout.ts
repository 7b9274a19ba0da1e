/** How a person arranged the panel: what the list and the table show, and what of it outlives a reload. */

import { Debouncer } from '@lumino/polling';
import { Signal } from '@lumino/signaling';
import type { ISignal } from '@lumino/signaling';

import { RESULTS } from './filter';
import type { Filter } from './filter';
import type { Models } from './models';
import { TABS } from './navigation';
import type { Tab } from './navigation';
import type { RunsQuery } from './tokens';

export interface Arrangement {
  readonly filter: Filter;
  /** Folds of the list that are open, by their keys, the latest last. */
  readonly unfolded: readonly string[];
  /** Of the table of runs; null: those that say most. */
  readonly columns: readonly string[] | null;
}

/** What is kept. A search is not: who comes back tomorrow would miss rows and not see why. */
interface Kept extends Omit<Arrangement, 'filter'> {
  readonly filter: Omit<Filter, 'text'>;
  readonly runs: Omit<RunsQuery, 'text'>;
  readonly tab: Tab;
}

/** The part of JupyterLab's state database that is used; each workspace has its own. */
export interface StateShelf {
  fetch(key: string): Promise<unknown>;
  save(key: string, value: never): Promise<void>;
}

const KEY = '@nbops/labextension:layout';
/** Folds of notebooks that were closed long ago are forgotten. */
const MOST_UNFOLDED = 100;
const SAVING_MS = 300;

export class Layout {
  get state(): Arrangement {
    return this._state;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  arrange(change: Partial<Arrangement>): void {
    this._state = { ...this._state, ...change };
    this._changed.emit();
  }

  /** Open a fold of the list, or close it. */
  toggle(key: string): void {
    const others = this._state.unfolded.filter(each => each !== key);
    const isOpen = others.length < this._state.unfolded.length;
    this.arrange({ unfolded: isOpen ? others : [...others, key].slice(-MOST_UNFOLDED) });
  }

  private _state: Arrangement = { filter: RESULTS, unfolded: [], columns: null };
  private readonly _changed = new Signal<this, void>(this);
}

type Parts = Pick<Models, 'layout' | 'runs' | 'navigation'>;

/** Put everything as it was left, and keep how it is left from now on. */
export async function keepLayout(shelf: StateShelf, parts: Parts): Promise<void> {
  const { layout, runs, navigation } = parts;
  const before = JSON.stringify(readKept(parts));
  const kept = await shelf.fetch(KEY).catch(() => undefined);
  // Who was faster than the answer meant what they did.
  if (isKept(kept) && JSON.stringify(readKept(parts)) === before) {
    const { filter, unfolded, columns } = kept;
    layout.arrange({ filter: { ...RESULTS, ...filter }, unfolded, columns });
    runs.ask(kept.runs);
    navigation.choose(kept.tab);
  }
  let last = JSON.stringify(readKept(parts));
  const saving = new Debouncer(() => shelf.save(KEY, readKept(parts) as never), SAVING_MS);
  const save = () => {
    const now = JSON.stringify(readKept(parts));
    if (now !== last) {
      last = now;
      void saving.invoke().catch((reason: unknown) => {
        console.warn('nbops: how the panel is arranged is not kept.', reason);
      });
    }
  };
  [layout, runs, navigation].forEach(({ changed }) => changed.connect(save));
}

function readKept({ layout, runs, navigation }: Parts): Kept {
  const { filter, unfolded, columns } = layout.state;
  const { focus, isGrouped } = filter;
  const { where, sort, user, experiment } = runs.state.query;
  return {
    filter: { focus, isGrouped },
    unfolded,
    columns,
    runs: { where, sort, user, experiment },
    tab: navigation.tab
  };
}

/** Whether this version understands what another one may have kept. */
function isKept(value: unknown): value is Kept {
  const { filter, unfolded, columns, runs, tab } = (value ?? {}) as Partial<Kept>;
  return (
    typeof filter === 'object' &&
    ['results', 'all', 'failed', 'data'].includes(filter.focus) &&
    Array.isArray(unfolded) &&
    (columns === null || Array.isArray(columns)) &&
    typeof runs === 'object' &&
    Object.values(runs).every(each => typeof each === 'string') &&
    TABS.some(each => each === tab)
  );
}
