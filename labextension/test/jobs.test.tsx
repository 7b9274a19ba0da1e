import { cleanup, render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import axe from 'axe-core';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { parseTask } from '../src/jobs';
import { ServerDesk } from '../src/desk';
import { FormModel } from '../src/form';
import type { FormState } from '../src/formState';
import { JobsModel } from '../src/jobsModel';
import { trendOf } from '../src/trend';
import { Trouble } from '../src/trouble';
import { FakeDesk, FakeSource, settle, there } from './fakes';
import { fireTimes, NOON, parameter, parameters, runRow, runsPage, scheduledJob } from './records';
import { panelOf, show } from './showing';

afterEach(cleanup);

/** A form in some state, as its model makes it. */
function formOf(parts: Partial<FormState> = {}): FormState {
  const model = new FormModel(new FakeDesk());
  model.open({ id: 'w', path: 'churn.ipynb', name: 'churn.ipynb', kernelId: null });
  const known = { answer: parameters(), trouble: null };
  return { ...there(model.state), known, ...parts };
}

const job = (seconds: number, auc: number, parts = {}) =>
  runRow({
    id: `r${seconds}`,
    origin: 'job',
    started_at: new Date(Date.parse(NOON) + seconds * 1000).toISOString(),
    values: { 'metrics.system/cpu': 3, 'metrics.auc': auc },
    ...parts
  });

test('a wrong value is refused at its field, in the words of the command line', () => {
  const message = 'depth takes int from 1 to 9, not 12.';
  const form = formOf({ values: { depth: '12' }, problems: { depth: { message, hint: '' } } });
  show({ form });
  const field = screen.getByRole('textbox', { name: 'depth' });
  expect(field.getAttribute('aria-invalid')).toBe('true');
  const about = document.getElementById(field.getAttribute('aria-describedby') ?? '');
  expect(about?.textContent).toBe(message);
});

test('a parameter shows its default, what it takes and what it is for', async () => {
  const actions = show({ form: formOf() });
  const field = screen.getByRole<HTMLInputElement>('textbox', { name: 'depth' });
  expect(field.value).toBe('4');
  expect(screen.getByText('how deep a tree may grow · int from 1 to 9')).toBeTruthy();
  await userEvent.type(field, '2');
  expect(actions.setValue).toHaveBeenLastCalledWith(parameter(), '42');
});

test('of what has few values one is chosen', () => {
  const model = parameter({ name: 'model', type: ['str'], default: 'rf', choices: ['rf', 'gb'] });
  const flag = parameter({ name: 'deep', type: ['bool'], default_source: 'True' });
  const known = { answer: parameters({ parameters: [model, flag] }), trouble: null };
  show({ form: formOf({ known }) });
  const options = (name: string) =>
    within(screen.getByRole('combobox', { name }))
      .getAllByRole('option')
      .map(option => option.textContent);
  expect(options('model')).toEqual(['rf', 'gb']);
  expect(options('deep')).toEqual(['True', 'False']);
});

test('the next times of a schedule are told, or why there are none', () => {
  show({ form: formOf({ schedule: '0 7 * * *', times: fireTimes() }) });
  expect(screen.getByText('every day at 07:00')).toBeTruthy();
  expect(screen.getByRole('list', { name: 'Next times' }).textContent).toContain('07:00');
  cleanup();
  const problem = { message: 'There is no day “mnday”.', hint: 'Did you mean monday?' };
  show({ form: formOf({ schedule: 'every mnday', times: fireTimes({ problem }) }) });
  const field = screen.getByRole('textbox', { name: 'Schedule' });
  expect(field.getAttribute('aria-invalid')).toBe('true');
  expect(screen.getByText('There is no day “mnday”. Did you mean monday?')).toBeTruthy();
});

test('what only some systems take is asked for where they are chosen', async () => {
  const takes = ['--image', '--on push', '--catch-up last'];
  const answer = [{ name: 'argo', summary: '', is_remote: true, takes }];
  const targets = { answer, trouble: null };
  const actions = show({ form: formOf({ targets, place: 'argo', schedule: '@daily' }) });
  await userEvent.click(screen.getByText('More'));
  const options = within(screen.getByRole('combobox', { name: 'Missed runs' }));
  expect(options.getAllByRole('option').map(({ textContent }) => textContent)).toEqual([
    'as the system does',
    'make up for the last one'
  ]);
  await userEvent.type(screen.getByRole('textbox', { name: 'Secrets' }), 'X');
  const { more } = there(actions.fillForm.mock.lastCall)[0];
  expect(more?.secrets).toBe('X');
  expect(screen.getByRole('textbox', { name: 'Image' })).toBeTruthy();
  expect(screen.getByRole('checkbox', { name: 'Run what a push changes, too' })).toBeTruthy();
  cleanup();
  show({ form: formOf({ targets, schedule: '' }) });
  expect(screen.getByRole('textbox', { name: 'Credentials', hidden: true })).toBeTruthy();
  for (const name of ['Secrets', 'Image', 'Missed runs']) {
    expect(screen.queryByLabelText(name)).toBeNull();
  }
});

test('a finding leads to its cell', async () => {
  const finding = {
    level: 'error',
    kind: 'path',
    message: 'The path is absolute.',
    hint: 'Name it relative to the project.',
    notebook: 'churn.ipynb',
    cell_id: 'cell3',
    cell: "open('/tmp/x')"
  } as const;
  const check = {
    answer: { is_ready: false, findings: [finding] },
    trouble: null,
    isRunning: false,
    progress: '',
    task: null
  };
  const actions = show({ form: formOf({ check }) });
  await userEvent.click(screen.getByRole('button', { name: "open('/tmp/x')" }));
  expect(actions.reveal).toHaveBeenCalledWith({ cell_id: 'cell3' });
  expect(screen.getByText('1 error')).toBeTruthy();
});

test('what was made is named, with its files and the next step', () => {
  const answer = {
    job: 'churn',
    folder: 'churn-argo',
    files: ['churn-argo/README.md'],
    install: ['argo cron create cron.yaml']
  };
  const making = { answer, trouble: null, isRunning: false, progress: '', task: null };
  show({ form: formOf({ place: 'argo', making }) });
  expect(screen.getByRole('heading', { name: 'churn for argo' })).toBeTruthy();
  expect(screen.getByText('argo cron create cron.yaml')).toBeTruthy();
});

test('Escape closes the form, and neither it nor the list of jobs has a serious violation', async () => {
  const { element, actions } = panelOf({ form: formOf() });
  const { container, unmount } = render(element);
  await userEvent.keyboard('{Escape}');
  expect(actions.closeForm).toHaveBeenCalled();
  const rules = { 'color-contrast': { enabled: false } }; // jsdom draws nothing
  expect((await axe.run(container, { rules })).violations).toEqual([]);
  unmount();
  const jobs = {
    scheduled: { answer: [scheduledJob()], trouble: null },
    runs: [job(9, 0.9), job(5, 0.8)],
    total: 2
  };
  const shown = render(panelOf({ tab: 'jobs', jobs }).element);
  expect((await axe.run(shown.container, { rules })).violations).toEqual([]);
});

test('a job that waits says when it comes and how the last went, and is deleted only when asked twice', async () => {
  const actions = show({
    tab: 'jobs',
    jobs: { scheduled: { answer: [scheduledJob()], trouble: null } }
  });
  actions.orderJob.mockResolvedValue();
  expect(screen.getByText(/every day at 07:00 · UTC · cron/)).toBeTruthy();
  expect(screen.getByText(/last finished .* · 12.0 s/)).toBeTruthy();
  await userEvent.click(screen.getByRole('button', { name: 'Delete nightly…' }));
  expect(actions.orderJob).not.toHaveBeenCalled();
  await userEvent.click(screen.getByRole('button', { name: 'Keep nightly' }));
  await userEvent.click(screen.getByRole('button', { name: 'Pause nightly' }));
  expect(actions.orderJob).toHaveBeenLastCalledWith('nightly', 'pause');
  await userEvent.click(screen.getByRole('button', { name: 'Delete nightly…' }));
  await userEvent.click(screen.getByRole('button', { name: 'Delete nightly' }));
  expect(actions.orderJob).toHaveBeenLastCalledWith('nightly', 'remove');
});

test('what a system refused is said at its job', async () => {
  const actions = show({
    tab: 'jobs',
    jobs: { scheduled: { answer: [scheduledJob({ is_paused: true })], trouble: null } }
  });
  actions.orderJob.mockRejectedValue(new Trouble('refused', 'crontab refused it.', ''));
  await userEvent.click(screen.getByRole('button', { name: 'Resume nightly' }));
  expect((await screen.findByRole('alert')).textContent).toBe('crontab refused it.');
});

test('nothing scheduled and nothing run say what to do', () => {
  show({ tab: 'jobs' });
  expect(screen.getByText('No job waits for its time on this machine.')).toBeTruthy();
  expect(screen.getByText('nbops run NOTEBOOK.ipynb')).toBeTruthy();
});

test('a job’s result is drawn from run to run, of the same notebook, without the machine’s metrics', () => {
  const runs = [job(9, 0.9), job(7, 0.1, { notebook: 'other.ipynb' }), job(5, 0.8), job(1, 0.7)];
  const values = (row: number) =>
    trendOf(runs[row] ?? job(0, 0), runs)?.points.map(([, value]) => value);
  expect(values(0)).toEqual([0.7, 0.8, 0.9]);
  expect(values(2)).toEqual([0.7, 0.8]);
  expect(trendOf(job(0, 0, { values: { 'metrics.system/cpu': 1 } }), runs)).toBeNull();
});

test('what takes long is looked at until it is over, and a refusal is told in its own words', async () => {
  const told: string[] = [];
  const answers = [
    { format: 1, id: 't1', state: 'running', progress: 'cell 1' },
    { format: 1, id: 't1', state: 'running', progress: 'cell 2' },
    { format: 1, id: 't1', state: 'failed', message: 'No such zone.', hint: 'Try UTC.' }
  ];
  const names: string[] = [];
  const desk = new ServerDesk(name => {
    names.push(name);
    return Promise.resolve(answers.shift());
  });
  const order = {
    values: {},
    target: 'argo',
    schedule: '',
    timezone: '',
    isDryRun: true,
    extras: { secrets: ['DB_PASSWORD'] }
  };
  const asking = desk.check('a.ipynb', order, ({ progress }) => told.push(progress));
  await expect(asking).rejects.toMatchObject({ message: 'No such zone.', hint: 'Try UTC.' });
  expect(names).toEqual(['ask', 'task/t1', 'task/t1']);
  expect(told).toEqual(['cell 1', 'cell 2']);
  expect(() => parseTask({ format: 1 })).toThrow();
});

beforeEach(() => {
  vi.useRealTimers();
});

test('jobs are asked for while someone looks, and at once after something was done to one', async () => {
  const source = new FakeSource();
  const desk = new FakeDesk();
  const model = new JobsModel(source, desk);
  model.setPath('churn.ipynb');
  await settle();
  expect([source.pages.length, desk.lists]).toEqual([0, 0]);
  model.setVisible(true);
  await vi.waitFor(() => {
    expect(source.pages).toHaveLength(1);
  });
  expect(source.pages[0]?.question).toMatchObject({ where: "origin = 'job'", user: '*' });
  source.pages[0]?.answer(runsPage());
  await vi.waitFor(() => {
    expect(model.state.runs).toHaveLength(1);
  });
  const lists = desk.lists;
  const ordering = model.order('nightly', 'pause');
  expect(model.state.busy).toEqual(['nightly']);
  desk.orders[0]?.answer();
  await ordering;
  expect(model.state.busy).toEqual([]);
  expect(desk.lists).toBe(lists + 1);
  model.dispose();
});
