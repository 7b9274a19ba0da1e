import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import type { RunRow, RunsPage } from '../src/answers';
import { RunsModel } from '../src/runs';
import { Trouble } from '../src/trouble';
import { FakeSource } from './fakes';
import { runRow, runsPage } from './records';

let source: FakeSource;
let model: RunsModel;

beforeEach(() => {
  vi.useFakeTimers();
  source = new FakeSource();
  model = new RunsModel(source);
});

afterEach(() => {
  model.dispose();
  vi.useRealTimers();
});

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const asked = () => source.pages.at(-1)?.question;

async function answer(parts: Partial<RunsPage> = {}): Promise<void> {
  source.pages.at(-1)?.answer(runsPage(parts));
  await pass(0);
}

async function show(parts: Partial<RunsPage> = {}): Promise<void> {
  model.setPath('churn.ipynb');
  model.setVisible(true);
  await pass(0);
  await answer(parts);
}

const names = () => [...model.state.rows.values()].map((row: RunRow) => row.name);

test('nothing is asked until someone looks', async () => {
  model.setPath('churn.ipynb');
  await pass(60_000);
  expect(source.pages).toHaveLength(0);
});

test('MLflow is looked at once when the table opens, not with every poll', async () => {
  await show();
  expect(source.pages[0]?.question.isLooking).toBe(true);
  await pass(5000);
  expect(asked()?.isLooking).toBe(false);
  expect(asked()?.since).toBe(7);
});

test('that MLflow went away is known though no run changed', async () => {
  await show();
  await pass(5000);
  const same = { format: 1, unchanged: true, version: 7, unshipped: 0 } as const;
  source.pages.at(-1)?.answer({ ...same, error: 'it does not answer' });
  await pass(0);
  expect(model.state.known?.error).toBe('it does not answer');
  expect(names()).toEqual(['forest']);
});

test('an answer that says nothing changed is silent', async () => {
  await show();
  const changed = vi.fn();
  model.changed.connect(changed);
  await pass(5000);
  const same = { format: 1, unchanged: true, version: 7, unshipped: 0, error: null } as const;
  source.pages.at(-1)?.answer(same);
  await pass(0);
  expect(changed).not.toHaveBeenCalled();
});

test('rows far down are asked for when they come into sight', async () => {
  await show({ total: 10_000 });
  model.look(5_000, 5_020);
  expect(asked()).toMatchObject({ page: 51, since: 0 });
  await answer({ total: 10_000, page: 51, rows: [runRow({ id: 'far', name: 'far' })] });
  expect(model.state.rows.get(5_000)?.name).toBe('far');
  model.look(5_000, 5_000);
  expect(source.pages).toHaveLength(2);
});

test('another question keeps what is shown until it is answered', async () => {
  await show({ rows: [runRow({ name: 'old' })] });
  model.ask({ text: 'new' });
  await pass(0);
  expect([names(), model.state.isOutdated]).toEqual([['old'], true]);
  expect(asked()).toMatchObject({ text: 'new', since: 0 });
  await answer({ rows: [runRow({ name: 'new' })] });
  expect([names(), model.state.isOutdated]).toEqual([['new'], false]);
});

test('an answer to an earlier question is dropped', async () => {
  await show({ rows: [runRow({ name: 'old' })] });
  model.ask({ text: 'a' });
  await pass(0);
  const late = source.pages.at(-1);
  model.ask({ text: 'ab' });
  late?.answer(runsPage({ rows: [runRow({ name: 'wrong' })] }));
  await pass(0);
  expect(names()).toEqual(['old']);
});

test('a condition that cannot be read says why, and the rows stay', async () => {
  await show();
  model.ask({ where: 'metrics.' });
  await pass(0);
  source.pages.at(-1)?.refuse(new Trouble('refused', 'It cannot be read.', 'For example: ...'));
  await pass(0);
  expect(model.state.trouble?.message).toBe('It cannot be read.');
  expect(names()).toEqual(['forest']);
});
