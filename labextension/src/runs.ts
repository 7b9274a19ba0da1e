/** All runs, as far as someone looks at them. Knows no DOM and no React. */

import type { IDisposable } from '@lumino/disposable';
import { Poll } from '@lumino/polling';
import { Signal } from '@lumino/signaling';
import type { ISignal } from '@lumino/signaling';

import type { RunRow, RunsPage } from './answers';
import type { DataSource, RunsQuery } from './tokens';
import { asTrouble } from './trouble';
import type { Trouble } from './trouble';

const INTERVAL_MS = 2000;
const PATIENCE_MS = 30_000;

/** Rows that are asked for at once. */
export const PAGE_ROWS = 100;

export const MINE: RunsQuery = { text: '', where: '', sort: '', user: '', experiment: '' };

export interface RunsState {
  readonly query: RunsQuery;
  /** null until the first answer. */
  readonly known: Omit<RunsPage, 'rows' | 'page' | 'limit'> | null;
  /** Rows by their place; those that nobody looked at are not there. */
  readonly rows: ReadonlyMap<number, RunRow>;
  /** What is shown is the answer to an earlier question. */
  readonly isOutdated: boolean;
  readonly trouble: Trouble | null;
}

export class RunsModel implements IDisposable {
  constructor(private readonly source: DataSource) {
    this._poll = new Poll({
      auto: false,
      name: '@nbops/labextension:runs',
      factory: () => this.pollOnce(),
      frequency: { interval: INTERVAL_MS, backoff: true, max: PATIENCE_MS },
      standby: 'when-hidden'
    });
  }

  get state(): RunsState {
    return this._state;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._poll.isDisposed;
  }

  dispose(): void {
    this._poll.dispose();
    Signal.clearData(this);
  }

  /** Whose runs: those of the workspace that this path lies in. */
  setPath(path: string): void {
    if (path !== this._path) {
      this._path = path;
      this.ask({});
    }
  }

  /** A table that nobody sees asks nothing. */
  setVisible(isVisible: boolean): void {
    if (isVisible === this._isVisible) {
      return;
    }
    this._isVisible = isVisible;
    this._isLooking = isVisible;
    void (isVisible ? this._poll.refresh() : this._poll.stop());
  }

  /** Ask another question; what is shown stays until the answer is there. */
  ask(change: Partial<RunsQuery>): void {
    this._first = 0;
    this.update({ query: { ...this._state.query, ...change }, isOutdated: true });
    if (this._isVisible) {
      void this._poll.refresh();
    }
  }

  /** Make sure that the rows in sight are there. */
  look(first: number, last: number): void {
    this._first = first;
    const { known, rows } = this._state;
    const missing = new Set<number>();
    for (let place = first; place <= Math.min(last, (known?.total ?? 0) - 1); place++) {
      if (!rows.has(place)) {
        missing.add(Math.floor(place / PAGE_ROWS) + 1);
      }
    }
    for (const page of missing) {
      void this.load(page);
    }
  }

  /** After something was changed that the server knows of: look again at once. */
  async refresh(): Promise<void> {
    await this._poll.refresh();
  }

  private async pollOnce(): Promise<void> {
    await this.load(Math.floor(this._first / PAGE_ROWS) + 1, true);
    if (this._state.trouble) {
      throw this._state.trouble; // the poll then waits longer each time
    }
  }

  /** @param isFresh - Rows of other pages are forgotten where something changed. */
  private async load(page: number, isFresh = false): Promise<void> {
    const { query, known, isOutdated } = this._state;
    const key = `${page}`;
    if (this._path === null || (!isFresh && this._loading.has(key))) {
      return;
    }
    this._loading.add(key);
    const since = isFresh && !isOutdated ? (known?.version ?? 0) : 0;
    const question = { ...query, page, limit: PAGE_ROWS, since, isLooking: this._isLooking };
    this._isLooking = false;
    try {
      const answer = await this.source.runs(this._path, question);
      if (query === this._state.query) {
        this.take(answer.unchanged ? null : answer, isFresh);
      }
    } catch (reason) {
      if (query === this._state.query) {
        this.update({ trouble: asTrouble(reason) });
      }
    } finally {
      this._loading.delete(key);
    }
  }

  private take(answer: RunsPage | null, isFresh: boolean): void {
    if (answer === null) {
      this.update({ trouble: null, isOutdated: false });
      return;
    }
    const rows = new Map(isFresh ? [] : this._state.rows);
    for (const [index, row] of answer.rows.entries()) {
      rows.set((answer.page - 1) * answer.limit + index, row);
    }
    this.update({ known: answer, rows, isOutdated: false, trouble: null });
  }

  private update(change: Partial<RunsState>): void {
    const next = { ...this._state, ...change };
    const keys = Object.keys(next) as (keyof RunsState)[];
    if (keys.some(key => next[key] !== this._state[key])) {
      this._state = next;
      this._changed.emit();
    }
  }

  private _state: RunsState = {
    query: MINE,
    known: null,
    rows: new Map(),
    isOutdated: false,
    trouble: null
  };
  private _path: string | null = null;
  private _first = 0;
  private _isVisible = false;
  private _isLooking = false;
  private readonly _loading = new Set<string>();
  private readonly _poll: Poll;
  private readonly _changed = new Signal<this, void>(this);
}
