import { expect, test } from 'vitest';

import { English } from '../src/components/surroundings';
import { addAnswer } from '../src/history';
import { arrange, isOnlyMagic } from '../src/rows';
import type { Row } from '../src/rows';
import type { CellRun, Run } from '../src/wire';
import { answer, cellRun, dataRef, metric, run } from './records';

function rowsOf(cellRuns: readonly CellRun[], runs: readonly Run[] = []): readonly Row[] {
  const history = addAnswer(null, answer({ cell_runs: cellRuns, runs }));
  return history ? arrange(history, English) : [];
}

/** Rows in short: the number of a cell, and in brackets those that are folded away. */
function inShort(rows: readonly Row[]): string {
  return rows
    .map(row =>
      row.kind === 'cell'
        ? String(row.cellRun.seq)
        : `(${row.rows.map(inner => inner.cellRun.seq).join(' ')})`
    )
    .join(' ');
}

const quiet = (seq: number) => cellRun(seq);
const result = (seq: number) => cellRun(seq, { metrics: { auc: metric(seq) } });

test('results stay, the cells between them fold', () => {
  const cells = [quiet(0), quiet(1), result(2), quiet(3), quiet(4), result(5)];
  expect(inShort(rowsOf(cells))).toBe('5 (4 3) 2 (1 0)');
});

test('what was run last stays in sight until the next', () => {
  expect(inShort(rowsOf([result(0), quiet(1)]))).toBe('1 0');
  expect(inShort(rowsOf([result(0), quiet(1), quiet(2)]))).toBe('2 (1) 0');
});

test('a cell that runs is in sight, also under a newer one', () => {
  expect(inShort(rowsOf([cellRun(0, { status: 'running' }), result(1)]))).toBe('1 0');
});

test.each([
  ['a failure', { status: 'error', error: { name: 'E', message: '' } }],
  ['data', { reads: [dataRef()] }],
  ['a warning', { warnings: ['careful'] }]
] as const)('%s is a result', (_, parts) => {
  expect(inShort(rowsOf([cellRun(0, parts), result(1)]))).toBe('1 0');
});

test('a run is a result even when there is nothing else to say of it', () => {
  const rows = rowsOf([cellRun(0, { run_id: 'r' }), result(1)], [run('r')]);
  expect(rows[1]).toMatchObject({ kind: 'cell', runId: 'r' });
});

test('the run of a cell that says none is the one that began in it', () => {
  const rows = rowsOf([quiet(0)], [run('r', { cell_run_ids: ['s1.0'] })]);
  expect(rows[0]).toMatchObject({ runId: 'r' });
});

test('a cell whose run is not known yet has no why', () => {
  expect(rowsOf([cellRun(0, { run_id: 'unknown' })])[0]).toMatchObject({ runId: null });
});

test('cells from before tracking fold by themselves', () => {
  const early = [0, 1].map(seq => cellRun(seq, { status: 'before_tracking', cell_id: null }));
  const rows = rowsOf([...early, quiet(2), result(3)]);
  expect(inShort(rows)).toBe('3 (2) (1 0)');
  expect(rows.at(-1)).toMatchObject({ reason: 'before-tracking' });
});

test('a fold keeps its name while newer cells join it', () => {
  const keyOf = (cells: readonly CellRun[]) => rowsOf(cells)[1]?.key;
  expect(keyOf([quiet(0), quiet(1), result(2)])).toBe(keyOf([quiet(0), result(1)]));
});

test('changes are those since the last run of the same cell, not of any cell', () => {
  const build = (seq: number, source: string) => cellRun(seq, { cell_id: 'build', source });
  const rows = rowsOf([build(0, 'a'), result(1), build(2, 'b'), result(3), build(4, 'b')]);
  expect(inShort(rows)).toBe('4 3 2 1 (0)');
  expect(rows[2]).toMatchObject({ chips: [{ label: 'code changed since [1]' }] });
  expect(rows[0]).toMatchObject({ chips: [] });
});

test('another environment is told where it first holds', () => {
  const [a, b] = [{ environment: 'env1:a' }, { environment: 'env1:b' }];
  const rows = rowsOf([cellRun(0, a), cellRun(1, b), cellRun(2, b), cellRun(3, b)]);
  expect(inShort(rows)).toBe('3 (2) 1 (0)');
  expect(rows[2]).toMatchObject({ chips: [{ label: 'environment changed' }] });
});

test('commands to nbops fold, even when they were run last or edited', () => {
  const magic = (seq: number, source: string) => cellRun(seq, { cell_id: 'm', source });
  expect(inShort(rowsOf([result(0), magic(1, '%load_ext nbops\n%track start')]))).toBe('(1) 0');
  expect(inShort(rowsOf([magic(0, '%track why'), magic(1, '%track why a'), result(2)]))).toBe(
    '2 (1 0)'
  );
});

test('an environment that is new while a command runs is told at the next cell', () => {
  const [a, b] = [{ environment: 'env1:a' }, { environment: 'env1:b' }];
  const rows = rowsOf([cellRun(0, a), cellRun(1, { ...b, source: '%track ls' }), cellRun(2, b)]);
  expect(rows[0]).toMatchObject({ chips: [{ label: 'environment changed' }] });
});

test('a command that logs a metric is a result', () => {
  const source = '%track metric auc=0.9';
  expect(inShort(rowsOf([cellRun(0, { source, metrics: { auc: metric(0.9) } })]))).toBe('0');
});

test('a cell is only magic when each of its lines is', () => {
  expect(isOnlyMagic('\n%load_ext nbops\n  %track start\n')).toBe(true);
  expect(isOnlyMagic('%reload_ext nbops')).toBe(true);
  expect(isOnlyMagic('%track start\nx = 1')).toBe(false);
  expect(isOnlyMagic('%%track forest\nfit()')).toBe(false);
  expect(isOnlyMagic('%load_ext other')).toBe(false);
  expect(isOnlyMagic('')).toBe(false);
});
