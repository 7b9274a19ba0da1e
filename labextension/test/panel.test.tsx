import { cleanup, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, expect, test } from 'vitest';

import { Trouble } from '../src/trouble';
import { cellRun, dataRef, metric, run, session } from './records';
import { panelOf, result, rows, show } from './showing';

afterEach(cleanup);

const theSwitch = () => screen.getByRole('switch');

test('the switch shows what the records say', () => {
  show({ isTracking: true });
  expect(theSwitch().getAttribute('aria-checked')).toBe('true');
  cleanup();
  show({ isTracking: false });
  expect(theSwitch().getAttribute('aria-checked')).toBe('false');
});

test('the switch shows what was asked for until the records follow', () => {
  show({ isTracking: false, switchState: { position: true, isAsking: true } });
  expect(theSwitch().getAttribute('aria-checked')).toBe('true');
  expect(screen.getByText(/The kernel is busy/)).toBeTruthy();
});

test('a click flips it', async () => {
  const actions = show({ isTracking: true });
  await userEvent.click(theSwitch());
  expect(actions.flip).toHaveBeenCalledWith(false);
});

test('what keeps it from being flipped is said', () => {
  show({ switchState: { obstacle: { kind: 'not-python', language: 'R' } } });
  expect((theSwitch() as HTMLButtonElement).disabled).toBe(true);
  expect(screen.getByText('Python kernels can be tracked; this one speaks R.')).toBeTruthy();
});

test('a kernel of another language is not taught to track', () => {
  const obstacle = { kind: 'not-python', language: 'R' } as const;
  show({ given: { sessions: [] }, switchState: { obstacle } });
  expect(screen.queryByText('Nothing recorded yet')).toBeNull();
});

test('why it was not flipped is said, with the way out', () => {
  show({ switchState: { failure: { kind: 'not-installed' } } });
  expect(screen.getByRole('alert').textContent).toBe(
    'nbops is not installed in this kernel: run %pip install nbops'
  );
});

test('without a notebook it asks for one', () => {
  show({ state: { notebook: null } });
  expect(screen.getByText('Open a notebook to see its cell runs.')).toBeTruthy();
});

test('a notebook that was never tracked is taught how', () => {
  show({ given: { sessions: [] } });
  expect(screen.getByText(/Flip the switch above/)).toBeTruthy();
  expect(screen.getByText('%%track forest depth=8')).toBeTruthy();
});

test('a session without cell runs says what to do', () => {
  show();
  expect(screen.getByText('Run a cell: it will appear here.')).toBeTruthy();
});

test('where the server has no nbops, the command that enables it is shown', () => {
  show({ given: null, state: { trouble: new Trouble('not-enabled', '') } });
  expect(screen.getByText('jupyter server extension enable nbops')).toBeTruthy();
});

test('when the server is gone the last state stays, dimmed, and it says so', () => {
  show({ given: { cell_runs: [result(0)] }, state: { trouble: new Trouble('offline', '') } });
  expect(screen.getByText(/This is the last state that is known/)).toBeTruthy();
  expect(screen.getByRole('tree').closest('.nbops-mod-stale')).toBeTruthy();
});

test('the session is named with its experiment and the count of what was tracked', () => {
  const early = cellRun(0, { status: 'before_tracking' });
  show({ given: { cell_runs: [early, cellRun(1), cellRun(2)] } });
  const text = document.querySelector('.nbops-Summary-what')?.textContent;
  expect(text).toMatch(/^churn · session brave-lake since .* · 2 cell runs$/);
});

test('a paused session says that it is', () => {
  show({ given: { sessions: [session({ is_tracking: false })] } });
  expect(document.querySelector('.nbops-Summary-what')?.textContent).toContain('· paused ·');
});

test.each([
  [{ runs: [run('r')] }, 'all in MLflow'],
  [{ unshipped: 1 }, '1 run on its way to MLflow'],
  [{ unshipped: 3 }, '3 runs on their way to MLflow'],
  [{ error: 'refused' }, 'waiting for MLflow: refused'],
  [{ error: 'refused', unshipped: 2 }, '2 runs wait for MLflow: refused'],
  [{ cell_runs: [cellRun(0, { reads: [dataRef()] })] }, '1 read, all with content hash'],
  [
    { cell_runs: [cellRun(0, { reads: [dataRef(), dataRef({ digest: null })] })] },
    '2 reads, 1 being hashed'
  ],
  [
    { cell_runs: [cellRun(0, { reads: [dataRef({ digest: null, missing: 'gone' })] })] },
    '1 read, 1 without content hash'
  ]
])('trust is in sight: %j', (given, text) => {
  show({ given });
  expect(screen.getByText(text)).toBeTruthy();
});

test('what is missing from the record is listed', () => {
  show({ given: { sessions: [session({ problems: ['packages could not be listed'] })] } });
  expect(screen.getByText('packages could not be listed')).toBeTruthy();
});

test('earlier sessions are one line each', () => {
  const earlier = session({ id: 's0', name: 'calm-heath', status: 'died' });
  show({ given: { sessions: [session(), earlier] } });
  const line = screen.getByRole('button', { expanded: false, name: /calm-heath/ });
  expect(line.textContent).toContain('died');
});

test('folded cells open with a click and close again', async () => {
  show({ given: { cell_runs: [cellRun(0), cellRun(1), result(2)] } });
  expect(rows().at(-1)).toBe('2 more cells');
  await userEvent.click(screen.getByText('2 more cells'));
  expect(rows()).toHaveLength(4);
  await userEvent.click(screen.getByText('2 more cells'));
  expect(rows()).toHaveLength(2);
});

test('cells from before tracking say so', () => {
  const early = [0, 1, 2].map(seq => cellRun(seq, { status: 'before_tracking' }));
  show({ given: { cell_runs: [...early, result(3)] } });
  expect(rows().at(-1)).toBe('3 cells before tracking');
});

test('a click on a row shows its cell', async () => {
  const actions = show({ given: { cell_runs: [result(0)] } });
  await userEvent.click(screen.getByText('x0 = 0'));
  expect(actions.reveal).toHaveBeenCalledWith(expect.objectContaining({ id: 's1.0' }));
  expect(screen.getByRole('treeitem').getAttribute('aria-selected')).toBe('true');
});

test('the keys of a tree work: arrows, Home, End, Enter, and one tab stop', async () => {
  const given = { cell_runs: [cellRun(0), cellRun(1), result(2), result(3)] };
  const actions = show({ given });
  const focused = () => document.activeElement?.textContent;
  const stops = () => screen.getAllByRole('treeitem').filter(row => row.tabIndex === 0);
  screen.getByRole('button', { name: 'Group by cell' }).focus();
  await userEvent.tab();
  expect(focused()).toContain('x3 = 3');
  await userEvent.keyboard('{ArrowDown}');
  expect(focused()).toContain('x2 = 2');
  await userEvent.keyboard('{Enter}');
  expect(actions.reveal).toHaveBeenCalledWith(expect.objectContaining({ id: 's1.2' }));
  await userEvent.keyboard('{End}{ArrowRight}{ArrowRight}');
  expect(focused()).toContain('x1 = 1');
  expect(stops()).toEqual([document.activeElement]);
  await userEvent.keyboard('{ArrowLeft}{ArrowLeft}');
  expect(rows()).toHaveLength(3);
  await userEvent.keyboard('{Enter}');
  expect(rows()).toHaveLength(5);
  await userEvent.keyboard('{Home}{ArrowUp}');
  expect(focused()).toContain('x3 = 3');
});

test('why is asked with the button or with w, and does not move the notebook', async () => {
  const given = { cell_runs: [result(0, { run_id: 'r' })], runs: [run('r')] };
  const actions = show({ given });
  await userEvent.click(screen.getByText('why?'));
  expect(actions.explain).toHaveBeenLastCalledWith('r');
  screen.getByRole('treeitem').focus();
  await userEvent.keyboard('w');
  expect(actions.explain).toHaveBeenCalledTimes(2);
  expect(actions.reveal).not.toHaveBeenCalled();
});

test('a change opens the comparison that it is made of', async () => {
  const parts = { cell_id: 'fit', source: 'fit()' };
  const before = cellRun(0, { ...parts, metrics: { auc: metric(0.5) }, run_id: 'a' });
  const now = cellRun(1, { ...parts, metrics: { auc: metric(0.75) }, run_id: 'b' });
  const actions = show({ given: { cell_runs: [before, now], runs: [run('a'), run('b')] } });
  await userEvent.click(screen.getByText('▲ 0.25'));
  expect(actions.explain).toHaveBeenCalledWith('b', 'a');
  expect(actions.reveal).not.toHaveBeenCalled();
});

test('a run that is still under way has no why', () => {
  const running = cellRun(0, { status: 'running', run_id: 'r', execution_count: 7 });
  show({ given: { cell_runs: [running], runs: [run('r')] } });
  expect(screen.queryByText('why?')).toBeNull();
  expect(screen.getByText('[*]')).toBeTruthy();
});

test('failed rows are marked', () => {
  const error = { name: 'KeyError', message: 'x' };
  show({ given: { cell_runs: [cellRun(0, { status: 'error', error })] } });
  expect(screen.getByRole('treeitem').className).toContain('nbops-mod-failed');
  expect(screen.getByText('KeyError: x')).toBeTruthy();
});

test('a long value may be cut, a number never is', () => {
  const params = { text: 'a rather long text that says more than fits', depth: 8 };
  show({ given: { cell_runs: [cellRun(0, { params })] } });
  expect(screen.getByText(params.text).className).toContain('nbops-mod-long');
  expect(screen.getByText('8').className).not.toContain('nbops-mod-long');
});

test('what comes from outside is text, never markup', () => {
  const evil = '<img src=x onerror="alert(1)">';
  const cell = cellRun(0, {
    source: evil,
    status: 'error',
    error: { name: evil, message: evil },
    params: { [evil]: evil },
    metrics: { [evil]: metric(1) },
    warnings: [evil],
    reads: [dataRef({ name: evil, kind: 'query' })]
  });
  show({ given: { cell_runs: [cell], sessions: [session({ name: evil, experiment: evil })] } });
  expect(document.querySelector('img')).toBeNull();
  expect(screen.getAllByText(evil).length).toBeGreaterThan(3);
});

test('the list comes back as it was left: unfolded, and with the focus where it was', async () => {
  const given = { cell_runs: [cellRun(0), result(1)] };
  const { element } = panelOf({ given });
  const { rerender } = render(element);
  await userEvent.click(screen.getByText('1 more cell'));
  screen.getByText('x0 = 0').closest<HTMLElement>('[role=treeitem]')?.focus();
  const topic = { kind: 'why', b: 'r' } as const;
  rerender(panelOf({ given, page: { kind: 'why', topic, answer: null, trouble: null } }).element);
  expect(document.activeElement?.textContent).toContain('Back');
  rerender(panelOf({ given }).element);
  expect(document.activeElement?.getAttribute('role')).toBe('treeitem');
  expect(document.activeElement?.textContent).toContain('x0 = 0');
});
