import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { FormModel } from '../src/form';
import { isWhole } from '../src/formState';
import { Trouble } from '../src/trouble';
import { FakeDesk, there } from './fakes';
import { fireTimes, parameter, parameters } from './records';

const NOTEBOOK = { id: 'w', path: 'a/churn.ipynb', name: 'churn.ipynb', kernelId: null };
const ARGO = {
  name: 'argo',
  summary: 'a CronWorkflow',
  is_remote: true,
  takes: ['--image', '--catch-up none', '--catch-up last']
};
const SYSTEMD = { name: 'systemd', summary: 'units', is_remote: false, takes: [] };
let desk: FakeDesk;
let form: FormModel;

beforeEach(async () => {
  vi.useFakeTimers();
  desk = new FakeDesk();
  desk.known = [ARGO, SYSTEMD];
  form = new FormModel(desk);
  form.open(NOTEBOOK);
  desk.values[0]?.answer(parameters());
  await pass(0);
});

afterEach(() => {
  vi.useRealTimers();
});

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const state = () => there(form.state);

async function type(text: string): Promise<void> {
  form.fill({ schedule: text });
  await pass(1000);
}

test('what is typed into a field is asked about once typing rests, with its values alone', async () => {
  form.setValue(parameter(), '1');
  form.setValue(parameter(), '12');
  await pass(1000);
  expect(desk.values.map(({ question }) => question)).toEqual([{}, { depth: '12' }]);
  const problem = { message: 'depth takes int from 1 to 9, not 12.', hint: '' };
  desk.values[1]?.answer(parameters({ problems: { depth: problem } }));
  await pass(0);
  expect(state().problems).toEqual({ depth: problem });
  form.setValue(parameter(), '4');
  expect(state().values).toEqual({});
  expect(state().problems).toEqual({});
});

test('an answer about what was typed before says nothing of what is typed now', async () => {
  form.setValue(parameter(), '12');
  await pass(1000);
  form.setValue(parameter(), '8');
  desk.values[1]?.answer(parameters({ problems: { depth: { message: 'no', hint: '' } } }));
  await pass(0);
  expect(state().problems).toEqual({});
});

test('a job of this machine needs a schedule that can be meant; files need none', async () => {
  expect(isWhole(state())).toBe(false);
  await type('every day at 7');
  expect(isWhole(state())).toBe(false);
  desk.schedules[0]?.answer(fireTimes());
  await pass(0);
  expect(isWhole(state())).toBe(true);
  await type('every dya');
  const problem = { message: 'There is no schedule “every dya”.', hint: '' };
  desk.schedules[1]?.answer(fireTimes({ problem }));
  await pass(0);
  expect(isWhole(state())).toBe(false);
  form.fill({ place: 'argo' });
  expect(isWhole(state())).toBe(false);
  form.fill({ schedule: '' });
  expect(isWhole(state())).toBe(true);
});

test('a value that must be given keeps the job from being made', async () => {
  const name = parameter({ name: 'name', is_required: true, default_source: null });
  form.open(NOTEBOOK);
  desk.values[1]?.answer(parameters({ parameters: [name] }));
  form.fill({ place: 'argo' });
  await pass(0);
  expect(isWhole(state())).toBe(false);
  form.setValue(name, 'ada');
  expect(isWhole(state())).toBe(true);
});

test('a job of this machine is checked for what waits here', async () => {
  void form.check();
  await pass(0);
  expect(desk.checks[0]?.question.target).toBe('systemd');
});

test('a check tells how it goes, can be ended, and is forgotten when something else is typed', async () => {
  void form.check();
  await pass(0);
  desk.checks[0]?.follow({
    format: 1,
    id: 't1',
    state: 'running',
    seconds: 3,
    progress: 'cell 2 of 9',
    answer: null,
    message: '',
    hint: ''
  });
  expect(state().check).toMatchObject({ isRunning: true, progress: 'cell 2 of 9' });
  form.cancel();
  expect(desk.cancelled).toEqual(['t1']);
  desk.checks[0]?.answer({ is_ready: true, findings: [] });
  await pass(0);
  expect(state().check.answer?.findings).toEqual([]);
  form.fill({ place: 'argo' });
  expect(state().check.answer).toBeNull();
});

test('of what few jobs need only that is sent which means something where it goes', async () => {
  form.fill({
    more: {
      catchUp: 'all',
      credentials: ' ~/report.env ',
      secrets: 'DB_USER, DB_PASSWORD',
      image: 'ghcr.io/me/report:1',
      isOnPush: true
    }
  });
  await type('every day at 7');
  desk.schedules[0]?.answer(fireTimes());
  await pass(0);
  void form.make();
  const here = { catch_up: 'all', credentials: '~/report.env' };
  expect(desk.makings[0]?.question.extras).toEqual(here);
  desk.makings[0]?.answer({ job: 'churn' });
  await pass(0);
  form.fill({ place: 'argo' });
  void form.make();
  const argo = { secrets: ['DB_USER', 'DB_PASSWORD'], image: 'ghcr.io/me/report:1' };
  expect(desk.makings[1]?.question.extras).toEqual(argo);
});

test('why a job was not made stays in sight until something changes', async () => {
  form.fill({ place: 'argo' });
  void form.make();
  await pass(0);
  expect(desk.makings[0]?.question).toMatchObject({ on: 'files', target: 'argo' });
  desk.makings[0]?.refuse(new Trouble('refused', 'Azure cannot say this.', 'Say it otherwise.'));
  await pass(0);
  expect(state().making.trouble?.message).toBe('Azure cannot say this.');
  form.setValue(parameter(), '8');
  expect(state().making.trouble).toBeNull();
});

test('who closes it has what is under way ended', async () => {
  void form.check();
  await pass(0);
  desk.checks[0]?.follow({ id: 't9', progress: '' } as never);
  form.close();
  expect(form.state).toBeNull();
  expect(desk.cancelled).toEqual(['t9']);
});
