/** The list: which cell runs are shown, which fold away. Pure. */

import type { CellState } from './answers';
import { describe, describeStates } from './chips';
import type { Chip, Scene } from './chips';
import { isSearch, isWanted, RESULTS } from './filter';
import type { Filter } from './filter';
import type { History } from './history';
import type { Translation } from './tokens';
import { firstLine } from './wording';
import type { CellRun, Run } from './wire';

export interface CellRow {
  readonly kind: 'cell';
  readonly key: string;
  readonly cellRun: CellRun;
  readonly line: string;
  readonly chips: readonly Chip[];
  /** The run that "why" is about. */
  readonly runId: string | null;
  /** How long it took before, while it runs; null where nobody can know. */
  readonly expected_s: number | null;
}

export interface FoldRow {
  readonly kind: 'fold';
  /** Stays the same while newer cells fold in. */
  readonly key: string;
  readonly reason: 'quiet' | 'before-tracking' | 'earlier';
  readonly rows: readonly CellRow[];
}

export type Row = CellRow | FoldRow;

/** So many of a cell's last runs tell how long the next will take. */
const REMEMBERED = 5;
const MAGIC_LINE = /^\s*(%track\b|%(re)?load_ext\s+nbops\b)/;

/** Rows of a session's cell runs, newest first. */
export function arrange(
  history: Pick<History, 'cellRuns' | 'runs'>,
  trans: Translation,
  filter: Filter = RESULTS,
  states: readonly CellState[] = []
): readonly Row[] {
  const all = addStates(describeAll(history, trans), states, trans);
  const wanted = all.filter(row => isWanted(row, filter));
  return filter.isGrouped ? groupByCell(wanted) : foldQuiet(wanted, filter);
}

/** The last run of a cell says how it stands, where the newest run depends on it. */
function addStates(
  rows: readonly CellRow[],
  states: readonly CellState[],
  trans: Translation
): readonly CellRow[] {
  const byRun = new Map(states.filter(each => each.matters).map(each => [each.cell_run_id, each]));
  return rows.map(row => {
    const state = byRun.get(row.key);
    const chips = state ? describeStates(state, trans) : [];
    return chips.length > 0 ? { ...row, chips: [...row.chips, ...chips] } : row;
  });
}

function foldQuiet(wanted: readonly CellRow[], filter: Filter): readonly Row[] {
  const rows: Row[] = [];
  const foldsQuiet = filter.focus === 'results' && !isSearch(filter);
  for (const [index, row] of wanted.entries()) {
    const reason = foldingReason(row, index === 0, foldsQuiet);
    const last = rows.at(-1);
    if (reason === null) {
      rows.push(row);
    } else if (last?.kind === 'fold' && last.reason === reason) {
      rows[rows.length - 1] = fold(reason, [...last.rows, row]);
    } else {
      rows.push(fold(reason, [row]));
    }
  }
  return rows;
}

/** The newest run of each cell, with the earlier ones folded below it. */
function groupByCell(wanted: readonly CellRow[]): readonly Row[] {
  const groups = new Map<string, CellRow[]>();
  for (const row of wanted) {
    const cell = row.cellRun.cell_id ?? row.key;
    groups.set(cell, [...(groups.get(cell) ?? []), row]);
  }
  return [...groups.values()].flatMap(([newest, ...earlier]) => [
    ...(newest ? [newest] : []),
    ...(earlier.length > 0 ? [fold('earlier', earlier)] : [])
  ]);
}

/** Whether a cell holds nothing but commands to nbops. */
export function isOnlyMagic(source: string): boolean {
  const lines = source.split('\n').filter(line => line.trim() !== '');
  return lines.length > 0 && lines.every(line => MAGIC_LINE.test(line));
}

function describeAll(
  history: Pick<History, 'cellRuns' | 'runs'>,
  trans: Translation
): readonly CellRow[] {
  const begun = beginnings(history.runs);
  const took = new Map<string, number[]>();
  const last = new Map<string, Scene>();
  let environment: string | null = null;
  const rows: CellRow[] = [];
  for (const cellRun of [...history.cellRuns].reverse()) {
    const { id, cell_id, status } = cellRun;
    const now: Scene = { cellRun, begun: begun.get(id) ?? [] };
    const before = cell_id === null ? null : (last.get(cell_id) ?? null);
    const own: string | null = isOnlyMagic(cellRun.source)
      ? environment
      : (cellRun.environment ?? environment);
    const chips = describe(now, before, environment !== null && own !== environment, trans);
    const durations = took.get(cell_id ?? '') ?? [];
    rows.push(rowOf(now, chips, history.runs, durations));
    if (cell_id !== null && status === 'ok' && cellRun.duration_s !== null) {
      took.set(cell_id, [...durations.slice(1 - REMEMBERED), cellRun.duration_s]);
    }
    if (cell_id !== null && status !== 'before_tracking') {
      last.set(cell_id, now);
    }
    environment = own;
  }
  return rows.reverse();
}

/** Runs by the cell run that each began in, oldest first. */
function beginnings(runs: ReadonlyMap<string, Run>): ReadonlyMap<string, readonly Run[]> {
  const begun = new Map<string, Run[]>();
  const inOrder = [...runs.values()].sort(
    (a, b) => Date.parse(a.started_at) - Date.parse(b.started_at)
  );
  for (const run of inOrder) {
    const first = run.cell_run_ids[0];
    if (first !== undefined) {
      begun.set(first, [...(begun.get(first) ?? []), run]);
    }
  }
  return begun;
}

function rowOf(
  { cellRun, begun }: Scene,
  chips: readonly Chip[],
  runs: ReadonlyMap<string, Run>,
  durations: readonly number[]
): CellRow {
  const run = cellRun.run_id === null ? undefined : runs.get(cellRun.run_id);
  const { id, source } = cellRun;
  // A command to nbops that was edited changes no result.
  const told = isOnlyMagic(source) ? chips.filter(chip => chip.key !== 'code') : chips;
  const runId = (run ?? begun.at(-1))?.id ?? null;
  const line = cellRun.skipped ? `(${cellRun.skipped})` : firstLine(source);
  const expected_s = cellRun.status === 'running' ? median(durations) : null;
  return { kind: 'cell', key: id, cellRun, line, chips: told, runId, expected_s };
}

function foldingReason(
  row: CellRow,
  isNewest: boolean,
  foldsQuiet: boolean
): FoldRow['reason'] | null {
  const { status, source } = row.cellRun;
  if (status === 'before_tracking') {
    return 'before-tracking';
  }
  if (!foldsQuiet || row.chips.length > 0 || row.runId !== null) {
    return null;
  }
  // What was run last stays in sight until the next: people look whether it was seen.
  const isShown = (isNewest || status === 'running') && !isOnlyMagic(source);
  return isShown ? null : 'quiet';
}

function fold(reason: FoldRow['reason'], rows: readonly CellRow[]): FoldRow {
  return { kind: 'fold', key: `fold:${rows.at(-1)?.key ?? ''}`, reason, rows };
}

function median(values: readonly number[]): number | null {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? null;
}
