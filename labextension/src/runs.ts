/** All runs, as far as someone looks at them. Knows no DOM and no React. */

import type { RunRow, RunsAnswer, RunsPage } from './answers';
import { PolledModel } from './polled';
import type { DataSource, RunsQuery } from './tokens';
import { asTrouble } from './trouble';
import type { Trouble } from './trouble';

const INTERVAL_MS = 2000;
/** While the server tells what is new. */
const TOLD_MS = 15_000;
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

const UNASKED: RunsState = {
  query: MINE,
  known: null,
  rows: new Map(),
  isOutdated: false,
  trouble: null
};

export class RunsModel extends PolledModel<RunsState> {
  constructor(private readonly source: DataSource) {
    const pace = { interval: INTERVAL_MS, max: PATIENCE_MS, told: TOLD_MS };
    super('runs', UNASKED, pace, source.news);
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
    this.work(isVisible);
  }

  /** Ask another question; what is shown stays until the answer is there. */
  ask(change: Partial<RunsQuery>): void {
    this._first = 0;
    this.update({ query: { ...this.state.query, ...change }, isOutdated: true });
    if (this._isVisible) {
      this.work(true);
    }
  }

  /** Make sure that the rows in sight are there. */
  look(first: number, last: number): void {
    this._first = first;
    const { known, rows } = this.state;
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
    await this.poll.refresh();
  }

  protected override get path(): string | null {
    return this._path;
  }

  protected override async pollOnce(): Promise<void> {
    await this.load(Math.floor(this._first / PAGE_ROWS) + 1, true);
    if (this.state.trouble) {
      throw this.state.trouble; // the poll then waits longer each time
    }
  }

  /** @param isFresh - Rows of other pages are forgotten where something changed. */
  private async load(page: number, isFresh = false): Promise<void> {
    const { query, known, isOutdated } = this.state;
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
      if (query === this.state.query) {
        this.take(answer, isFresh);
      }
    } catch (reason) {
      if (query === this.state.query) {
        this.update({ trouble: asTrouble(reason) });
      }
    } finally {
      this._loading.delete(key);
    }
  }

  private take(answer: RunsAnswer, isFresh: boolean): void {
    if (answer.unchanged) {
      const { known } = this.state;
      const { error } = answer;
      const isNews = known && known.error !== error;
      this.update({
        known: isNews ? { ...known, error } : known,
        trouble: null,
        isOutdated: false
      });
      return;
    }
    if (isFresh) {
      this.noteNew();
    }
    const rows = new Map(isFresh ? [] : this.state.rows);
    for (const [index, row] of answer.rows.entries()) {
      rows.set((answer.page - 1) * answer.limit + index, row);
    }
    this.update({ known: answer, rows, isOutdated: false, trouble: null });
  }

  private _path: string | null = null;
  private _first = 0;
  private _isVisible = false;
  private _isLooking = false;
  private readonly _loading = new Set<string>();
}
