/**
 * What the server sends, exactly as it sends it: the names are those of the Python records, instants
 * are ISO-8601 strings in UTC, durations seconds. Fields are only ever added; unknown ones are ignored.
 */

import { Trouble } from './trouble';

/** Version of the documents that this code was written for; it grows only when reading on misleads. */
export const FORMAT = 1;

export type Instant = string;
export type Scalar = string | number | boolean | null;
/** JSON knows no NaN and no infinity. */
export type MetricValue = number | 'NaN' | 'Infinity' | '-Infinity';
export type MetricPoint = readonly [step: number, value: MetricValue, at: Instant];
export type Metrics = Readonly<Record<string, readonly MetricPoint[]>>;
export type Params = Readonly<Record<string, Scalar>>;

export type SessionStatus = 'running' | 'finished' | 'failed' | 'died';
export type RunStatus = SessionStatus;
export type CellStatus = 'ok' | 'error' | 'interrupted' | 'died' | 'running' | 'before_tracking';

export interface DataRef {
  readonly uri: string;
  readonly name: string;
  readonly kind: 'file' | 'folder' | 'url' | 'query' | 'frame';
  /** Both null: the content still waits to be hashed. */
  readonly digest: string | null;
  readonly missing: string | null;
  readonly size_bytes: number | null;
  readonly shape: readonly number[] | null;
  readonly columns?: readonly string[] | null;
  /** Of the columns, as the library that read them calls them; absent from older records. */
  readonly types?: readonly string[] | null;
  readonly seen_by?: 'audit' | 'wrapper' | 'monitor' | 'user' | 'net' | 'name';
  /** Whether a copy of the content is kept here. */
  readonly kept?: boolean;
  /** The digest is of parts of a large file: equal ones are not known to differ, no more. */
  readonly sampled?: boolean;
  /** Of a table of Delta or Iceberg, as it names it itself. */
  readonly version?: string | null;
}

/** Names in a folder that a cell asked for; of those that fit a pattern, if there are any. */
export interface Listing {
  readonly uri: string;
  readonly name: string;
  readonly patterns: readonly string[];
  readonly digest: string | null;
  readonly name_count: number | null;
  readonly missing: string | null;
}

export interface CellError {
  readonly name: string;
  readonly message: string;
}

export interface CellRun {
  readonly id: string;
  readonly seq: number;
  readonly cell_id: string | null;
  readonly execution_count: number | null;
  readonly source: string;
  readonly source_digest: string;
  readonly status: CellStatus;
  readonly started_at: Instant | null;
  readonly duration_s: number | null;
  readonly error: CellError | null;
  readonly reads: readonly DataRef[];
  readonly writes: readonly DataRef[];
  /** Absent from older records. */
  readonly listings?: readonly Listing[];
  readonly params: Params;
  readonly metrics: Metrics;
  readonly warnings: readonly string[];
  readonly environment: string | null;
  readonly run_id: string | null;
  readonly cpu_s?: number | null;
  readonly peak_memory_bytes?: number | null;
  readonly notes?: readonly string[];
  readonly names?: { readonly defines: readonly string[]; readonly uses: readonly string[] } | null;
  /** Why nothing but that it ran is known of it. */
  readonly skipped?: string | null;
}

export interface Run {
  readonly id: string;
  readonly session_id: string;
  readonly name: string;
  readonly status: RunStatus;
  readonly started_at: Instant;
  readonly ended_at: Instant | null;
  readonly cell_run_ids: readonly string[];
  readonly params: Params;
  readonly metrics: Metrics;
  readonly tags?: Readonly<Record<string, string>>;
  readonly notes?: readonly string[];
}

export interface Session {
  readonly id: string;
  readonly status: SessionStatus;
  readonly name: string;
  readonly experiment: string;
  readonly kernel_id: string | null;
  readonly started_at: Instant;
  readonly ended_at: Instant | null;
  readonly is_tracking: boolean;
  readonly problems: readonly string[];
  /** Reads by how they were seen; absent from older servers. */
  readonly coverage?: Readonly<Record<string, number>>;
  /** Why the system was not asked everywhere what else was opened. */
  readonly net_problem?: string | null;
}

export interface UnchangedNotebook {
  readonly format: number;
  readonly unchanged: true;
  readonly version: number;
  /** How shipping stands, which moves while no record does; absent from older servers. */
  readonly unshipped?: number;
  readonly error?: string | null;
}

export interface ChangedNotebook {
  readonly format: number;
  readonly unchanged: false;
  readonly version: number;
  readonly notebook: string;
  /** Newest first. */
  readonly sessions: readonly Session[];
  /** Of the newest session, newest first; of a metric only the last point. */
  readonly cell_runs: readonly CellRun[];
  readonly runs: readonly Run[];
  /** Runs that are not, or not completely, in MLflow. */
  readonly unshipped: number;
  readonly error: string | null;
}

export type NotebookAnswer = UnchangedNotebook | ChangedNotebook;

/** Read the answer of `GET /nbops/notebook`. */
export function parseNotebook(json: unknown): NotebookAnswer {
  const document = parseDocument(json);
  const isWhole =
    typeof document.version === 'number' &&
    (document.unchanged === true ||
      (Array.isArray(document.sessions) &&
        Array.isArray(document.cell_runs) &&
        Array.isArray(document.runs)));
  if (!isWhole) {
    throw new Trouble('unreadable', 'not a notebook');
  }
  return document as unknown as NotebookAnswer;
}

/** Read what every answer has: a format that this code was written for. */
export function parseDocument(json: unknown): Record<string, unknown> {
  const document = (json ?? {}) as Record<string, unknown>;
  if (typeof document.format !== 'number') {
    throw new Trouble('unreadable', 'no format');
  }
  if (document.format > FORMAT) {
    throw new Trouble('too-new', `format ${document.format}`);
  }
  return document;
}
