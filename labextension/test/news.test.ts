import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { PanelModel } from '../src/model';
import { Trouble } from '../src/trouble';
import { FakeSource } from './fakes';
import { answer } from './records';

const NOTEBOOK = { id: 'w1', path: 'work/churn.ipynb', name: 'churn.ipynb', kernelId: 'kernel-1' };
const LIVE_MS = 1000;

let source: FakeSource;
let model: PanelModel;

beforeEach(async () => {
  vi.useFakeTimers();
  source = new FakeSource();
  model = new PanelModel(source);
  model.setNotebook(NOTEBOOK);
  model.setVisible(true);
  await pass(0);
  await reply(1);
});

afterEach(() => {
  model.dispose();
  vi.useRealTimers();
});

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const count = () => source.notebooks.length;

async function reply(version: number): Promise<void> {
  source.notebooks.at(-1)?.answer(answer({ version }));
  await pass(0);
}

async function tell(folder: string): Promise<void> {
  source.news.emit(folder);
  await pass(0);
}

test('what the server tells of is asked for at once, and the poll rests while it tells', async () => {
  await tell('work');
  expect(count()).toBe(2);
  await reply(2);
  await pass(10 * LIVE_MS);
  expect(count()).toBe(2);
  await pass(10 * LIVE_MS);
  expect(count()).toBe(3);
});

test('news that was not told has it look as often as before', async () => {
  await tell('');
  await reply(2);
  await pass(20 * LIVE_MS);
  await reply(3);
  await pass(LIVE_MS + 100);
  expect(count()).toBe(4);
});

test('a server that is gone is noticed at a doubt, however seldom it is asked', async () => {
  await tell('work');
  await reply(2);
  await tell('');
  source.notebooks.at(-1)?.refuse(new Trouble('offline', 'gone'));
  await pass(0);
  expect(model.state.trouble?.kind).toBe('offline');
});

test('news of another project is none', async () => {
  await tell('workshop');
  await tell('other');
  expect(count()).toBe(1);
});

test('what is told while a question is under way is asked for once, after its answer', async () => {
  await tell('work');
  await tell('work');
  await tell('work');
  expect(count()).toBe(2);
  await reply(2);
  await pass(0);
  expect(count()).toBe(3);
  await reply(3);
  await pass(10 * LIVE_MS);
  expect(count()).toBe(3);
});

test('a hidden panel is told in vain', async () => {
  model.setVisible(false);
  await pass(0);
  await tell('work');
  expect(count()).toBe(1);
});
