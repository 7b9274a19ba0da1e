import { expect, test } from 'vitest';

import { addAnswer, isTracking, noteShipping } from '../src/history';
import type { History } from '../src/history';
import type { CellRun, ChangedNotebook } from '../src/wire';
import { answer, cellRun, run, session } from './records';

function known(parts: Partial<ChangedNotebook> = {}): History {
  const history = addAnswer(null, answer(parts));
  if (!history) {
    throw new Error('the first answer is always taken');
  }
  return history;
}

test('what changed replaces what was known, what is new comes on top', () => {
  const before = known({ cell_runs: [cellRun(0), cellRun(1, { status: 'running' })] });
  const after = addAnswer(
    before,
    answer({ version: 2, cell_runs: [cellRun(1, { status: 'ok' }), cellRun(2)] })
  );
  expect(after?.cellRuns.map(({ seq, status }) => [seq, status])).toEqual([
    [2, 'ok'],
    [1, 'ok'],
    [0, 'ok']
  ]);
  expect(after?.version).toBe(2);
});

test('runs are replaced by their id and kept when nothing is told of them', () => {
  const before = known({ runs: [run('r1', { status: 'running' }), run('r2')] });
  const after = addAnswer(before, answer({ runs: [run('r1', { status: 'finished' })] }));
  expect(after?.runs.get('r1')?.status).toBe('finished');
  expect(after?.runs.has('r2')).toBe(true);
});

test('changes of another session cannot be added: everything is asked for anew', () => {
  const before = known({ cell_runs: [cellRun(0)] });
  expect(addAnswer(before, answer({ sessions: [session({ id: 's2' }), session()] }))).toBeNull();
});

test('the first session of a notebook cannot be added to none either', () => {
  expect(addAnswer(known({ sessions: [] }), answer())).toBeNull();
});

test.each([
  ['a running session of this kernel', {}, true],
  ['a session of another kernel', { kernel_id: 'kernel-2' }, false],
  ['a session that is over', { status: 'finished' }, false],
  ['a paused session', { is_tracking: false }, false]
] as const)('%s: tracking is %s', (_, parts, expected) => {
  expect(isTracking(known({ sessions: [session(parts)] }), 'kernel-1')).toBe(expected);
});

test('without a kernel nothing is tracked', () => {
  expect(isTracking(known({ sessions: [session({ kernel_id: null })] }), null)).toBe(false);
});

test('how shipping stands may move while nothing else does', () => {
  const before = known({ unshipped: 2 });
  const unchanged = { format: 1, unchanged: true, version: 1 } as const;
  expect(noteShipping(before, unchanged)).toBe(before);
  expect(noteShipping(before, { ...unchanged, unshipped: 2, error: null })).toBe(before);
  expect(noteShipping(before, { ...unchanged, error: 'refused' })).toMatchObject({
    unshipped: 2,
    error: 'refused'
  });
});

test('the points that a running cell logged are its curve, and those of the run that it makes', () => {
  const at = (step: number): CellRun['metrics'] => ({ loss: [[step, 1 / (step + 1), `t${step}`]] });
  const live = (step: number, isOver = false) =>
    answer({
      cell_runs: [cellRun(0, { status: isOver ? 'ok' : 'running', metrics: at(step) })],
      runs: [run('r', { status: isOver ? 'finished' : 'running', metrics: at(step) })]
    });
  let history = addAnswer(null, live(0));
  for (const next of [live(1), live(1), live(2, true)]) {
    history = addAnswer(history, next);
  }
  for (const ran of [history?.cellRuns[0], history?.runs.get('r')]) {
    expect(ran?.metrics.loss?.map(([step]) => step)).toEqual([0, 1, 2]);
  }
});
