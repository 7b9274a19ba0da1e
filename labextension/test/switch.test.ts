import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { START } from '../src/magic';
import { Memory } from '../src/memory';
import { KernelSwitch } from '../src/switch';
import { FakeContext, FakeKernel, FakeShelf, settle } from './fakes';

let context: FakeContext;
let memory: Memory;
let kernel: FakeKernel;
let itsSwitch: KernelSwitch;

beforeEach(async () => {
  context = new FakeContext();
  memory = new Memory(new FakeShelf());
  await memory.ready;
  kernel = new FakeKernel();
  itsSwitch = new KernelSwitch(context.asContext, memory, 'churn.ipynb');
});

afterEach(() => {
  itsSwitch.dispose();
  vi.useRealTimers();
});

const codes = () => kernel.requests.map(({ code }) => code);

test('turned on, it runs what a person would type, and leaves no trace in the history', async () => {
  context.setKernel(kernel);
  await itsSwitch.flip(true);
  expect(codes()).toEqual(['%load_ext nbops\n%track start']);
  expect(kernel.requests[0]?.options).toMatchObject({ silent: false, store_history: false });
});

test('turned off, it stops', async () => {
  context.setKernel(kernel);
  await itsSwitch.flip(false);
  expect(codes()).toEqual(['%track stop']);
});

test('a kernel without nbops runs the cells behind the request all the same', async () => {
  context.setKernel(kernel);
  await itsSwitch.flip(true);
  expect(kernel.requests[0]?.options.stop_on_error).toBe(false);
});

test('a new kernel of a remembered notebook is asked to track at once', () => {
  memory.remember('churn.ipynb');
  context.setKernel(kernel);
  expect(codes()).toEqual([START]);
});

test('a notebook that is not remembered is left alone', async () => {
  context.setKernel(kernel);
  kernel.restart();
  await settle();
  expect(codes()).toEqual([]);
});

test('after a restart tracking is asked for before anything else', async () => {
  memory.remember('churn.ipynb');
  context.setKernel(kernel);
  kernel.restart(); // what was asked for before is lost
  await Promise.resolve();
  kernel.requestExecute({ code: 'first cell' });
  context.setKernel(kernel); // JupyterLab tells of the restart again, as of a new kernel
  await settle();
  expect(codes()).toEqual([START, 'first cell']);
});

test('what was remembered comes late when JupyterLab starts, and still counts', async () => {
  const shelf = new FakeShelf();
  await shelf.save('late.ipynb', true);
  const late = new KernelSwitch(context.asContext, new Memory(shelf), 'late.ipynb');
  context.setKernel(kernel);
  expect(codes()).toEqual([]);
  await settle();
  expect(codes()).toEqual([START]);
  late.dispose();
});

test('it stands where it was put until the records say so, then where they say', async () => {
  context.setKernel(kernel);
  const flipped = itsSwitch.flip(true);
  expect(itsSwitch.state).toMatchObject({ position: true, isAsking: true });
  itsSwitch.confirm(true); // of a session before: the kernel has not answered yet
  expect(itsSwitch.state.position).toBe(true);
  await flipped;
  itsSwitch.confirm(false); // the record is not there yet
  expect(itsSwitch.state).toMatchObject({ position: true, isAsking: false });
  itsSwitch.confirm(true);
  expect(itsSwitch.state.position).toBeNull();
});

test('records that never confirm are told', async () => {
  vi.useFakeTimers();
  context.setKernel(kernel);
  await itsSwitch.flip(true);
  itsSwitch.confirm(false);
  await vi.advanceTimersByTimeAsync(20_000);
  expect(itsSwitch.state).toMatchObject({ position: null, failure: { kind: 'unconfirmed' } });
});

test('while nobody looks at the records it claims no failure', async () => {
  vi.useFakeTimers();
  context.setKernel(kernel);
  await itsSwitch.flip(true);
  await vi.advanceTimersByTimeAsync(20_000);
  expect(itsSwitch.state).toMatchObject({ position: null, failure: null });
});

test.each([
  [
    { status: 'error', ename: 'ModuleNotFoundError', evalue: "No module named 'nbops'" },
    { kind: 'not-installed' }
  ],
  [
    { status: 'error', ename: 'ModuleNotFoundError', evalue: "No module named 'msgspec'" },
    { kind: 'said', text: "ModuleNotFoundError: No module named 'msgspec'" }
  ],
  [
    { status: 'ok', stderr: 'nbops: The folder cannot be written.\n' },
    { kind: 'said', text: 'The folder cannot be written.' }
  ]
] as const)('a failure is told: %j', async (reply, failure) => {
  context.setKernel(kernel);
  kernel.replies.push(reply);
  await itsSwitch.flip(true);
  expect(itsSwitch.state).toMatchObject({ position: null, isAsking: false, failure });
});

test("somebody else's warning is no failure", async () => {
  context.setKernel(kernel);
  kernel.replies.push({ status: 'ok', stderr: 'UserWarning: old pandas\n' });
  await itsSwitch.flip(true);
  expect(itsSwitch.state).toMatchObject({ position: true, failure: null });
});

test('a request that a failing cell took with it is made again', async () => {
  context.setKernel(kernel);
  kernel.replies.push({ status: 'aborted' as never });
  await itsSwitch.flip(true);
  expect(codes()).toEqual([START, START]);
  expect(itsSwitch.state).toMatchObject({ position: true, failure: null });
});

test('a connection that is dead is told', async () => {
  context.setKernel(kernel);
  vi.spyOn(kernel, 'requestExecute').mockImplementation(() => {
    throw new Error('Kernel is dead');
  });
  await itsSwitch.flip(true);
  expect(itsSwitch.state.failure).toEqual({ kind: 'said', text: 'Kernel is dead' });
});

test('the answer to an older flip does not undo a newer one', async () => {
  context.setKernel(kernel);
  let arrive: () => void = () => undefined;
  const after = new Promise<void>(resolve => {
    arrive = resolve;
  });
  kernel.replies.push({ status: 'error', ename: 'E', evalue: '', after }, { status: 'ok' });
  const older = itsSwitch.flip(true);
  await itsSwitch.flip(false);
  arrive();
  await older;
  expect(itsSwitch.state).toMatchObject({ position: false, failure: null });
});

test('another kernel forgets what the last one said', async () => {
  context.setKernel(kernel);
  kernel.replies.push({ status: 'error', ename: 'E', evalue: '' });
  await itsSwitch.flip(true);
  memory.forget('churn.ipynb');
  context.setKernel(new FakeKernel());
  expect(itsSwitch.state.failure).toBeNull();
});

test('a kernel of another language cannot be tracked, and is not asked to', () => {
  memory.remember('churn.ipynb');
  kernel = new FakeKernel('ir');
  context.setKernel(kernel);
  expect(itsSwitch.state.obstacle).toEqual({ kind: 'not-python', language: 'R' });
  expect(codes()).toEqual([]);
});

test('without a kernel there is nothing to flip', () => {
  expect(itsSwitch.state.obstacle).toEqual({ kind: 'no-kernel' });
});

test('it is remembered under the name that the notebook gets', async () => {
  context.setKernel(kernel);
  await itsSwitch.flip(true);
  itsSwitch.move('renamed.ipynb');
  expect(itsSwitch.isRemembered).toBe(true);
  expect(memory.has('renamed.ipynb')).toBe(true);
});

test('turned off, it is not remembered', async () => {
  context.setKernel(kernel);
  await itsSwitch.flip(true);
  await itsSwitch.flip(false);
  expect(itsSwitch.isRemembered).toBe(false);
});
