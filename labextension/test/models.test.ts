import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { disposeModels, followModels, makeModels, setNotebook, setSeen } from '../src/models';
import type { Models } from '../src/models';
import { FakeSource } from './fakes';

const NOTEBOOK = { id: 'w', path: 'a/churn.ipynb', name: 'churn.ipynb', kernelId: null };
let source: FakeSource;
let models: Models;

beforeEach(() => {
  vi.useFakeTimers();
  source = new FakeSource();
  models = makeModels(source);
  setNotebook(models, NOTEBOOK);
});

afterEach(() => {
  disposeModels(models);
  vi.useRealTimers();
});

const asked = () => [source.notebooks.length, source.pages.length];

test('each is asked for only while someone sees what it is for', async () => {
  setSeen(models, false);
  await vi.advanceTimersByTimeAsync(0);
  expect(asked()).toEqual([0, 0]);
  setSeen(models, true);
  await vi.advanceTimersByTimeAsync(0);
  expect(asked()).toEqual([1, 0]);
  models.navigation.choose('runs');
  setSeen(models, true);
  await vi.advanceTimersByTimeAsync(0);
  expect(asked()).toEqual([1, 1]);
});

test('who follows is told of each change, and of none once that ended', () => {
  const told = vi.fn();
  const end = followModels(models, told);
  models.navigation.choose('runs');
  models.layout.toggle('fold:1');
  models.picks.toggle('r1');
  expect(told).toHaveBeenCalledTimes(3);
  end();
  models.navigation.choose('notebook');
  expect(told).toHaveBeenCalledTimes(3);
});
