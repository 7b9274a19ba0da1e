/** Where jobs are asked for: the server, which asks the command line. */

import {
  parseChecked,
  parseJobs,
  parseMade,
  parseParameters,
  parseTargets,
  parseTask,
  parseTimes
} from './jobs';
import type {
  Ask,
  Checked,
  FireTimes,
  Made,
  Parameters,
  ScheduledJob,
  Target,
  TaskState
} from './jobs';
import type { Query } from './source';
import { Trouble } from './trouble';

/** Told how something goes while it is under way. */
export type Follow = (task: TaskState) => void;

/** What is needed of whoever carries questions. */
export type Carry = (name: string, query: Query, body?: unknown) => Promise<unknown>;

/** All that can be asked of jobs; each rejects with a `Trouble`. */
export interface JobDesk {
  parameters(path: string, values: Values): Promise<Parameters>;
  targets(path: string): Promise<readonly Target[]>;
  fireTimes(path: string, text: string, timezone: string): Promise<FireTimes>;
  check(path: string, ask: Order, follow: Follow): Promise<Checked>;
  make(path: string, ask: Order & { readonly on: 'here' | 'files' }, follow: Follow): Promise<Made>;
  scheduled(path: string): Promise<readonly ScheduledJob[]>;
  order(path: string, job: string, verb: NonNullable<Ask['verb']>): Promise<void>;
  log(path: string, job: string): Promise<string>;
  /** Start a job again with the values that it had; it goes on when nobody looks. */
  runAgain(path: string, run: string): Promise<void>;
  cancel(task: string): Promise<void>;
}

export type Values = Readonly<Record<string, string>>;

/** What shall be checked, or made. */
export interface Order {
  readonly values: Values;
  readonly target: string;
  readonly schedule: string;
  readonly timezone: string;
  readonly isDryRun: boolean;
  readonly extras: Extras;
}

/** What else a job is given; what means nothing for it is left out. */
export type Extras = Pick<Ask, 'catch_up' | 'credentials' | 'secrets' | 'image' | 'event'>;

export class ServerDesk implements JobDesk {
  constructor(private readonly carry: Carry) {}

  async parameters(path: string, values: Values): Promise<Parameters> {
    return parseParameters(await this.ask(path, { command: 'params', values }));
  }

  async targets(path: string): Promise<readonly Target[]> {
    return parseTargets(await this.ask(path, { command: 'targets' }));
  }

  async fireTimes(path: string, text: string, timezone: string): Promise<FireTimes> {
    const query = { path, text, timezone: timezone || undefined };
    return parseTimes(await this.carry('fire-times', query));
  }

  async check(path: string, order: Order, follow: Follow): Promise<Checked> {
    const { values, target, isDryRun, extras } = order;
    const { credentials, secrets } = extras;
    const ask: Ask = {
      command: 'check',
      values,
      target,
      ...(credentials !== undefined && { credentials }),
      ...(secrets !== undefined && { secrets }),
      is_dry_run: isDryRun
    };
    return parseChecked(await this.ask(path, ask, follow));
  }

  async make(
    path: string,
    order: Order & { readonly on: 'here' | 'files' },
    follow: Follow
  ): Promise<Made> {
    const { values, target, schedule, timezone, isDryRun, extras, on } = order;
    const ask: Ask = {
      command: on === 'here' ? 'schedule' : 'export',
      values,
      ...(on === 'files' && { target }),
      ...(schedule !== '' && { schedule }),
      ...(schedule !== '' && timezone !== '' && { timezone }),
      ...extras,
      is_dry_run: isDryRun
    };
    return parseMade(await this.ask(path, ask, follow));
  }

  async scheduled(path: string): Promise<readonly ScheduledJob[]> {
    return parseJobs(await this.ask(path, { command: 'jobs' }));
  }

  async order(path: string, job: string, verb: NonNullable<Ask['verb']>): Promise<void> {
    await this.ask(path, { command: 'jobs', job, verb });
  }

  async log(path: string, job: string): Promise<string> {
    const printed = await this.ask(path, { command: 'job-log', job });
    return typeof printed === 'string' ? printed : JSON.stringify(printed, null, 1);
  }

  async runAgain(path: string, run: string): Promise<void> {
    const task = await this.start(path, { command: 'run', run });
    if (task.state === 'failed') {
      throw new Trouble('refused', task.message, task.hint);
    }
  }

  async cancel(task: string): Promise<void> {
    await this.carry(`task/${encodeURIComponent(task)}`, {}, { cancel: true });
  }

  private async start(path: string, ask: Ask): Promise<TaskState> {
    return parseTask(await this.carry('ask', { path }, ask));
  }

  /** Ask, and look how it goes until it is over: the server answers each look within seconds. */
  private async ask(path: string, ask: Ask, follow?: Follow): Promise<unknown> {
    let task = await this.start(path, ask);
    while (task.state === 'running') {
      follow?.(task);
      task = parseTask(await this.carry(`task/${encodeURIComponent(task.id)}`, { path }));
    }
    switch (task.state) {
      case 'done':
        return task.answer;
      case 'cancelled':
        throw new Trouble('refused', 'Cancelled.');
      case 'failed':
        throw new Trouble('refused', task.message, task.hint);
    }
  }
}
