/** What the server sends of jobs: what can be set, where to, when, what stands in the way; field by field. */

import { Trouble } from './trouble';
import { parseDocument } from './wire';
import type { Instant, RunStatus, Scalar } from './wire';

/** What the server is asked to ask the command line. */
export interface Ask {
  readonly command:
    'params' | 'targets' | 'check' | 'export' | 'schedule' | 'run' | 'jobs' | 'job-log';
  /** Parameters as they were typed. */
  readonly values?: Readonly<Record<string, string>>;
  readonly target?: string;
  readonly schedule?: string;
  readonly timezone?: string;
  readonly catch_up?: CatchUp;
  readonly credentials?: string;
  readonly secrets?: readonly string[];
  readonly image?: string;
  readonly event?: 'push';
  readonly is_dry_run?: boolean;
  /** A job that ran, to be run again with the values that it had. */
  readonly run?: string;
  readonly job?: string;
  readonly verb?: 'run' | 'pause' | 'resume' | 'remove';
}

/** Of missed runs, those that are made up for. */
export type CatchUp = 'none' | 'last' | 'all';

/** How it goes, and once it is done what the command printed. */
export interface TaskState {
  readonly format: number;
  readonly id: string;
  readonly state: 'running' | 'done' | 'failed' | 'cancelled';
  readonly seconds: number;
  readonly progress: string;
  readonly answer: unknown;
  readonly message: string;
  readonly hint: string;
}

/** Why what was typed cannot be meant. */
export interface Problem {
  readonly message: string;
  readonly hint: string;
}

export interface Parameter {
  readonly name: string;
  /** Empty for anything. */
  readonly type: readonly string[];
  /** Its type and range as a person says it. */
  readonly takes: string;
  /** null where it is computed, or none. */
  readonly default: unknown;
  /** As the notebook writes it; null: it must be given. */
  readonly default_source: string | null;
  readonly is_required: boolean;
  readonly choices: readonly Scalar[];
  readonly minimum: number | null;
  readonly maximum: number | null;
  readonly help: string;
}

export interface Parameters {
  readonly format: number;
  readonly notebook: string;
  readonly parameters: readonly Parameter[];
  /** For a notebook without such a cell: what it could be. */
  readonly proposal: { readonly source: string } | null;
  /** By name: values that would be refused, and those that are needed. */
  readonly problems: Readonly<Record<string, Problem>>;
}

/** A system that a notebook can be exported to. */
export interface Target {
  readonly name: string;
  readonly summary: string;
  readonly is_remote: boolean;
  /** What it keeps to beyond what every system does, as the command line spells it. */
  readonly takes: readonly string[];
}

/** What a schedule means. */
export interface FireTimes {
  readonly format: number;
  readonly words: string;
  readonly timezone: string;
  readonly times: readonly Instant[];
  /** The same on the clock of the time zone. */
  readonly local: readonly string[];
  readonly watched: readonly string[];
  readonly problem: Problem | null;
}

/** Something to mend, or to know, before a job leaves. */
export interface Finding {
  readonly level: 'error' | 'warning';
  readonly kind: string;
  readonly message: string;
  readonly hint: string;
  readonly notebook: string | null;
  readonly cell_id: string | null;
  /** First line of its code. */
  readonly cell: string | null;
}

export interface Checked {
  readonly is_ready: boolean;
  readonly findings: readonly Finding[];
}

/** What was made: files for another system, or a job of this machine. */
export interface Made {
  readonly job: string;
  /** Of an export. */
  readonly folder?: string;
  readonly files?: readonly string[];
  readonly schedule?: string | null;
  readonly findings?: readonly Finding[];
  readonly install?: readonly string[];
  readonly notes?: readonly string[];
  /** Of a job of this machine: what waits for its time, and when that comes. */
  readonly system?: string;
  readonly words?: string;
  readonly timezone?: string | null;
  readonly next_times?: readonly Instant[];
}

/** A job that waits for its time. */
export interface ScheduledJob {
  readonly name: string;
  /** Its notebook, or pipeline. */
  readonly source: string;
  /** What waits: cron, systemd, jupyter-scheduler. */
  readonly system: string;
  /** Its schedule. */
  readonly words: string;
  readonly timezone: string;
  readonly is_paused: boolean;
  readonly next_times: readonly Instant[];
  readonly last: {
    readonly status: RunStatus | 'skipped';
    readonly started_at: Instant;
    readonly duration_s: number | null;
    /** Why it failed, or was skipped. */
    readonly message: string;
  } | null;
}

/** Read the answer of `POST /nbops/ask` and of `/nbops/task/<id>`. */
export function parseTask(json: unknown): TaskState {
  const document = parseDocument(json);
  demand(typeof document.id === 'string' && typeof document.state === 'string', 'no task');
  return document as unknown as TaskState;
}

/** Read the answer of `GET /nbops/fire-times`. */
export function parseTimes(json: unknown): FireTimes {
  const document = parseDocument(json);
  demand(Array.isArray(document.times), 'no fire times');
  return document as unknown as FireTimes;
}

/** Read what `nbops params --json` prints. */
export function parseParameters(json: unknown): Parameters {
  const document = parseDocument(json);
  demand(Array.isArray(document.parameters) && Boolean(document.problems), 'no parameters');
  return document as unknown as Parameters;
}

/** Read what `nbops export --list --json` prints. */
export function parseTargets(json: unknown): readonly Target[] {
  const { targets } = parseDocument(json);
  demand(Array.isArray(targets), 'no targets');
  return targets as readonly Target[];
}

/** Read what `nbops check --for TARGET --json` prints. */
export function parseChecked(json: unknown): Checked {
  const document = parseDocument(json);
  demand(Array.isArray(document.findings), 'no findings');
  return document as unknown as Checked;
}

/** Read what `nbops export --json` and `nbops schedule --json` print. */
export function parseMade(json: unknown): Made {
  return parseDocument(json) as unknown as Made;
}

/** Read what `nbops jobs --json` prints. */
export function parseJobs(json: unknown): readonly ScheduledJob[] {
  const { jobs } = parseDocument(json);
  demand(Array.isArray(jobs), 'no jobs');
  return jobs as readonly ScheduledJob[];
}

function demand(isWhole: boolean, otherwise: string): asserts isWhole {
  if (!isWhole) {
    throw new Trouble('unreadable', otherwise);
  }
}
