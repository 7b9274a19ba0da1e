import { expect, test, vi } from 'vitest';

import { keepLayout, Layout } from '../src/layout';
import type { StateShelf } from '../src/layout';
import { Navigation } from '../src/navigation';
import { MINE, RunsModel } from '../src/runs';
import { FakeSource, settle } from './fakes';

/** JupyterLab's state database, as far as it outlives a reload. */
class FakeStateShelf implements StateShelf {
  kept: unknown = undefined;

  fetch(): Promise<unknown> {
    return Promise.resolve(this.kept);
  }

  save(_: string, value: unknown): Promise<void> {
    this.kept = JSON.parse(JSON.stringify(value));
    return Promise.resolve();
  }
}

/** The panel of a page that was just loaded. */
function load() {
  const source = new FakeSource();
  return {
    layout: new Layout(),
    runs: new RunsModel(source),
    navigation: new Navigation(source)
  };
}

test('how the panel was arranged is so after a reload, but for what was searched for', async () => {
  const shelf = new FakeStateShelf();
  const before = load();
  await keepLayout(shelf, before);
  before.layout.arrange({
    filter: { focus: 'failed', text: 'csv', isGrouped: true },
    columns: ['metrics.auc']
  });
  before.layout.toggle('fold:1');
  before.layout.toggle('fold:2');
  before.layout.toggle('fold:1');
  before.runs.ask({ user: '*', sort: '-metrics.auc', text: 'forest', where: 'params.depth > 2' });
  before.navigation.choose('runs');
  await vi.waitUntil(() => shelf.kept !== undefined);

  const after = load();
  await keepLayout(shelf, after);
  expect(after.layout.state).toEqual({
    filter: { focus: 'failed', text: '', isGrouped: true },
    unfolded: ['fold:2'],
    columns: ['metrics.auc']
  });
  expect(after.runs.state.query).toEqual({
    ...MINE,
    user: '*',
    sort: '-metrics.auc',
    where: 'params.depth > 2'
  });
  expect(after.navigation.tab).toBe('runs');
});

test('who was faster than the answer meant what they did', async () => {
  const shelf = new FakeStateShelf();
  const before = load();
  await keepLayout(shelf, before);
  before.navigation.choose('runs');
  await vi.waitUntil(() => shelf.kept !== undefined);

  const after = load();
  const keeping = keepLayout(shelf, after);
  after.layout.arrange({ columns: ['params.depth'] });
  await keeping;
  expect(after.navigation.tab).toBe('notebook');
  expect(after.layout.state.columns).toEqual(['params.depth']);
});

test.each([null, 'runs', { tab: 'jobs' }, { filter: { focus: 'odd' }, unfolded: [] }])(
  'what another version kept and this one does not know is left alone: %j',
  async kept => {
    const shelf = new FakeStateShelf();
    shelf.kept = kept;
    const parts = load();
    await keepLayout(shelf, parts);
    await settle();
    expect(parts.layout.state).toEqual(new Layout().state);
    expect(parts.navigation.tab).toBe('notebook');
  }
);
