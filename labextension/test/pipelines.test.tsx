import { cleanup, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { depthsOf } from '../src/components/StepLines';
import { PipelinesModel } from '../src/pipelines';
import type { Pipeline, PipelinesAnswer, Step } from '../src/pipelines';
import { Trouble } from '../src/trouble';
import { FakeSource } from './fakes';
import { NOON, runRow } from './records';
import { show } from './showing';

function step(name: string, parts: Partial<Step> = {}): Step {
  return {
    name,
    notebook: `${name}.ipynb`,
    path: `work/${name}.ipynb`,
    after: [],
    status: 'waiting',
    reason: '',
    started_at: null,
    ended_at: null,
    run: null,
    ...parts
  };
}

const PIPELINE: Pipeline = {
  id: 'p1',
  name: 'churn',
  file: 'work/pipeline.yaml',
  status: 'running',
  started_at: NOON,
  ended_at: null,
  steps: [
    step('prepare', { status: 'unchanged', run: runRow({ id: 'r1' }) }),
    step('train', {
      after: ['prepare'],
      status: 'failed',
      reason: '[2] ValueError: no',
      started_at: NOON,
      ended_at: '2026-11-20T12:01:30Z'
    }),
    step('report', { after: ['train'], path: null })
  ]
};

afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

const shown = (pipelines: readonly Pipeline[] | null) =>
  show({ tab: 'pipelines', pipelines: { pipelines } });
const lines = () => screen.getAllByRole('listitem').map(item => item.textContent);

test('each step is a line with its state, why, and how long it took', () => {
  shown([PIPELINE]);
  expect(lines()).toEqual([
    'prepareunchanged',
    'trainfailed[2] ValueError: no1:30 min',
    'reportwaiting'
  ]);
});

test('a click opens the notebook of a step, or its run', async () => {
  const actions = shown([PIPELINE]);
  await userEvent.click(screen.getByRole('button', { name: /the notebook of step train/ }));
  expect(actions.openNotebook).toHaveBeenCalledWith('work/train.ipynb');
  await userEvent.click(screen.getByRole('button', { name: /the run of step prepare/ }));
  expect(actions.openRun).toHaveBeenCalledWith(PIPELINE.steps[0]?.run);
  expect(screen.queryByRole('button', { name: /report/ })).toBeNull();
});

test('without a pipeline it says how there will be one', () => {
  shown([]);
  expect(screen.getByText(/nbops pipeline infer/)).toBeTruthy();
});

test('a step lies to the right of all that it needs', () => {
  const steps = [
    step('a'),
    step('b'),
    step('c', { after: ['a', 'b'] }),
    step('d', { after: ['b', 'c', 'gone'] })
  ];
  expect([...depthsOf(steps).values()]).toEqual([0, 0, 1, 2]);
});

const answer = (parts: Partial<PipelinesAnswer>): PipelinesAnswer => ({
  format: 1,
  version: 'v1',
  unchanged: false,
  pipelines: [],
  ...parts
});

beforeEach(() => {
  vi.useFakeTimers({ shouldAdvanceTime: true });
});

test('it is asked for with the version that is known, and of another project anew', async () => {
  const source = new FakeSource();
  const model = new PipelinesModel(source);
  const next = async (parts: Partial<PipelinesAnswer>) => {
    await vi.advanceTimersByTimeAsync(1000);
    source.pipelineQuestions.at(-1)?.answer(answer(parts));
    await vi.advanceTimersByTimeAsync(0);
  };
  const asked = () => source.pipelineQuestions.map(({ question }) => question);
  model.setPath('a.ipynb');
  model.setVisible(true);
  await next({ pipelines: [PIPELINE] });
  await next({ unchanged: true });
  expect(model.state.pipelines).toEqual([PIPELINE]);
  model.setPath('b/b.ipynb');
  expect(model.state.pipelines).toBeNull();
  await next({ version: 'v2' });
  expect(asked()).toEqual([
    { path: 'a.ipynb', since: '' },
    { path: 'a.ipynb', since: 'v1' },
    { path: 'b/b.ipynb', since: '' }
  ]);
  model.dispose();
});

test('what keeps it from an answer is said beside what is known', async () => {
  const source = new FakeSource();
  const model = new PipelinesModel(source);
  model.setVisible(true);
  await vi.advanceTimersByTimeAsync(1000);
  source.pipelineQuestions[0]?.refuse(new Trouble('offline', 'away'));
  await vi.advanceTimersByTimeAsync(0);
  expect(model.state.trouble?.kind).toBe('offline');
  model.dispose();
});
