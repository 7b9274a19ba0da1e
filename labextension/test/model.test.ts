import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { PanelModel } from '../src/model';
import { Trouble } from '../src/trouble';
import type { Notebook } from '../src/tokens';
import { FakeSource } from './fakes';
import { answer, cellRun, session } from './records';

const CHURN: Notebook = {
  id: 'w1',
  path: 'churn.ipynb',
  name: 'churn.ipynb',
  kernelId: 'kernel-1'
};
const OFFLINE = new Trouble('offline', 'no network');
const UNCHANGED = { format: 1, unchanged: true, version: 1 } as const;
const IDLE = answer({ sessions: [session({ status: 'finished' })] });

let source: FakeSource;
let model: PanelModel;

beforeEach(() => {
  vi.useFakeTimers();
  source = new FakeSource();
  model = new PanelModel(source);
});

afterEach(() => {
  model.dispose();
  vi.useRealTimers();
});

/** Let time pass, and all that it sets off happen. */
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

async function show(): Promise<void> {
  model.setNotebook(CHURN);
  model.setVisible(true);
  await pass(0);
}

async function reply(given: Parameters<(typeof source.notebooks)[0]['answer']>[0]): Promise<void> {
  source.notebooks.at(-1)?.answer(given);
  await pass(0);
}

test('a hidden panel asks nothing', async () => {
  model.setNotebook(CHURN);
  await pass(60_000);
  expect(source.notebooks).toHaveLength(0);
});

test('a panel without a notebook asks nothing', async () => {
  model.setVisible(true);
  await pass(60_000);
  expect(source.notebooks).toHaveLength(0);
});

test('asked to refresh without a notebook, it has nothing to ask', async () => {
  await model.refresh();
  expect(source.notebooks).toHaveLength(0);
});

test('a panel that is shown asks at once, for everything', async () => {
  await show();
  expect(source.notebooks).toHaveLength(1);
  expect(source.notebooks[0]?.question).toMatchObject({ ...CHURN, since: 0 });
});

test('a panel that is hidden again stops asking', async () => {
  await show();
  await reply(answer());
  model.setVisible(false);
  await pass(60_000);
  expect(source.notebooks).toHaveLength(1);
});

test('while a session runs it asks every second, and only for what changed', async () => {
  await show();
  await reply(answer({ version: 5 }));
  await pass(1000);
  expect(source.notebooks).toHaveLength(2);
  expect(source.notebooks[1]?.question.since).toBe(5);
});

test('while none runs it asks every five seconds', async () => {
  await show();
  await reply(IDLE);
  await pass(4900);
  expect(source.notebooks).toHaveLength(1);
  await pass(200);
  expect(source.notebooks).toHaveLength(2);
});

test('while something is expected it asks every second', async () => {
  await show();
  await reply(IDLE);
  model.setExpecting(true);
  await pass(0);
  await reply(UNCHANGED);
  await pass(1000);
  expect(source.notebooks).toHaveLength(3);
});

test('in a browser tab in the background it soon asks nothing', async () => {
  await show();
  await reply(answer());
  vi.spyOn(document, 'visibilityState', 'get').mockReturnValue('hidden');
  document.dispatchEvent(new Event('visibilitychange'));
  for (let turn = 0; turn < 3; turn++) {
    await pass(1000);
    await reply(UNCHANGED);
  }
  expect(source.notebooks).toHaveLength(2); // a poll lingers for one turn
  vi.restoreAllMocks();
  document.dispatchEvent(new Event('visibilitychange'));
  await pass(1000);
  expect(source.notebooks).toHaveLength(3);
});

test('one question is under way at a time, and at most one waits', async () => {
  await show();
  const waiting = [model.refresh(), model.refresh(), model.refresh()];
  await pass(0);
  expect(source.notebooks).toHaveLength(1);
  await reply(answer());
  expect(source.notebooks).toHaveLength(2);
  await reply(UNCHANGED);
  await Promise.all(waiting);
  expect(source.notebooks).toHaveLength(2);
});

test('an answer that changes nothing is silent', async () => {
  await show();
  await reply(answer());
  const { history } = model.state;
  const changes = vi.fn();
  model.changed.connect(changes);
  await pass(1000);
  await reply(UNCHANGED);
  expect(changes).not.toHaveBeenCalled();
  expect(model.state.history).toBe(history);
});

test('another session makes it ask for everything', async () => {
  await show();
  await reply(answer({ version: 5, cell_runs: [cellRun(0)] }));
  await pass(1000);
  const sessions = [session({ id: 's2' }), session({ status: 'finished' })];
  await reply(answer({ version: 6, sessions }));
  expect(source.notebooks).toHaveLength(3);
  expect(source.notebooks[2]?.question.since).toBe(0);
  expect(model.state.history?.sessions[0]?.id).toBe('s1'); // what is known stays until then
  await reply(answer({ version: 6, sessions, cell_runs: [cellRun(7)] }));
  expect(model.state.history?.cellRuns.map(({ seq }) => seq)).toEqual([7]);
});

test('another notebook starts from nothing, and late answers on the one before are dropped', async () => {
  await show();
  await reply(answer());
  await pass(1000);
  model.setNotebook({ ...CHURN, id: 'w2', path: 'other.ipynb' });
  expect(model.state).toMatchObject({ history: null, notebook: { path: 'other.ipynb' } });
  await reply(answer({ version: 9 }));
  expect(model.state.history).toBeNull();
  expect(source.notebooks.at(-1)?.question).toMatchObject({ path: 'other.ipynb', since: 0 });
});

test('a notebook that is renamed keeps what is known of it', async () => {
  await show();
  await reply(answer());
  model.setNotebook({ ...CHURN, path: 'renamed.ipynb' });
  expect(model.state.history).not.toBeNull();
  await pass(0);
  expect(source.notebooks.at(-1)?.question).toMatchObject({ path: 'renamed.ipynb', since: 0 });
});

test('the same notebook told again asks nothing', async () => {
  await show();
  await reply(IDLE);
  model.setNotebook({ ...CHURN });
  await pass(0);
  expect(source.notebooks).toHaveLength(1);
});

test('when the server is gone the last state stays, and asking slows down', async () => {
  vi.spyOn(Math, 'random').mockReturnValue(0.99); // a poll waits for a random part of its patience
  await show();
  await reply(answer({ cell_runs: [cellRun(0)] }));
  for (let failures = 0; failures < 6; failures++) {
    await pass(60_000);
    source.notebooks.at(-1)?.refuse(OFFLINE);
    await pass(0);
  }
  expect(model.state).toMatchObject({ trouble: { kind: 'offline' }, history: { version: 1 } });
  const asked = source.notebooks.length;
  await pass(20_000);
  expect(source.notebooks.length).toBe(asked);
});

test('when the server is back the trouble is over, with an answer that changes nothing too', async () => {
  await show();
  await reply(answer());
  await pass(1000);
  source.notebooks.at(-1)?.refuse(OFFLINE);
  await pass(40_000);
  await reply(UNCHANGED);
  expect(model.state.trouble).toBeNull();
});

test('a first question that failed is asked again for everything', async () => {
  await show();
  source.notebooks.at(-1)?.refuse(new Error('odd'));
  await pass(40_000);
  expect(model.state.trouble?.kind).toBe('unreadable');
  expect(source.notebooks.at(-1)?.question.since).toBe(0);
});

test('whether the kernel is tracked is unknown until the first answer', async () => {
  await show();
  expect(model.isTracking).toBeNull();
  await reply(answer());
  expect(model.isTracking).toBe(true);
});
