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

export type ChangeKind =
  'param' | 'data' | 'code' | 'order' | 'seed' | 'module' | 'package' | 'environment' | 'git';
/** Which way a metric is better. */
export type Goal = 'higher' | 'lower';

export interface DiffLine {
  readonly op: 'same' | 'removed' | 'added' | 'gap';
  readonly text: string;
}

/** What a column holds; null where its values have none such. */
export interface ColumnSummary {
  readonly missing: number;
  readonly low: Scalar;
  readonly high: Scalar;
  readonly mean: Scalar;
}

export interface ColumnChange {
  readonly name: string;
  /** Null: there is no such column. */
  readonly a_type: string | null;
  readonly b_type: string | null;
  /** Of the rows that are in both; null where these were not paired. */
  readonly changed: number | null;
  readonly a: ColumnSummary | null;
  readonly b: ColumnSummary | null;
}

/** Which rows of a table differ, where a copy of both contents is kept. */
export interface RowsChange {
  readonly added: number;
  readonly removed: number;
  readonly is_reordered: boolean;
  /** The header, then the first of those that differ. */
  readonly lines: readonly DiffLine[];
  readonly changed?: number;
  readonly key?: string | null;
  readonly columns?: readonly ColumnChange[];
  readonly more_columns?: number;
  /** Why the rows were not compared, though the columns were. */
  readonly missing?: string;
}

export interface Change {
  readonly kind: ChangeKind;
  readonly name: string;
  readonly a: Scalar;
  readonly b: Scalar;
  readonly note: string;
  readonly diff: readonly DiffLine[];
  readonly a_cell?: string | null;
  readonly b_cell?: string | null;
  /** Of data. */
  readonly a_data?: DataRef | null;
  readonly b_data?: DataRef | null;
  readonly rows?: RowsChange | null;
  /** Why it is not known which rows differ. */
  readonly rows_missing?: string;
}

/** What a cell showed, where that differs; its contents come with the cell run. */
export interface OutputChange {
  readonly name: string;
  readonly a_cell: string | null;
  readonly b_cell: string | null;
}

/** Two recorded runs that differ in one thing alone, and what that did to a metric. */
export interface Pair {
  readonly a: string;
  readonly b: string;
  readonly a_value: MetricValue;
  readonly b_value: MetricValue;
  readonly delta: number;
}

/** Values of a metric in runs that differ in nothing recorded. */
export interface Spread {
  readonly count: number;
  readonly low: number;
  readonly high: number;
  readonly run_ids: readonly string[];
}

/** What the recorded runs allow to be said of a metric's change. */
export interface Conclusion {
  readonly says: 'because' | 'cannot_tell' | 'may_be_chance' | 'no_cause_recorded';
  readonly metric: string;
  readonly delta: number;
  readonly sentence: string;
  /** Kind and name of the changes that it is about: "param depth". */
  readonly causes: readonly string[];
  readonly pairs: readonly Pair[];
  readonly spread: Spread | null;
}

export interface MetricChange {
  readonly name: string;
  readonly a: MetricValue | null;
  readonly b: MetricValue | null;
  readonly delta: number | null;
  readonly goal?: Goal | null;
}

export interface Side {
  readonly run_id: string;
  readonly name: string;
  readonly session_name: string;
  readonly execution_count: number | null;
  readonly started_at: Instant;
  readonly duration_s: number | null;
  readonly status: RunStatus;
}

export interface Comparison {
  readonly format: number;
  readonly a: Side;
  readonly b: Side;
  readonly metrics: readonly MetricChange[];
  readonly changes: readonly Change[];
  readonly same: Readonly<Record<string, number>>;
  readonly unknown: readonly string[];
  readonly context: readonly string[];
  readonly sentence: string;
  /** The state of the git work tree. */
  readonly around?: readonly Change[];
  readonly outputs?: readonly OutputChange[];
  readonly conclusions?: readonly Conclusion[];
}

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

/** Read the answer of `GET /nbops/why`. */
export function parseComparison(json: unknown): Comparison {
  const document = parseDocument(json);
  if (!document.a || !document.b || !Array.isArray(document.changes)) {
    throw new Trouble('unreadable', 'not a comparison');
  }
  return document as unknown as Comparison;
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
