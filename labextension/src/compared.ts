/** Two recorded runs compared, as the server tells it. Golden documents keep it in step with Python's. */

import { Trouble } from './trouble';
import { parseDocument } from './wire';
import type { DataRef, Instant, MetricValue, RunStatus, Scalar } from './wire';

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

/** Read the answer of `GET /nbops/why`. */
export function parseComparison(json: unknown): Comparison {
  const document = parseDocument(json);
  if (!document.a || !document.b || !Array.isArray(document.changes)) {
    throw new Trouble('unreadable', 'not a comparison');
  }
  return document as unknown as Comparison;
}
