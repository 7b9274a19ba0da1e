/** Jobs of this machine and all that ran, as long as someone looks. Knows no DOM and no React. */

import type { RunRow } from './answers';
import type { JobDesk } from './desk';
import type { Ask, ScheduledJob } from './jobs';
import type { Asked } from './navigation';
import { PolledModel } from './polled';
import { MINE } from './runs';
import type { DataSource } from './tokens';
import { asTrouble } from './trouble';
import type { Trouble } from './trouble';

const INTERVAL_MS = 2000;
/** While the server tells what is new. */
const TOLD_MS = 15_000;
const PATIENCE_MS = 30_000;
/** What is scheduled changes seldom, and asking takes a process. */
const SCHEDULED_EVERY_MS = 20_000;
const MOST_RUNS = 100;

export interface JobsState {
  readonly scheduled: Asked<readonly ScheduledJob[]>;
  /** Newest first; null until the first answer. */
  readonly runs: readonly RunRow[] | null;
  readonly total: number;
  readonly trouble: Trouble | null;
  /** Jobs that something is being done to, by name. */
  readonly busy: readonly string[];
}

export class JobsModel extends PolledModel<JobsState> {
  constructor(
    private readonly source: DataSource,
    private readonly desk: JobDesk
  ) {
    super(
      'jobs',
      {
        scheduled: { answer: null, trouble: null },
        runs: null,
        total: 0,
        trouble: null,
        busy: []
      },
      { interval: INTERVAL_MS, max: PATIENCE_MS, told: TOLD_MS },
      source.news
    );
  }

  setPath(path: string): void {
    if (path !== this._path) {
      this._path = path;
      this._version = 0;
      this._readAt = 0;
      this.work(this._isVisible);
    }
  }

  /** A list that nobody sees asks nothing. */
  setVisible(isVisible: boolean): void {
    if (isVisible !== this._isVisible) {
      this._isVisible = isVisible;
      this._isLooking = isVisible;
      this._readAt = 0;
      this.work(isVisible);
    }
  }

  /** Do something to a scheduled job; rejects with a `Trouble`. */
  async order(job: string, verb: NonNullable<Ask['verb']>): Promise<void> {
    this.update({ busy: [...this.state.busy, job] });
    try {
      await this.desk.order(this._path, job, verb);
    } finally {
      this.update({ busy: this.state.busy.filter(each => each !== job) });
      await this.readScheduled();
    }
  }

  /** What is scheduled, asked for anew. */
  async readScheduled(): Promise<void> {
    const path = this._path;
    const asked = await this.desk.scheduled(path).then(
      answer => ({ answer, trouble: null }),
      (reason: unknown) => ({
        answer: this.state.scheduled.answer,
        trouble: asTrouble(reason)
      })
    );
    if (path === this._path) {
      this.update({ scheduled: asked });
    }
  }

  protected override get path(): string | null {
    return this._path;
  }

  protected override async pollOnce(): Promise<void> {
    if (Date.now() - this._readAt >= SCHEDULED_EVERY_MS) {
      this._readAt = Date.now();
      void this.readScheduled();
    }
    await this.readRuns();
    if (this.state.trouble) {
      throw this.state.trouble; // the poll then waits longer each time
    }
  }

  private async readRuns(): Promise<void> {
    const path = this._path;
    const isLooking = this._isLooking;
    this._isLooking = false;
    try {
      const answer = await this.source.runs(path, {
        ...MINE,
        user: '*',
        where: "origin = 'job'",
        page: 1,
        limit: MOST_RUNS,
        since: this._version,
        isLooking
      });
      if (path !== this._path) {
        return;
      }
      if (!answer.unchanged) {
        this.noteNew();
      }
      this._version = answer.version;
      const { rows: runs, total } = answer.unchanged
        ? { rows: this.state.runs ?? [], total: this.state.total }
        : answer;
      this.update({ runs, total, trouble: null });
    } catch (reason) {
      if (path === this._path) {
        this.update({ trouble: asTrouble(reason) });
      }
    }
  }

  private _path = '';
  private _version = 0;
  private _readAt = 0;
  private _isVisible = false;
  private _isLooking = false;
}
