import { beforeEach, expect, test } from 'vitest';

import { Navigation, selectedRuns } from '../src/navigation';
import { inOrder, Picks } from '../src/picks';
import { Trouble } from '../src/trouble';
import { FakeSource, settle } from './fakes';
import { comparison } from './records';

const PATH = 'churn.ipynb';

let source: FakeSource;
let navigation: Navigation;

beforeEach(() => {
  source = new FakeSource();
  navigation = new Navigation(source);
});

test('why is asked for the run, then shown', async () => {
  void navigation.open(PATH, { kind: 'why', b: 'b' });
  expect(navigation.page).toMatchObject({ kind: 'why', answer: null });
  expect(source.whys[0]?.question).toEqual({ path: PATH, b: 'b' });
  source.whys[0]?.answer(comparison());
  await settle();
  expect(navigation.page?.answer).toEqual(comparison());
  navigation.back();
  expect(navigation.page).toBeNull();
});

test('why may name both runs', () => {
  void navigation.open(PATH, { kind: 'why', b: 'b', a: 'a' });
  expect(source.whys[0]?.question).toEqual({ path: PATH, b: 'b', a: 'a' });
});

test('an answer that nobody waits for any more is dropped', async () => {
  void navigation.open(PATH, { kind: 'why', b: 'b' });
  navigation.back();
  source.whys[0]?.answer(comparison());
  await settle();
  expect(navigation.page).toBeNull();
});

test('an answer reaches its page also under another', async () => {
  void navigation.open(PATH, { kind: 'why', b: 'b' });
  void navigation.open(PATH, { kind: 'cell-run', id: 's1.0' });
  source.whys[0]?.answer(comparison());
  await settle();
  expect(navigation.page?.kind).toBe('cell-run');
  navigation.back();
  expect(navigation.page?.answer).toEqual(comparison());
});

test('a question that cannot be answered says so', async () => {
  void navigation.open(PATH, { kind: 'why', b: 'b' });
  source.whys[0]?.refuse(new Trouble('refused', 'forest is the first run here.', 'Run it again.'));
  await settle();
  expect(navigation.page?.trouble?.message).toBe('forest is the first run here.');
});

test('a tab is chosen without the pages over the other', () => {
  void navigation.open(PATH, { kind: 'why', b: 'b' });
  navigation.choose('runs');
  expect([navigation.tab, navigation.page]).toEqual(['runs', null]);
});

test('runs are picked in order, once, and a baseline is one of them', () => {
  const picks = new Picks();
  picks.toggle('a');
  picks.toggle('b');
  picks.setBaseline('c');
  expect(picks.state).toEqual({ ids: ['a', 'b', 'c'], baseline: 'c' });
  picks.toggle('c');
  expect(picks.state).toEqual({ ids: ['a', 'b'], baseline: null });
});

test('no more are picked than a comparison takes', () => {
  const picks = new Picks();
  for (let number = 0; number < 60; number++) {
    picks.toggle(String(number));
  }
  expect(picks.state.ids).toHaveLength(50);
});

test('the run that started first is A, unless another is the baseline', () => {
  const startOf = (id: string) => `2026-11-20T12:0${id}:00Z`;
  expect(inOrder({ ids: ['3', '1', '2'], baseline: null }, startOf)).toEqual(['1', '2', '3']);
  expect(inOrder({ ids: ['1', '3', '2'], baseline: '3' }, startOf)).toEqual(['3', '1', '2']);
});

test('what a person looks at is the page on top, else what they picked', () => {
  expect(selectedRuns(navigation.page, ['p'])).toEqual(['p']);
  void navigation.open(PATH, { kind: 'compare', ids: ['a', 'b'] });
  expect(selectedRuns(navigation.page, ['p'])).toEqual(['a', 'b']);
  void navigation.open(PATH, { kind: 'lineage', digest: 'd' });
  expect(selectedRuns(navigation.page, ['p'])).toEqual(['p']);
});
