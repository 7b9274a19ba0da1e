/** What the panel knows of a notebook, and how an answer adds to it. Pure. */

import type {
  CellRun,
  ChangedNotebook,
  MetricPoint,
  Metrics,
  Run,
  Session,
  UnchangedNotebook
} from './wire';

/** Points of a metric that are kept for its curve. */
const CURVE_POINTS = 200;

export interface History {
  readonly version: number;
  /** Newest first. */
  readonly sessions: readonly Session[];
  /** Of the newest session, newest first. */
  readonly cellRuns: readonly CellRun[];
  readonly runs: ReadonlyMap<string, Run>;
  readonly unshipped: number;
  readonly error: string | null;
}

/**
 * Add an answer to what is known.
 *
 * @returns null when the answer is about another session than what is known: it holds only what
 * changed, so everything has to be asked for anew.
 */
export function addAnswer(known: History | null, answer: ChangedNotebook): History | null {
  if (known && known.sessions[0]?.id !== answer.sessions[0]?.id) {
    return null;
  }
  return {
    version: answer.version,
    sessions: answer.sessions,
    cellRuns: mergeCellRuns(known?.cellRuns ?? [], answer.cell_runs),
    runs: new Map([
      ...(known?.runs ?? []),
      ...answer.runs.map(run => [run.id, addCurves(known?.runs.get(run.id), run)] as const)
    ]),
    unshipped: answer.unshipped,
    error: answer.error
  };
}

/** Take over how shipping stands; the same history when that is as it was. */
export function noteShipping(known: History | null, answer: UnchangedNotebook): History | null {
  const { unshipped = known?.unshipped, error = known?.error } = answer;
  const isSame = !known || (known.unshipped === unshipped && known.error === error);
  return isSame
    ? known
    : { ...known, unshipped: unshipped ?? known.unshipped, error: error ?? null };
}

function mergeCellRuns(known: readonly CellRun[], told: readonly CellRun[]): readonly CellRun[] {
  const byId = new Map(known.map(cellRun => [cellRun.id, cellRun]));
  for (const cellRun of told) {
    byId.set(cellRun.id, addCurves(byId.get(cellRun.id), cellRun));
  }
  return [...byId.values()].sort((one, other) => other.seq - one.seq);
}

/** Of a metric only the last point is sent: those that were seen while a cell or its run ran are its curve. */
function addCurves<Ran extends CellRun | Run>(before: Ran | undefined, now: Ran): Ran {
  return before?.status === 'running'
    ? { ...now, metrics: mergeCurves(before.metrics, now.metrics) }
    : now;
}

function mergeCurves(known: Metrics, told: Metrics): Metrics {
  const merged = Object.entries(told).map(([name, points]) => {
    const isNew = ([step, , at]: MetricPoint) =>
      !known[name]?.some(point => point[0] === step && point[2] === at);
    const curve = [...(known[name] ?? []), ...points.filter(isNew)];
    return [name, curve.slice(-CURVE_POINTS)] as const;
  });
  return Object.fromEntries(merged);
}

/** Whether a kernel's cells are being recorded. */
export function isTracking(history: History | null, kernelId: string | null): boolean {
  return (
    kernelId !== null &&
    (history?.sessions ?? []).some(
      session =>
        session.kernel_id === kernelId && session.status === 'running' && session.is_tracking
    )
  );
}
