/** State of the panel: what is known of the notebook in front. Knows no DOM and no React. */

import type { IDisposable } from '@lumino/disposable';
import { Poll } from '@lumino/polling';
import { Signal } from '@lumino/signaling';
import type { ISignal } from '@lumino/signaling';

import { addAnswer, isTracking, noteShipping } from './history';
import type { History } from './history';
import type { DataSource, Notebook } from './tokens';
import { asTrouble } from './trouble';
import type { Trouble } from './trouble';

const LIVE_MS = 1000;
const IDLE_MS = 5000;
const PATIENCE_MS = 30_000;

export interface PanelState {
  readonly notebook: Notebook | null;
  /** null until the first answer. */
  readonly history: History | null;
  /** Why the last question got no answer; what is known stays. */
  readonly trouble: Trouble | null;
}

const NOTHING: PanelState = { notebook: null, history: null, trouble: null };

export class PanelModel implements IDisposable {
  constructor(private readonly source: DataSource) {
    this._poll = new Poll({
      auto: false,
      name: '@nbops/labextension:notebook',
      factory: () => this.pollOnce(),
      frequency: { interval: IDLE_MS, backoff: true, max: PATIENCE_MS },
      standby: 'when-hidden'
    });
  }

  get state(): PanelState {
    return this._state;
  }

  /** Emitted when the state is another one; an answer that changes nothing is silent. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Whether the cells of the notebook's kernel are being recorded; null while that is unknown. */
  get isTracking(): boolean | null {
    const { history, notebook } = this._state;
    return history ? isTracking(history, notebook?.kernelId ?? null) : null;
  }

  get isDisposed(): boolean {
    return this._poll.isDisposed;
  }

  dispose(): void {
    this._poll.dispose();
    Signal.clearData(this);
  }

  setNotebook(notebook: Notebook | null): void {
    const before = this._state.notebook;
    if (isSame(before, notebook)) {
      return;
    }
    this._isFromStart = true;
    const isAnother = before?.id !== notebook?.id;
    this.update(isAnother ? { ...NOTHING, notebook } : { notebook });
    this.work();
  }

  /** A panel that nobody sees asks nothing. */
  setVisible(isVisible: boolean): void {
    if (isVisible !== this._isVisible) {
      this._isVisible = isVisible;
      this._isFromStart = true;
      this.work();
    }
  }

  /** While something is about to change, look often. */
  setExpecting(isExpecting: boolean): void {
    if (isExpecting !== this._isExpecting) {
      this._isExpecting = isExpecting;
      this.pace();
      this.work();
    }
  }

  /** Ask now. One question is under way at a time and at most one more waits. */
  async refresh(): Promise<void> {
    this._isWanted = true;
    this._asking ??= this.askWhileWanted();
    await this._asking;
  }

  private async pollOnce(): Promise<void> {
    await this.refresh();
    if (this._state.trouble) {
      throw this._state.trouble; // the poll then waits longer each time
    }
  }

  private async askWhileWanted(): Promise<void> {
    try {
      while (this._isWanted && this._state.notebook) {
        this._isWanted = false;
        await this.ask(this._state.notebook);
      }
    } finally {
      this._asking = null;
    }
  }

  private async ask(notebook: Notebook): Promise<void> {
    const known = this._isFromStart ? null : this._state.history;
    this._isFromStart = false;
    try {
      const answer = await this.source.notebook({ ...notebook, since: known?.version ?? 0 });
      if (this._state.notebook !== notebook) {
        return;
      }
      if (answer.unchanged) {
        this.update({ history: noteShipping(this._state.history, answer), trouble: null });
        return;
      }
      const history = addAnswer(known, answer);
      if (history) {
        this.update({ history, trouble: null });
        this.pace();
      } else {
        this._isFromStart = this._isWanted = true;
      }
    } catch (reason) {
      if (this._state.notebook === notebook) {
        this._isFromStart ||= known === null;
        this.update({ trouble: asTrouble(reason) });
      }
    }
  }

  private work(): void {
    if (!this._isVisible || !this._state.notebook) {
      void this._poll.stop();
      return;
    }
    if (this._asking) {
      this._isWanted = true; // the question under way may be about what was in front before
    }
    void this._poll.refresh();
  }

  private pace(): void {
    const isLive =
      this._isExpecting ||
      (this._state.history?.sessions ?? []).some(session => session.status === 'running');
    const interval = isLive ? LIVE_MS : IDLE_MS;
    this._poll.frequency = { interval, backoff: true, max: PATIENCE_MS };
  }

  private update(change: Partial<PanelState>): void {
    const next = { ...this._state, ...change };
    const keys = Object.keys(next) as (keyof PanelState)[];
    if (keys.some(key => next[key] !== this._state[key])) {
      this._state = next;
      this._changed.emit();
    }
  }

  private _state = NOTHING;
  private _isVisible = false;
  private _isExpecting = false;
  private _isFromStart = true;
  private _isWanted = false;
  private _asking: Promise<void> | null = null;
  private readonly _poll: Poll;
  private readonly _changed = new Signal<this, void>(this);
}

function isSame(one: Notebook | null, other: Notebook | null): boolean {
  return (
    one === other ||
    (one?.id === other?.id && one?.path === other?.path && one?.kernelId === other?.kernelId)
  );
}
