/** What cells wear: asked when it may be another, drawn in the margin, counted in the panel. */

import { cleanup, screen } from '@testing-library/react';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import type { CellState } from '../src/answers';
import { English } from '../src/components/surroundings';
import { dressCells } from '../src/margin';
import { KINDS, StatesModel } from '../src/states';
import { FakeSource } from './fakes';
import { result, rows, show } from './showing';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

const CELL = { id: 'load', source: 'a = 1', tags: [] };

function state(parts: Partial<CellState> = {}): CellState {
  const marks = [{ kind: 'stale', message: 'It read a.csv.', way_out: 'Run it again.' }] as const;
  return { cell_id: 'load', cell_run_id: 's.0', matters: true, marks, ...parts };
}

interface Asked {
  source: FakeSource;
  model: StatesModel;
  open: (typeof CELL)[];
  selected: string[];
}

async function asked(): Promise<Asked> {
  const source = new FakeSource();
  const open = [CELL];
  const selected: string[] = [];
  const model = new StatesModel(
    source,
    () => ({ path: 'n.ipynb', cells: open }),
    () => selected
  );
  model.setKinds(KINDS);
  await pass(0);
  source.standings[0]?.answer({ format: 1, version: 'v1', states: [state()] });
  await pass(0);
  return { source, model, open, selected };
}

async function look(model: StatesModel): Promise<void> {
  model.look();
  await pass(0);
}

test('cells are judged again only where their text, or what they read, is another', async () => {
  const { source, model, open } = await asked();
  expect(model.state.states).toEqual([state()]);
  await look(model);
  expect(source.standings).toHaveLength(1);
  open[0] = { ...CELL, source: 'a = 2' };
  await look(model);
  expect(source.standings[1]?.question[0]?.source).toBe('a = 2');
  source.standings[1]?.answer({ format: 1, version: 'v1', states: [] });
  await pass(0);
  expect(model.state.states).toEqual([]);
  source.version = 'v2';
  await look(model);
  expect(source.standings).toHaveLength(3);
  model.dispose();
});

test('cells are judged anew by the runs that are selected, and it is said that they are', async () => {
  const { source, model, selected } = await asked();
  selected.push('s.3');
  await look(model);
  expect(source.standings[1]?.selected).toEqual(['s.3']);
  expect(source.lookedAt, 'whose files may change').toEqual(['s.3']);
  const unused = state({ matters: false });
  source.standings[1]?.answer({
    format: 1,
    version: 'v1',
    is_of_selected: true,
    states: [unused]
  });
  await pass(0);
  expect(model.state).toEqual({ states: [unused], isOfSelected: true });
  show({ given: { cell_runs: [result(0)] }, states: [unused], isOfSelected: true });
  expect(screen.getByText(/; what is selected does not use it$/)).toBeTruthy();
  model.dispose();
});

test('a notebook of which nothing is recorded is not judged', async () => {
  const { source, model } = await asked();
  source.version = null;
  await look(model);
  expect(source.standings).toHaveLength(1);
  expect(model.state.states).toEqual([]);
  model.dispose();
});

test('a kind that is silenced is not told, and with none nothing is asked', async () => {
  const { source, model, open } = await asked();
  model.setKinds(['order']);
  expect(model.state.states).toEqual([]);
  model.setKinds([]);
  open[0] = { ...CELL, source: 'a = 3' };
  await look(model);
  expect(source.standings).toHaveLength(1);
  model.dispose();
});

test('a cell wears what is to be known of it, and no longer than it holds', () => {
  const [load, other] = [document.createElement('div'), document.createElement('div')];
  const nodes = new Map([
    ['load', load],
    ['other', other]
  ]);
  const open = vi.fn();
  dressCells(nodes, [state(), state({ cell_id: 'other', matters: false })], English, open);
  const mark = load.querySelector('button');
  expect(mark?.title).toBe('Stale: It read a.csv.\nRun it again.');
  expect(load.getAttribute('aria-describedby')).toBe(mark?.id);
  expect(other.children).toHaveLength(0);
  mark?.click();
  expect(open).toHaveBeenCalledWith('s.0');
  dressCells(nodes, [state()], English, open);
  expect(load.querySelector('button')).toBe(mark);
  dressCells(nodes, [], English, open);
  expect(load.children).toHaveLength(0);
  expect(load.hasAttribute('aria-describedby')).toBe(false);
});

test('cells that no newest run uses are a sentence of their own', () => {
  show({ given: { cell_runs: [result(0)] }, states: [state({ matters: false })] });
  expect(screen.getByText(/^1 cell would show something else/)).toBeTruthy();
});

test('the panel counts them, and the row of the last run says it', () => {
  const states = [
    state({ cell_run_id: result(1).id }),
    state({ cell_id: 'b', matters: false }),
    state({
      cell_id: 'c',
      cell_run_id: 's.9',
      marks: [{ kind: 'order', message: '', way_out: '' }]
    })
  ];
  show({ given: { cell_runs: [result(1), result(0)] }, states });
  expect(
    screen.getByText('Cells: 1 stale, 1 out of order, 1 more that the newest run does not use')
  ).toBeTruthy();
  expect(rows()[0]).toContain('Stale');
  expect(rows()[1]).not.toContain('Stale');
});
