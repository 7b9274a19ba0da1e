/** How the cells of the notebook in front stand to what they show. Knows no DOM and no React. */

import type { IDisposable } from '@lumino/disposable';
import { Debouncer, Poll } from '@lumino/polling';
import { Signal } from '@lumino/signaling';
import type { ISignal } from '@lumino/signaling';

import type { CellState, OpenCell, StateKind } from './answers';
import type { DataSource } from './tokens';

const LIVE_MS = 2000;
/** A notebook of which nothing is recorded. */
const IDLE_MS = 10_000;
const PATIENCE_MS = 60_000;
/** A person who types is not told at each key that they typed. */
const TYPING_MS = 600;

export const KINDS: readonly StateKind[] = ['failed', 'changed', 'stale', 'order'];

/** The notebook in front, as it is on the screen. */
export interface OpenNotebook {
  readonly path: string;
  readonly cells: readonly OpenCell[];
}

export class StatesModel implements IDisposable {
  /** @param read - Says what is in front now. */
  constructor(
    private readonly source: Pick<DataSource, 'states' | 'statesVersion'>,
    private readonly read: () => OpenNotebook | null
  ) {
    this._poll = new Poll({
      auto: false,
      name: '@nbops/labextension:states',
      factory: () => this.pollOnce(),
      frequency: { interval: LIVE_MS, backoff: true, max: PATIENCE_MS },
      standby: 'when-hidden'
    });
    this._typing = new Debouncer(() => {
      this.look();
    }, TYPING_MS);
  }

  /** Of cells that have something to say, as far as it was not silenced. */
  get states(): readonly CellState[] {
    return this._states;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._poll.isDisposed;
  }

  dispose(): void {
    this._poll.dispose();
    this._typing.dispose();
    Signal.clearData(this);
  }

  /** Which kinds a person wants to know of; with none, nothing is asked. */
  setKinds(kinds: readonly StateKind[]): void {
    this._kinds = new Set(kinds);
    this.show(this._told?.states ?? []);
    this.look();
  }

  /** Look now: another notebook is in front, or a cell ran. */
  look(): void {
    void (this._kinds.size > 0 ? this._poll.refresh() : this._poll.stop());
  }

  /** Look once nobody types any more. */
  noteTyping(): void {
    void this._typing.invoke();
  }

  private async pollOnce(): Promise<void> {
    const open = this.read();
    if (open === null) {
      this.take({ path: '', text: '', version: null, states: [] });
      return;
    }
    const { path, cells } = open;
    const text = JSON.stringify(cells);
    if (path !== this._told?.path) {
      this.show([]); // what is known is of another notebook
    }
    let version = await this.source.statesVersion(path);
    const isSame = this._told?.path === path && this._told.text === text;
    if (isSame && this._told?.version === version) {
      return;
    }
    let states: readonly CellState[] = [];
    if (version !== null) {
      ({ version, states } = await this.source.states(path, cells));
    }
    if (this.read()?.path === path) {
      this.take({ path, text, version, states });
    }
  }

  private take(told: Told): void {
    this._told = told;
    const interval = told.version === null ? IDLE_MS : LIVE_MS;
    this._poll.frequency = { interval, backoff: true, max: PATIENCE_MS };
    this.show(told.states);
  }

  private show(states: readonly CellState[]): void {
    const shown = states
      .map(state => ({ ...state, marks: state.marks.filter(({ kind }) => this._kinds.has(kind)) }))
      .filter(({ marks }) => marks.length > 0);
    if (JSON.stringify(shown) !== JSON.stringify(this._states)) {
      this._states = shown;
      this._changed.emit();
    }
  }

  private _kinds: ReadonlySet<StateKind> = new Set();
  private _told: Told | null = null;
  private _states: readonly CellState[] = [];
  private readonly _poll: Poll;
  private readonly _typing: Debouncer;
  private readonly _changed = new Signal<this, void>(this);
}

interface Told {
  readonly path: string;
  readonly text: string;
  readonly version: string | null;
  readonly states: readonly CellState[];
}
