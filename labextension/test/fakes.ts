/** Stand-ins that behave, for what lies outside: the server, a kernel, a notebook's session. */

import type { ISessionContext } from '@jupyterlab/apputils';
import type { Kernel, KernelMessage } from '@jupyterlab/services';
import { Signal } from '@lumino/signaling';

import { vi } from 'vitest';
import type { Mock } from 'vitest';

import type { Follow, JobDesk, Order, Values } from '../src/desk';
import type { Ask, Checked, FireTimes, Made, Parameters, ScheduledJob, Target } from '../src/jobs';
import type { Shelf } from '../src/memory';
import type { Actions, DataSource, NotebookQuestion, RunsQuestion } from '../src/tokens';
import type {
  CellDetails,
  CellStates,
  CellVersions,
  Lineage,
  OpenCell,
  RunsAnswer,
  RunTable
} from '../src/answers';
import type { PipelinesAnswer } from '../src/pipelines';
import type { Comparison } from '../src/compared';
import type { ChangedNotebook, NotebookAnswer, Run } from '../src/wire';

interface Asked<Q, A> {
  readonly question: Q;
  readonly answer: (answer: A) => void;
  readonly refuse: (reason: unknown) => void;
}

/** What outlives the page. */
export class FakeShelf implements Shelf {
  private readonly paths = new Set<string>();

  load(): Promise<readonly string[]> {
    return Promise.resolve([...this.paths]);
  }

  save(path: string, isOn: boolean): Promise<void> {
    this.paths[isOn ? 'add' : 'delete'](path);
    return Promise.resolve();
  }
}

/** A server whose answers come when the test says so. */
export class FakeSource implements DataSource {
  readonly news = new Signal<this, string>(this);
  readonly notebooks: Asked<NotebookQuestion, NotebookAnswer>[] = [];
  readonly whys: Asked<{ path: string; b: string; a?: string }, Comparison>[] = [];
  readonly cellRuns: Asked<string, CellDetails>[] = [];
  readonly pages: Asked<RunsQuestion, RunsAnswer>[] = [];

  notebook(question: NotebookQuestion): Promise<NotebookAnswer> {
    return new Promise((answer, refuse) => {
      this.notebooks.push({ question, answer, refuse });
    });
  }

  session(): Promise<ChangedNotebook> {
    return Promise.reject(new Error('not asked for'));
  }

  why(path: string, b: string, a?: string): Promise<Comparison> {
    return new Promise((answer, refuse) => {
      this.whys.push({ question: a === undefined ? { path, b } : { path, b, a }, answer, refuse });
    });
  }

  cellRun(_: string, id: string): Promise<CellDetails> {
    return new Promise((answer, refuse) => {
      this.cellRuns.push({ question: id, answer, refuse });
    });
  }

  versions(): Promise<CellVersions> {
    return Promise.reject(new Error('not asked for'));
  }

  runs(_: string, question: RunsQuestion): Promise<RunsAnswer> {
    return new Promise((answer, refuse) => {
      this.pages.push({ question, answer, refuse });
    });
  }

  readonly pipelineQuestions: Asked<{ path: string; since: string }, PipelinesAnswer>[] = [];

  pipelines(path: string, since: string): Promise<PipelinesAnswer> {
    return new Promise((answer, refuse) => {
      this.pipelineQuestions.push({ question: { path, since }, answer, refuse });
    });
  }

  compare(): Promise<RunTable> {
    return Promise.reject(new Error('not asked for'));
  }

  readonly standings: (Asked<readonly OpenCell[], CellStates> & {
    readonly selected: readonly string[];
  })[] = [];
  version: string | null = 'v1';
  lookedAt: readonly string[] = [];

  statesVersion(_: string, selected: readonly string[]): Promise<string | null> {
    this.lookedAt = selected;
    return Promise.resolve(this.version);
  }

  states(_: string, cells: readonly OpenCell[], selected: readonly string[]): Promise<CellStates> {
    return new Promise((answer, refuse) => {
      this.standings.push({ question: cells, selected, answer, refuse });
    });
  }

  edit(): Promise<Run> {
    return Promise.reject(new Error('not asked for'));
  }

  lineage(): Promise<Lineage> {
    return Promise.reject(new Error('not asked for'));
  }
}

type Making = Order & { readonly on: 'here' | 'files' };

/** A desk whose answers come when the test says so. */
export class FakeDesk implements JobDesk {
  readonly values: Asked<Values, Parameters>[] = [];
  readonly schedules: Asked<string, FireTimes>[] = [];
  readonly checks: (Asked<Order, Checked> & { follow: Follow })[] = [];
  readonly makings: (Asked<Making, Made> & { follow: Follow })[] = [];
  readonly orders: Asked<readonly [string, string], void>[] = [];
  readonly cancelled: string[] = [];
  known: readonly Target[] = [];
  jobs: readonly ScheduledJob[] = [];
  lists = 0;

  parameters(_: string, question: Values): Promise<Parameters> {
    return this.note(this.values, { question });
  }

  targets(): Promise<readonly Target[]> {
    return Promise.resolve(this.known);
  }

  fireTimes(_: string, question: string): Promise<FireTimes> {
    return this.note(this.schedules, { question });
  }

  check(_: string, question: Order, follow: Follow): Promise<Checked> {
    return this.note(this.checks, { question, follow });
  }

  make(_: string, question: Making, follow: Follow): Promise<Made> {
    return this.note(this.makings, { question, follow });
  }

  scheduled(): Promise<readonly ScheduledJob[]> {
    this.lists += 1;
    return Promise.resolve(this.jobs);
  }

  order(_: string, job: string, verb: NonNullable<Ask['verb']>): Promise<void> {
    return this.note(this.orders, { question: [job, verb] as const });
  }

  log(): Promise<string> {
    return Promise.resolve('');
  }

  runAgain(): Promise<void> {
    return Promise.resolve();
  }

  cancel(task: string): Promise<void> {
    this.cancelled.push(task);
    return Promise.resolve();
  }

  private note<Q extends { question: unknown }, A>(
    asked: (Asked<Q['question'], A> & Omit<Q, 'question'>)[],
    given: Q
  ): Promise<A> {
    return new Promise((answer, refuse) => {
      asked.push({ ...given, answer, refuse });
    });
  }
}

export type Spies = { [Name in keyof Actions]: Mock<NonNullable<Actions[Name]>> };

/** What a person can do, noted and not done. */
export function spyOnActions(): Spies {
  const spies = new Map<string, unknown>();
  return new Proxy({} as Spies, {
    get: (_, name: string) => {
      const spy = spies.get(name) ?? vi.fn();
      spies.set(name, spy);
      return spy;
    }
  });
}

/** A reply, what is printed before it, and what it waits for. */
type Reply = Partial<KernelMessage.IExecuteReplyMsg['content']> & {
  stderr?: string;
  after?: Promise<void>;
};

/** A kernel connection that notes what it is asked to run, in order. */
export class FakeKernel {
  constructor(readonly name = 'python3') {}

  readonly id = 'kernel-1';
  readonly statusChanged = new Signal<this, Kernel.Status>(this);
  readonly requests: { code: string; options: KernelMessage.IExecuteRequestMsg['content'] }[] = [];
  readonly replies: Reply[] = [];

  requestExecute(options: KernelMessage.IExecuteRequestMsg['content']): unknown {
    this.requests.push({ code: options.code, options });
    const { stderr = '', after, ...content } = this.replies.shift() ?? { status: 'ok' };
    const future = {
      onIOPub: (message: unknown): unknown => message,
      done: Promise.resolve(after).then(() => ({ content }))
    };
    queueMicrotask(() => {
      future.onIOPub({ header: { msg_type: 'stream' }, content: { name: 'stderr', text: stderr } });
    });
    return future;
  }

  /** What the connection does when someone restarts its kernel: it empties its queue at once. */
  restart(): void {
    this.statusChanged.emit('restarting');
    this.requests.length = 0;
  }
}

/** A notebook's session, whose kernel may change. */
export class FakeContext {
  readonly kernelChanged = new Signal<this, unknown>(this);
  readonly specsManager = {
    specs: { kernelspecs: { python3: { language: 'python' }, ir: { language: 'R' } } }
  };
  session: { kernel: FakeKernel | null } = { kernel: null };

  setKernel(kernel: FakeKernel | null): void {
    this.session = { kernel };
    this.kernelChanged.emit(undefined);
  }

  get asContext(): ISessionContext {
    return this as unknown as ISessionContext;
  }
}

/** What a test knows to be there. */
export function there<Value>(value: Value | null): Value {
  if (value === null) {
    throw new Error('it is not there');
  }
  return value;
}

/** Let everything that is already decided happen. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) {
    await Promise.resolve();
  }
}
