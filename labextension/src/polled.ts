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
}

export abstract class PolledModel<State extends object> implements IDisposable {
  /** @param name - For JupyterLab's list of polls. */
  protected constructor(
    name: string,
    private _state: State,
    private readonly _pace: Pace
  ) {
    this.poll = new Poll({
      auto: false,
      name: `@nbops/labextension:${name}`,
      factory: () => this.pollOnce(),
      frequency: { ..._pace, backoff: true },
      standby: 'when-hidden'
    });
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

  /** Ask now and from then on, or no longer. */
  protected work(isWanted: boolean): void {
    void (isWanted ? this.poll.refresh() : this.poll.stop());
  }

  protected setInterval(interval: number): void {
    this.poll.frequency = { ...this._pace, interval, backoff: true };
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
  private readonly _changed = new Signal<this, void>(this);
}
