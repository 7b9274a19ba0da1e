/** Records as the server sends them, with only what a test is about spelt out. */

import type { RunRow, RunsPage, RunTable } from '../src/answers';
import type { FireTimes, Parameter, Parameters, ScheduledJob } from '../src/jobs';
import type { Change, Comparison, Side } from '../src/compared';
import type { CellRun, ChangedNotebook, DataRef, Run, Session } from '../src/wire';

export const NOON = '2026-11-20T12:00:00Z';

export function session(parts: Partial<Session> = {}): Session {
  return {
    id: 's1',
    status: 'running',
    name: 'brave-lake',
    experiment: 'churn',
    kernel_id: 'kernel-1',
    started_at: NOON,
    ended_at: null,
    is_tracking: true,
    problems: [],
    ...parts
  };
}

/** The n-th cell run of a session, of a cell of its own. */
export function cellRun(seq: number, parts: Partial<CellRun> = {}): CellRun {
  return {
    id: `s1.${seq}`,
    seq,
    cell_id: `cell-${seq}`,
    execution_count: seq + 1,
    source: `x${seq} = ${seq}`,
    source_digest: `source1:${parts.source ?? seq}`,
    status: 'ok',
    started_at: NOON,
    duration_s: 0.5,
    error: null,
    reads: [],
    writes: [],
    params: {},
    metrics: {},
    warnings: [],
    environment: 'env1:a',
    run_id: null,
    ...parts
  };
}

export function run(id: string, parts: Partial<Run> = {}): Run {
  return {
    id,
    session_id: 's1',
    name: 'forest',
    status: 'finished',
    started_at: NOON,
    ended_at: NOON,
    cell_run_ids: [],
    params: {},
    metrics: {},
    ...parts
  };
}

export function dataRef(parts: Partial<DataRef> = {}): DataRef {
  return {
    uri: 'file:///w/data/train.csv',
    name: 'data/train.csv',
    kind: 'file',
    digest: 'file1:c07be2aa',
    missing: null,
    size_bytes: 10,
    shape: null,
    ...parts
  };
}

/** Whole answer; cell runs are given oldest first, as they happened. */
export function answer(parts: Partial<ChangedNotebook> = {}): ChangedNotebook {
  return {
    format: 1,
    unchanged: false,
    version: 1,
    notebook: 'churn.ipynb',
    sessions: [session()],
    runs: [],
    unshipped: 0,
    error: null,
    ...parts,
    cell_runs: [...(parts.cell_runs ?? [])].reverse()
  };
}

export function metric(value: number | 'NaN'): CellRun['metrics'][string] {
  return [[0, value, NOON]];
}

function side(run_id: string, execution_count: number): Side {
  return {
    run_id,
    name: 'forest',
    session_name: 'brave-lake',
    execution_count,
    started_at: NOON,
    duration_s: 2.9,
    status: 'finished'
  };
}

export function change(parts: Partial<Change> = {}): Change {
  return { kind: 'param', name: 'depth', a: 4, b: 8, note: '', diff: [], ...parts };
}

export function comparison(parts: Partial<Comparison> = {}): Comparison {
  return {
    format: 1,
    a: side('a', 8),
    b: side('b', 14),
    metrics: [],
    changes: [],
    same: {},
    unknown: [],
    context: [],
    sentence: 'One thing changed.',
    ...parts
  };
}

export function runRow(parts: Partial<RunRow> = {}): RunRow {
  return {
    id: 'r1',
    session_id: 's1',
    name: 'forest',
    status: 'finished',
    origin: 'track',
    experiment: 'churn',
    notebook: 'churn.ipynb',
    user: 'ada',
    started_at: NOON,
    duration_s: 2.9,
    parent_id: null,
    mlflow_run_id: 'm1',
    mlflow_experiment_id: '1',
    tracking_uri: 'sqlite:////w/mlflow.db',
    notes: [],
    values: { 'metrics.auc': 0.913, 'params.depth': 8, 'tags.stage': 'dev' },
    ...parts
  };
}

export function runsPage(parts: Partial<RunsPage> = {}): RunsPage {
  return {
    format: 1,
    unchanged: false,
    version: 7,
    rows: [runRow()],
    total: 1,
    page: 1,
    limit: 100,
    fields: ['metrics.auc', 'params.depth', 'tags.stage'],
    experiments: ['churn'],
    users: ['ada', 'bob'],
    me: 'ada',
    unshipped: 0,
    error: null,
    ...parts
  };
}

export function table(parts: Partial<RunTable> = {}): RunTable {
  const { a, b } = comparison();
  return {
    format: 1,
    runs: [a, b],
    metrics: [
      {
        name: 'auc',
        values: [0.871, 0.913],
        deltas: [0, 0.042],
        goal: 'higher',
        best: 1,
        curves: []
      }
    ],
    differences: [
      { kind: 'param', name: 'depth', values: [4, 8], notes: ['', 'differs'], differs: true }
    ],
    same: { packages: 186 },
    unknown: [],
    sentence: 'auc 0.871 → 0.913 (+0.042). One recorded thing changed.',
    pairs: [comparison({ changes: [change()] })],
    ...parts
  };
}

export function parameter(parts: Partial<Parameter> = {}): Parameter {
  return {
    name: 'depth',
    type: ['int'],
    takes: 'int from 1 to 9',
    default: 4,
    default_source: '4',
    is_required: false,
    choices: [],
    minimum: 1,
    maximum: 9,
    help: 'how deep a tree may grow',
    ...parts
  };
}

export function parameters(parts: Partial<Parameters> = {}): Parameters {
  return {
    format: 1,
    notebook: 'churn.ipynb',
    parameters: [parameter()],
    proposal: null,
    problems: {},
    ...parts
  };
}

export function fireTimes(parts: Partial<FireTimes> = {}): FireTimes {
  return {
    format: 1,
    words: 'every day at 07:00',
    timezone: 'UTC',
    times: ['2026-11-21T07:00:00Z'],
    local: ['Sat 21 Nov 2026 07:00'],
    watched: [],
    problem: null,
    ...parts
  };
}

export function scheduledJob(parts: Partial<ScheduledJob> = {}): ScheduledJob {
  return {
    name: 'nightly',
    source: '/w/nightly.ipynb',
    system: 'cron',
    words: 'every day at 07:00',
    timezone: 'UTC',
    is_paused: false,
    next_times: ['2026-11-21T07:00:00Z'],
    last: { status: 'finished', started_at: NOON, duration_s: 12, message: '' },
    ...parts
  };
}
