/** What the panel's models have in common: a state that is asked for again and again, as long as someone looks. */

import type { IDisposable } from '@lumino/disposable';
import { Poll } from '@lumino/polling';
import { Signal } from '@lumino/signaling';
import type { ISignal } from '@lumino/signaling';

interface Pace {
  /** Between two questions. */
  readonly interval: number;
  /** At most, when questions get no answer. */
  readonly max: number;
  /** While someone tells of what is new; undefined: as ever, since not all that is new is told. */
  readonly told?: number;
}

/** Emits a project's folder, from the server's root, when something of it was recorded. */
export type News = ISignal<unknown, string>;

export abstract class PolledModel<State extends object> implements IDisposable {
  /** @param name - For JupyterLab's list of polls. */
  protected constructor(
    name: string,
    private _state: State,
    private readonly _pace: Pace,
    news: News
  ) {
    this._interval = _pace.interval;
    this.poll = new Poll({
      auto: false,
      name: `@nbops/labextension:${name}`,
      factory: () => this.askOnce(),
      frequency: { interval: _pace.interval, max: _pace.max, backoff: true },
      standby: 'when-hidden'
    });
    news.connect(this.onNews, this);
  }

  get state(): State {
    return this._state;
  }

  /** Emitted when the state is another one; an answer that changes nothing is silent. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this.poll.isDisposed;
  }

  dispose(): void {
    this.poll.dispose();
    Signal.clearData(this);
  }

  /** Ask once; where it rejects, the poll waits longer each time. */
  protected abstract pollOnce(): Promise<void>;

  /** Of what it is asked about; null: of nothing. */
  protected abstract get path(): string | null;

  /** Ask now and from then on, or no longer. */
  protected work(isWanted: boolean): void {
    this._isWorking = isWanted;
    void (isWanted ? this.poll.refresh() : this.poll.stop());
  }

  protected setInterval(interval: number): void {
    this._interval = interval;
    const { max, told } = this._pace;
    const calm = this._isTold && told !== undefined ? told : interval;
    this.poll.frequency = { interval: calm, max, backoff: true };
  }

  /** An answer had something new: who was to tell of it did, or is not relied on until they do again. */
  protected noteNew(): void {
    this.rely(this._isNews || this._isWaiting);
  }

  /** Ask seldom, since what is new is told; or as ever. */
  private rely(isTold: boolean): void {
    if (this._isTold !== isTold) {
      this._isTold = isTold;
      this.setInterval(this._interval);
    }
  }

  /** One question is under way at a time, and at most one more waits for it. */
  private async askOnce(): Promise<void> {
    this._underWay++;
    try {
      await this.pollOnce();
    } catch (reason) {
      this.rely(false); // who tells may be away as well
      throw reason;
    } finally {
      this._underWay--;
      this._isNews = this._isWaiting && this._isWorking;
      this._isWaiting = false;
      if (this._isNews) {
        // A poll that answers a refresh takes no other one.
        void this.poll.schedule({ interval: Poll.IMMEDIATE, phase: 'refreshed' });
      }
    }
  }

  private onNews(_: unknown, folder: string): void {
    const isOurs = folder === '' || this.path?.startsWith(`${folder}/`);
    if (!this._isWorking || !isOurs) {
      return;
    }
    if (this._underWay > 0) {
      this._isWaiting = true;
    } else {
      this._isNews = true;
      void this.poll.refresh();
    }
  }

  protected update(change: Partial<State>): void {
    const next = { ...this._state, ...change };
    const keys = Object.keys(next) as (keyof State)[];
    if (keys.some(key => next[key] !== this._state[key])) {
      this._state = next;
      this._changed.emit();
    }
  }

  protected readonly poll: Poll;
  private _interval: number;
  private _underWay = 0;
  private _isWorking = false;
  /** What is asked now was told to be new. */
  private _isNews = false;
  /** What is new is told, as far as is known. */
  private _isTold = false;
  /** Something new was told while a question was under way. */
  private _isWaiting = false;
  private readonly _changed = new Signal<this, void>(this);
}
