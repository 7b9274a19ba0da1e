/** What the server sends of pipelines, field by field, and the state that follows it. */

import type { RunRow } from './answers';
import { PolledModel } from './polled';
import type { DataSource } from './tokens';
import { asTrouble, Trouble } from './trouble';
import type { Instant, RunStatus } from './wire';

export type StepStatus =
  | 'waiting'
  | 'running'
  | 'unchanged'
  | 'restored'
  | 'finished'
  | 'failed'
  /** By its condition, or because a step before it was. */
  | 'left out'
  /** A step before it failed, or all was interrupted before it began. */
  | 'stopped';

export interface Step {
  readonly name: string;
  /** Relative to the workspace. */
  readonly notebook: string;
  /** As the front end opens it; null: out of its reach. */
  readonly path: string | null;
  readonly after: readonly string[];
  readonly status: StepStatus;
  /** Why it ran, or did not, or failed. */
  readonly reason: string;
  readonly started_at: Instant | null;
  readonly ended_at: Instant | null;
  /** Its own; of the one that it repeats when it is unchanged; null: none is recorded yet. */
  readonly run: RunRow | null;
}

export interface Pipeline {
  readonly id: string;
  readonly name: string;
  readonly file: string;
  readonly status: RunStatus;
  readonly started_at: Instant;
  readonly ended_at: Instant | null;
  /** Each after those that it needs. */
  readonly steps: readonly Step[];
}

export interface PipelinesAnswer {
  readonly format: number;
  /** Ask with it as `since`. */
  readonly version: string;
  readonly unchanged: boolean;
  /** The one that began last first. */
  readonly pipelines: readonly Pipeline[];
}

/** Read an answer; rejects what is none with a `Trouble`. */
export function parsePipelines(json: unknown): PipelinesAnswer {
  const answer = json as PipelinesAnswer | null;
  if (typeof answer?.version !== 'string' || !Array.isArray(answer.pipelines)) {
    throw new Trouble('unreadable', 'no pipelines');
  }
  return answer;
}

const INTERVAL_MS = 1000;
const PATIENCE_MS = 30_000;

export interface PipelinesState {
  /** null until the first answer. */
  readonly pipelines: readonly Pipeline[] | null;
  readonly trouble: Trouble | null;
}

/** Pipelines of a workspace, as long as someone looks. Knows no DOM and no React. */
export class PipelinesModel extends PolledModel<PipelinesState> {
  constructor(private readonly source: DataSource) {
    const unasked = { pipelines: null, trouble: null };
    super('pipelines', unasked, { interval: INTERVAL_MS, max: PATIENCE_MS }, source.news);
  }

  /** Whose: those of the workspace that this path lies in. */
  setPath(path: string): void {
    if (path !== this._path) {
      this._path = path;
      this._version = '';
      this.update({ pipelines: null, trouble: null });
      this.setVisible(this._isVisible, true);
    }
  }

  setVisible(isVisible: boolean, isAnew = false): void {
    if (isVisible !== this._isVisible || isAnew) {
      this._isVisible = isVisible;
      this.work(isVisible);
    }
  }

  protected override get path(): string {
    return this._path;
  }

  protected override async pollOnce(): Promise<void> {
    const path = this._path;
    try {
      const answer = await this.source.pipelines(path, this._version);
      if (path !== this._path) {
        return;
      }
      this._version = answer.version;
      const { pipelines, unchanged } = answer;
      this.update(unchanged ? { trouble: null } : { pipelines, trouble: null });
    } catch (reason) {
      if (path === this._path) {
        this.update({ trouble: asTrouble(reason) });
      }
      throw reason; // the poll then waits longer each time
    }
  }

  private _path = '';
  private _version = '';
  private _isVisible = false;
}
