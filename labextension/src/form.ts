/** A notebook that is about to be scheduled or exported: what was typed, and what is said to it. No DOM, no React. */

import { Debouncer } from '@lumino/polling';
import { Signal } from '@lumino/signaling';
import type { ISignal } from '@lumino/signaling';

import type { JobDesk, Values } from './desk';
import { HERE, isWhole, orderOf, showDefault } from './formState';
import type { Filled, FormState, More } from './formState';
import type { FireTimes, Parameter, Parameters } from './jobs';
import type { Asked } from './navigation';
import type { Notebook } from './tokens';
import { asTrouble } from './trouble';
import type { Trouble } from './trouble';

/** Targets that a job of this machine is checked for, the likeliest first. */
const LIKE_HERE = ['systemd', 'cron', 'script'];
const TYPING_MS = 350;

const NO_MORE: More = { catchUp: '', credentials: '', secrets: '', image: '', isOnPush: false };
const UNASKED = { answer: null, trouble: null };
const AT_REST = { ...UNASKED, isRunning: false, progress: '', task: null };

export class FormModel {
  constructor(private readonly desk: JobDesk) {}

  /** null: nobody schedules anything now. */
  get state(): FormState | null {
    return this._state;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Begin with a notebook as it is saved. */
  open(notebook: Notebook): void {
    this._state = {
      notebook,
      known: UNASKED,
      values: {},
      problems: {},
      targets: UNASKED,
      place: HERE,
      schedule: '',
      timezone: localZone(),
      times: null,
      isDryRun: true,
      more: NO_MORE,
      check: AT_REST,
      making: AT_REST
    };
    this._changed.emit();
    void this.readParameters();
    void settle(this.desk.targets(notebook.path)).then(targets => {
      this.update({ targets });
    });
  }

  close(): void {
    this.cancel();
    this._state = null;
    this._changed.emit();
  }

  /** Take over what was typed; what was found before was about something else. */
  fill(change: Filled): void {
    this.update({ ...change, ...this.unsettled() });
    if (change.schedule !== undefined || change.timezone !== undefined) {
      void this._times.invoke().catch(ignore);
    }
  }

  /** Take over a parameter's value; the default is none. */
  setValue(parameter: Parameter, text: string): void {
    if (!this._state) {
      return;
    }
    const others = Object.entries(this._state.values).filter(([name]) => name !== parameter.name);
    const isDefault = !parameter.is_required && text === showDefault(parameter);
    const given = isDefault || text === '' ? [] : [[parameter.name, text] as const];
    const problems = Object.entries(this._state.problems);
    this.update({
      values: Object.fromEntries([...others, ...given]),
      problems: Object.fromEntries(problems.filter(([name]) => name !== parameter.name)),
      ...this.unsettled()
    });
    void this._checking.invoke().catch(ignore);
  }

  /** Look for what stands in the way. */
  async check(): Promise<void> {
    const { target } = this;
    if (!this._state || !target || this._state.check.isRunning) {
      return;
    }
    const order = { ...orderOf(this._state), target };
    await this.follow('check', task => this.desk.check(this.path, order, task));
  }

  /** Make the job, or the files. */
  async make(): Promise<void> {
    if (!this._state || this._state.making.isRunning || !isWhole(this._state)) {
      return;
    }
    const on = this._state.place === HERE ? ('here' as const) : ('files' as const);
    const order = { ...orderOf(this._state), on };
    await this.follow('making', task => this.desk.make(this.path, order, task));
  }

  /** End what is under way. */
  cancel(): void {
    for (const work of [this._state?.check, this._state?.making]) {
      if (work?.isRunning && work.task !== null) {
        void this.desk.cancel(work.task).catch(ignore);
      }
    }
  }

  /** Read the notebook again, after it was saved. */
  async readParameters(): Promise<void> {
    const values = this._state?.values ?? {};
    const known = await settle(this.desk.parameters(this.path, values));
    if (this._state?.values === values) {
      this.update({ known: known.answer ? known : { ...this._state.known, ...known } });
      this.update({ problems: asTyped(known.answer?.problems ?? {}, values) });
    }
  }

  /** What the job is checked for; null while no target is known. */
  get target(): string | null {
    const place = this._state?.place ?? HERE;
    const names = (this._state?.targets.answer ?? []).map(({ name }) => name);
    return place === HERE ? (LIKE_HERE.find(name => names.includes(name)) ?? null) : place;
  }

  private get path(): string {
    return this._state?.notebook.path ?? '';
  }

  private async readTimes(): Promise<void> {
    const { schedule = '', timezone = '' } = this._state ?? {};
    const asked = schedule.trim();
    const times =
      asked === ''
        ? null
        : await this.desk.fireTimes(this.path, asked, timezone).catch((reason: unknown) => {
            const { message, hint } = asTrouble(reason);
            return { ...NO_TIMES, problem: { message, hint } };
          });
    if (this._state?.schedule === schedule && this._state.timezone === timezone) {
      this.update({ times });
    }
  }

  private async follow(
    key: 'check' | 'making',
    start: (follow: (task: { id: string; progress: string }) => void) => Promise<unknown>
  ): Promise<void> {
    const begun = { ...AT_REST, isRunning: true };
    this.put(key, begun);
    const notebook = this._state?.notebook;
    const asked = await settle(
      start(({ id, progress }) => {
        this.put(key, { ...begun, task: id, progress });
      })
    );
    if (this._state?.notebook === notebook) {
      this.put(key, { ...AT_REST, ...asked });
    }
  }

  private put(key: 'check' | 'making', work: object): void {
    this.update({ [key]: work });
  }

  /** What is no longer true once something else was typed; what is under way goes on. */
  private unsettled(): Partial<FormState> {
    const { check, making } = this._state ?? { check: AT_REST, making: AT_REST };
    return {
      check: check.isRunning ? check : AT_REST,
      making: making.isRunning ? making : AT_REST
    };
  }

  private update(change: Partial<FormState>): void {
    if (this._state) {
      this._state = { ...this._state, ...change };
      this._changed.emit();
    }
  }

  private _state: FormState | null = null;
  private readonly _changed = new Signal<this, void>(this);
  private readonly _checking = new Debouncer(() => this.readParameters(), TYPING_MS);
  private readonly _times = new Debouncer(() => this.readTimes(), TYPING_MS);
}

const NO_TIMES: FireTimes = {
  format: 1,
  words: '',
  timezone: '',
  times: [],
  local: [],
  watched: [],
  problem: null
};

/** Those of values that were typed; what is still to be typed is no mistake yet. */
function asTyped(problems: Parameters['problems'], values: Values): Parameters['problems'] {
  return Object.fromEntries(Object.entries(problems).filter(([name]) => name in values));
}

function localZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

async function settle<Answer>(asking: Promise<Answer>): Promise<Asked<Answer>> {
  return asking.then(
    answer => ({ answer, trouble: null }),
    (reason: unknown): { answer: null; trouble: Trouble } => ({
      answer: null,
      trouble: asTrouble(reason)
    })
  );
}

/** The latest asks; those that it replaced need no answer. */
function ignore(): void {
  // nothing
}
