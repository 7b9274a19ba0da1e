import { cleanup, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, expect, test } from 'vitest';

import { Trouble } from '../src/trouble';
import { answer, cellRun, dataRef, run, session } from './records';
import { result, rows, show } from './showing';

afterEach(cleanup);

test('a search shows what fits, unfolded, and Escape ends it', async () => {
  show({ given: { cell_runs: [cellRun(0), cellRun(1), result(2)] } });
  await userEvent.type(screen.getByRole('searchbox'), 'x1');
  expect(rows()).toHaveLength(1);
  expect(rows()[0]).toContain('x1 = 1');
  await userEvent.clear(screen.getByRole('searchbox'));
  await userEvent.type(screen.getByRole('searchbox'), 'nowhere');
  expect(screen.getByText('No cell run of this session has “nowhere”.')).toBeTruthy();
  await userEvent.keyboard('{Escape}');
  expect(rows()).toHaveLength(2);
});

test('a filter leaves only what failed', async () => {
  const error = { name: 'KeyError', message: 'x' };
  show({ given: { cell_runs: [result(0), cellRun(1, { status: 'error', error })] } });
  await userEvent.selectOptions(screen.getByRole('combobox'), 'Failed');
  expect(rows()).toHaveLength(1);
  expect(rows()[0]).toContain('KeyError');
});

test('grouped by cell, each shows its newest run and folds the earlier ones', async () => {
  const parts = { cell_id: 'fit', source: 'fit()' };
  show({ given: { cell_runs: [result(0, parts), result(1, parts), result(2)] } });
  await userEvent.click(screen.getByRole('button', { name: 'Group by cell' }));
  expect(rows()[1]).toContain('[2]fit()');
  expect(rows()[2]).toBe('1 earlier run');
});

test('a cell run opens to its details with the button or with d', async () => {
  const actions = show({ given: { cell_runs: [result(0)] } });
  await userEvent.click(screen.getByRole('button', { name: 'Details' }));
  screen.getByRole('treeitem').focus();
  await userEvent.keyboard('d');
  expect(actions.open).toHaveBeenCalledTimes(2);
  expect(actions.open).toHaveBeenCalledWith(expect.objectContaining({ id: 's1.0' }));
  expect(actions.reveal).not.toHaveBeenCalled();
});

test('runs are picked by box or Space, and two can be compared', async () => {
  const given = { cell_runs: [result(0, { run_id: 'r' })], runs: [run('r')] };
  const actions = show({ given, picked: ['q', 'r'] });
  expect(screen.getByRole<HTMLInputElement>('checkbox').checked).toBe(true);
  await userEvent.click(screen.getByRole('checkbox'));
  screen.getByRole('treeitem').focus();
  await userEvent.keyboard(' ');
  expect(actions.pick.mock.calls).toEqual([['r'], ['r']]);
  await userEvent.click(screen.getByRole('button', { name: 'Compare 2' }));
  expect(actions.compare).toHaveBeenCalledWith({ ids: ['q', 'r'], baseline: null });
});

test('one run alone cannot be compared', () => {
  show({ picked: ['r'] });
  expect(screen.getByRole<HTMLButtonElement>('button', { name: 'Compare 1' }).disabled).toBe(true);
});

test('data leads to where it came from', async () => {
  const actions = show({ given: { cell_runs: [cellRun(0, { reads: [dataRef()] })] } });
  await userEvent.click(screen.getByRole('button', { name: /train\.csv/ }));
  expect(actions.trace).toHaveBeenCalledWith('file1:c07be2aa');
});

test('a running cell tells the time that it took before', () => {
  const parts = { cell_id: 'fit', source: 'fit()', duration_s: 130 };
  const running = { ...parts, status: 'running', duration_s: null } as const;
  show({ given: { cell_runs: [cellRun(0, parts), cellRun(1, running)] } });
  expect(screen.getByText(/of ~2:10$/)).toBeTruthy();
});

test('a long session is drawn in parts', async () => {
  show({ given: { cell_runs: Array.from({ length: 203 }, (_, seq) => result(seq)) } });
  expect(rows()).toHaveLength(200);
  await userEvent.click(screen.getByRole('button', { name: 'Show 3 older' }));
  expect(rows()).toHaveLength(203);
});

test('an earlier session opens to its cell runs, under the filter of the list', async () => {
  const earlier = session({ id: 's0', name: 'calm-sea', status: 'died' });
  const actions = show({ given: { sessions: [session(), earlier], cell_runs: [result(7)] } });
  const cell_runs = [cellRun(0), result(1, { id: 's0.1', source: 'old()', run_id: 'r' })];
  actions.session.mockResolvedValue(answer({ sessions: [earlier], cell_runs, runs: [run('r')] }));
  const line = screen.getByRole('button', { name: /calm-sea died/ });
  await userEvent.click(line);
  expect(actions.session).toHaveBeenCalledWith('s0');
  const tree = await screen.findByRole('tree', { name: 'Cell runs of session calm-sea' });
  expect(tree.textContent).toContain('[2]old()');
  expect(tree.textContent).toContain('1 more cell');
  within(tree).getByRole('treeitem', { name: /old/ }).focus();
  await userEvent.keyboard(' ');
  expect(actions.pick).toHaveBeenCalledWith('r');

  await userEvent.type(screen.getByRole('searchbox'), 'x7');
  expect(screen.queryByRole('tree', { name: /calm-sea/ })).toBeNull();
  expect(screen.getByText('No such cell run in this session.')).toBeTruthy();
  await userEvent.click(line);
  expect(line.getAttribute('aria-expanded')).toBe('false');
});

test('an earlier session that cannot be read says why', async () => {
  const sessions = [session(), session({ id: 's0', name: 'calm-sea' })];
  const actions = show({ given: { sessions } });
  actions.session.mockRejectedValue(new Trouble('refused', 'Erased.', 'Look in MLflow.'));
  await userEvent.click(screen.getByRole('button', { name: /calm-sea/ }));
  expect(await screen.findByText(/Erased\. Look in MLflow\./)).toBeTruthy();
});
