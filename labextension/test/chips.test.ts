import { expect, test } from 'vitest';

import { describe as describeScene } from '../src/chips';
import type { Chip } from '../src/chips';
import { English } from '../src/components/surroundings';
import type { CellRun, Run } from '../src/wire';
import { cellRun, dataRef, metric, run } from './records';

interface Told {
  before?: CellRun;
  begun?: readonly Run[];
  isEnvironmentNew?: boolean;
}

function chipsOf(now: CellRun, told: Told = {}): readonly Chip[] {
  const { before, begun = [], isEnvironmentNew = false } = told;
  const earlier = before ? { cellRun: before, begun: [] } : null;
  return describeScene({ cellRun: now, begun }, earlier, isEnvironmentNew, English);
}

function textsOf(now: CellRun, told: Told = {}): string[] {
  return chipsOf(now, told).map(({ label, value, move }) =>
    [label, value, move].filter(text => text !== '').join(' ')
  );
}

test('a cell run of which there is nothing to say has no chip', () => {
  expect(textsOf(cellRun(1), { before: cellRun(0, { source: 'x1 = 1' }) })).toEqual([]);
});

test('a metric is shown with the change since the last run of the cell', () => {
  const before = cellRun(0, { metrics: { auc: metric(0.871) }, run_id: 'r0', source: 'fit' });
  const now = cellRun(1, { metrics: { auc: metric(0.913) }, run_id: 'r1', source: 'fit' });
  expect(textsOf(now, { before })).toEqual(['auc 0.913 ▲ 0.042']);
  expect(chipsOf(now, { before })[0]?.compares).toEqual({ a: 'r0', b: 'r1' });
});

test('while a cell runs its metrics have a curve, and no change: half is no whole', () => {
  const before = cellRun(0, { metrics: { auc: metric(0.871) }, run_id: 'r0', source: 'fit' });
  const points = [...metric(0.1), ...metric(0.2)];
  const now = cellRun(1, { metrics: { auc: points }, status: 'running', source: 'fit' });
  expect(textsOf(now, { before })).toEqual(['auc 0.2']);
  expect(chipsOf(now, { before })[0]?.curve).toEqual(points);
  expect(chipsOf({ ...now, status: 'ok' }, { before })[0]?.curve).toEqual([]);
});

test('a metric that was not logged before, or is no number, has no change', () => {
  const before = cellRun(0, { metrics: { loss: metric('NaN') }, source: 'fit' });
  const now = cellRun(1, { metrics: { loss: metric(1), auc: metric(2) }, source: 'fit' });
  expect(textsOf(now, { before })).toEqual(['loss 1', 'auc 2']);
});

test('two values of one run are no comparison of runs', () => {
  const before = cellRun(0, { metrics: { auc: metric(1) }, run_id: 'r', source: 'e' });
  const now = cellRun(1, { metrics: { auc: metric(2) }, run_id: 'r', source: 'e' });
  expect(chipsOf(now, { before })[0]).toMatchObject({ move: '▲ 1', compares: null });
});

test("metrics of the user's own MLflow run are those of the cell that it ran in", () => {
  const now = cellRun(0);
  const begun = [run('r', { cell_run_ids: [now.id], metrics: { acc: metric(0.5) } })];
  expect(textsOf(now, { begun })).toEqual(['acc 0.5']);
});

test('metrics that another cell logged to the run stay with that cell', () => {
  const now = cellRun(0);
  const begun = [run('r', { cell_run_ids: [now.id, 's1.1'], metrics: { auc: metric(1) } })];
  expect(textsOf(now, { begun })).toEqual([]);
});

test('params are shown, those that changed first and with what they were', () => {
  const before = cellRun(0, { params: { seed: 7, depth: 4 }, source: 'a' });
  const now = cellRun(1, { params: { seed: 7, depth: 8, lr: 0.1 }, source: 'a' });
  expect(textsOf(now, { before })).toEqual(['depth 4 → 8', 'seed 7', 'lr 0.1']);
});

test('many facts of one kind are counted, and named in the tooltip', () => {
  const params = Object.fromEntries(['a', 'b', 'c', 'd', 'e', 'f', 'g'].map(name => [name, 1]));
  const chips = chipsOf(cellRun(0, { params }));
  expect(chips.map(chip => chip.label)).toEqual(['a', 'b', 'c', 'd', '3 more params']);
  expect(chips.at(-1)?.title).toBe('e 1\nf 1\ng 1');
});

test('several runs begun in one cell are counted', () => {
  const now = cellRun(0);
  const begun = [1, 2].map(n => run(`r${n}`, { name: 'sweep', metrics: { auc: metric(n) } }));
  expect(textsOf(now, { begun })).toEqual(['2 runs']);
  expect(chipsOf(now, { begun })[0]?.title).toBe('sweep auc 1\nsweep auc 2');
});

test('data read is shown by its name, digest and shape; the whole is in the tooltip', () => {
  const now = cellRun(0, { reads: [dataRef({ shape: [569, 31] })] });
  expect(textsOf(now)).toEqual(['↓ train.csv c07b…', '569 × 31']);
  expect(chipsOf(now)[0]?.title).toContain('file:///w/data/train.csv');
});

test('data that is another than the last run of the cell read is changed', () => {
  const before = cellRun(0, { reads: [dataRef({ digest: 'file1:4a1f' })], source: 'read' });
  const now = cellRun(1, { reads: [dataRef()], source: 'read' });
  expect(textsOf(now, { before })).toEqual(['↓ train.csv c07b… changed']);
});

test('data written has an arrow up', () => {
  const now = cellRun(0, { writes: [dataRef({ name: 'model.pkl', uri: 'file:///w/model.pkl' })] });
  expect(textsOf(now)).toEqual(['↑ model.pkl c07b…']);
});

test('data without a content hash is a warning with its reason', () => {
  const missing = dataRef({ digest: null, missing: 'deleted before it was read' });
  expect(chipsOf(cellRun(0, { reads: [missing] }))[0]).toMatchObject({
    tone: 'warning',
    value: 'no content hash',
    title: expect.stringContaining('deleted before it was read') as string
  });
});

test('data that still waits to be hashed is no warning', () => {
  const waiting = dataRef({ digest: null });
  expect(chipsOf(cellRun(0, { reads: [waiting] }))[0]).toMatchObject({ tone: 'plain', value: '' });
});

test('names that were seen in a folder are told by their number, and when they are others', () => {
  const names = { uri: 'file:///w/data', name: 'data/', patterns: ['*.csv'], missing: null };
  const before = cellRun(0, {
    listings: [{ ...names, digest: 'names1:aa', name_count: 1 }],
    source: 'load'
  });
  const now = cellRun(1, {
    listings: [{ ...names, digest: 'names1:bb', name_count: 2 }],
    source: 'load'
  });
  expect(textsOf(before)).toEqual(['↓ data/*.csv 1 name']);
  expect(textsOf(now, { before })).toEqual(['↓ data/*.csv 2 names changed']);
});

test('data read twice by a cell is one chip', () => {
  expect(textsOf(cellRun(0, { reads: [dataRef(), dataRef()] }))).toHaveLength(1);
});

test('edited code is named by the cell run that had it otherwise', () => {
  const before = cellRun(3, { source: 'def build(): pass' });
  const now = cellRun(9, { source: 'def build(): return 1' });
  expect(textsOf(now, { before })).toEqual(['code changed since [4]']);
});

test('another value on the mark is a param, not another code', () => {
  const before = cellRun(0, { source: '%%track forest depth=4\nfit()', params: { depth: 4 } });
  const now = cellRun(1, { source: '%%track forest depth=8\nfit()', params: { depth: 8 } });
  expect(textsOf(now, { before })).toEqual(['depth 4 → 8']);
});

test('another environment than that of the cell before is told', () => {
  expect(textsOf(cellRun(1), { isEnvironmentNew: true })).toEqual(['environment changed']);
});

test('warnings are told as they are', () => {
  const now = cellRun(0, { warnings: ['depth is named as a param, but there is none'] });
  expect(chipsOf(now)[0]).toMatchObject({ tone: 'warning', label: now.warnings[0] });
});

test.each([
  [
    { status: 'error', error: { name: 'KeyError', message: "'region_id'" } },
    "KeyError: 'region_id'"
  ],
  [{ status: 'error', error: { name: 'StopIteration', message: '' } }, 'StopIteration'],
  [{ status: 'interrupted' }, 'interrupted'],
  [{ status: 'died' }, 'the kernel died']
] as const)('a failure comes first: %j', (parts, text) => {
  const [first] = chipsOf(cellRun(0, { ...parts, metrics: { auc: metric(1) } }));
  expect(first).toMatchObject({ tone: 'failed', label: text });
});
