/** What the server sends of all runs, of one cell run and of data; as `wire.ts`, field by field. */

import { Trouble } from './trouble';
import { parseDocument } from './wire';
import type { ChangeKind, Comparison, Goal, Side } from './compared';
import type {
  CellRun,
  CellStatus,
  Instant,
  MetricPoint,
  MetricValue,
  Run,
  RunStatus,
  Scalar,
  Session
} from './wire';

/** One run in the table of all. */
export interface RunRow {
  readonly id: string;
  /** Empty: found in MLflow, not made by a session of this workspace. */
  readonly session_id: string;
  readonly name: string;
  readonly status: RunStatus;
  readonly origin: 'track' | 'metric' | 'mlflow' | 'job';
  readonly experiment: string;
  readonly notebook: string | null;
  readonly user: string;
  readonly started_at: Instant;
  readonly duration_s: number | null;
  readonly parent_id: string | null;
  readonly mlflow_run_id: string | null;
  readonly mlflow_experiment_id: string | null;
  /** Credentials removed. */
  readonly tracking_uri: string;
  readonly notes: readonly string[];
  /** By field: `metrics.auc` (the last value), `params.depth`, `tags.stage`. */
  readonly values: Readonly<Record<string, Scalar>>;
}

export interface UnchangedRuns {
  readonly format: number;
  readonly unchanged: true;
  readonly version: number;
  readonly unshipped: number;
  readonly error: string | null;
}

export interface RunsPage {
  readonly format: number;
  readonly unchanged: false;
  /** Ask with it as `since`: an answer in which nothing changed has no rows. */
  readonly version: number;
  readonly rows: readonly RunRow[];
  /** Of runs that fit, on all pages. */
  readonly total: number;
  /** From 1. */
  readonly page: number;
  readonly limit: number;
  /** Every field that some run has a value under: columns to choose, names to complete. */
  readonly fields: readonly string[];
  /** The one with the newest run first. */
  readonly experiments: readonly string[];
  readonly users: readonly string[];
  /** Who asks, as records name users; whose runs are sent unless `user` says otherwise. */
  readonly me: string;
  readonly unshipped: number;
  /** Why runs do not reach MLflow now. */
  readonly error: string | null;
}

export type RunsAnswer = UnchangedRuns | RunsPage;

/** One metric in each run of a table; lists are as long as `RunTable.runs`. */
export interface MetricRow {
  readonly name: string;
  readonly values: readonly (MetricValue | null)[];
  /** From the first run, the baseline. */
  readonly deltas: readonly (number | null)[];
  readonly goal: Goal | null;
  /** Place of the run that is best, where one is. */
  readonly best: number | null;
  /** Thinned to 200 points each; no lists where no run has two points. */
  readonly curves: readonly (readonly MetricPoint[])[];
}

/**
 * One thing in each run; null where it was not there, or, as the note says, is not known.
 * Of code, the execution counts of its cell; null with the note "as in A" where the cell is the baseline's,
 * or, as in the baseline, not there.
 */
export interface Difference {
  readonly kind: ChangeKind;
  readonly name: string;
  readonly values: readonly Scalar[];
  /** How it differs from the baseline's; empty where it does not. */
  readonly notes: readonly string[];
  readonly differs: boolean;
}

/** What differs between 2 to 50 runs; the first is the baseline. */
export interface RunTable {
  readonly format: number;
  readonly runs: readonly Side[];
  readonly metrics: readonly MetricRow[];
  readonly differences: readonly Difference[];
  readonly same: Readonly<Record<string, number>>;
  readonly unknown: readonly string[];
  readonly sentence: string;
  /** The baseline with each of the others, in full. */
  readonly pairs: readonly Comparison[];
  /** What three runs and more allow to be said; absent from older servers. */
  readonly trends?: readonly { readonly sentence: string }[];
}

/** An output as a notebook of format 4 holds it: what JupyterLab's renderers take. */
export interface SavedOutput {
  readonly output_type: 'stream' | 'error' | 'display_data' | 'execute_result';
  readonly [field: string]: unknown;
}

export interface CellDetails {
  readonly format: number;
  readonly cell_run: CellRun;
  readonly session: Session;
  /** That it is part of. */
  readonly run: Run | null;
  readonly environment: Environment | null;
  readonly outputs: readonly SavedOutput[];
}

export interface Environment {
  readonly python: string;
  readonly implementation: string;
  readonly platform: string;
  readonly packages: Readonly<Record<string, string>>;
  readonly cpu: string | null;
  readonly cpu_count: number | null;
  readonly memory_bytes: number | null;
  readonly gpus: readonly string[];
}

/** One text that a cell has had. */
export interface CellVersion {
  readonly source: string;
  readonly source_digest: string;
  /** The latest with this text. */
  readonly cell_run_id: string;
  readonly execution_count: number | null;
  readonly status: CellStatus;
  readonly first_at: Instant | null;
  readonly last_at: Instant | null;
  /** Of its executions. */
  readonly count: number;
  readonly session_name: string;
  readonly run_ids: readonly string[];
}

export interface CellVersions {
  readonly format: number;
  readonly cell_id: string;
  /** Newest first. */
  readonly versions: readonly CellVersion[];
}

/** One cell run that read or wrote data. */
export interface DataUse {
  readonly cell_run_id: string;
  /** What the data was called there. */
  readonly name: string;
  readonly uri: string;
  readonly first_line: string;
  readonly execution_count: number | null;
  readonly cell_id: string | null;
  readonly at: Instant | null;
  readonly session_id: string;
  readonly session_name: string;
  readonly notebook: string | null;
  readonly user: string;
  readonly run_id: string | null;
}

/** Who wrote data of one content, and who read it, newest first. */
export interface Lineage {
  readonly format: number;
  readonly digest: string;
  readonly wrote: readonly DataUse[];
  readonly read: readonly DataUse[];
}

/** A code cell as it is on the screen. */
export interface OpenCell {
  readonly id: string;
  readonly source: string;
  readonly tags: readonly string[];
}

export type StateKind = 'failed' | 'changed' | 'stale' | 'order';

/** One thing to know of a cell before what it shows is believed. */
export interface CellMark {
  readonly kind: StateKind;
  readonly message: string;
  readonly way_out: string;
}

/** How a cell stands to what it shows; those with nothing to say are not sent. */
export interface CellState {
  readonly cell_id: string;
  /** Its last. */
  readonly cell_run_id: string;
  /** Whether a run that is looked at is made of it, or depends on it. */
  readonly matters: boolean;
  /** The gravest first. */
  readonly marks: readonly CellMark[];
}

export interface CellStates {
  readonly format: number;
  /** null: nothing of the notebook is recorded. */
  readonly version: string | null;
  /** Judged by the runs that were selected; else by the newest. */
  readonly is_of_selected?: boolean;
  readonly states: readonly CellState[];
}

/** What `POST /nbops/run/<id>` takes; it answers with the run as it is then. */
export interface RunEdit {
  /** null takes a tag away; those not named stay. */
  readonly tags?: Readonly<Record<string, string | null>>;
  /** All of them from now on. */
  readonly notes?: readonly string[];
}

/** Read the answer of `GET /nbops/runs`. */
export function parseRuns(json: unknown): RunsAnswer {
  const document = parseDocument(json);
  const isPage = document.unchanged === true || Array.isArray(document.rows);
  demand(typeof document.version === 'number' && isPage, 'no page of runs');
  return document as unknown as RunsAnswer;
}

/** Read the answer of `GET /nbops/compare`. */
export function parseTable(json: unknown): RunTable {
  const document = parseDocument(json);
  demand(Array.isArray(document.runs) && Array.isArray(document.pairs), 'no table of runs');
  return document as unknown as RunTable;
}

/** Read the answer of `GET /nbops/cell-run/<id>`. */
export function parseCell(json: unknown): CellDetails {
  const document = parseDocument(json);
  demand(Boolean(document.cell_run), 'no cell run');
  return document as unknown as CellDetails;
}

/** Read the answer of `GET /nbops/versions`. */
export function parseVersions(json: unknown): CellVersions {
  const document = parseDocument(json);
  demand(Array.isArray(document.versions), 'no versions');
  return document as unknown as CellVersions;
}

/** Read the answer of `GET /nbops/lineage`. */
export function parseLineage(json: unknown): Lineage {
  const document = parseDocument(json);
  demand(Array.isArray(document.read), 'no lineage');
  return document as unknown as Lineage;
}

/** Read the answer of `POST /nbops/states`. */
export function parseStates(json: unknown): CellStates {
  const document = parseDocument(json);
  demand(Array.isArray(document.states), 'no states of cells');
  return document as unknown as CellStates;
}

/** Read the answer of `GET /nbops/states`. */
export function parseVersion(json: unknown): string | null {
  const { version } = parseDocument(json);
  return typeof version === 'string' ? version : null;
}

function demand(isWhole: boolean, otherwise: string): void {
  if (!isWhole) {
    throw new Trouble('unreadable', otherwise);
  }
}
