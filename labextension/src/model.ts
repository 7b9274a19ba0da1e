/** State of the panel: what is known of the notebook in front. Knows no DOM and no React. */

import { addAnswer, isTracking, noteShipping } from './history';
import type { History } from './history';
import { PolledModel } from './polled';
import type { DataSource, Notebook } from './tokens';
import { asTrouble } from './trouble';
import type { Trouble } from './trouble';

const LIVE_MS = 1000;
const IDLE_MS = 5000;
/** While the server tells what is new. */
const TOLD_MS = 15_000;
const PATIENCE_MS = 30_000;

export interface PanelState {
  readonly notebook: Notebook | null;
  /** null until the first answer. */
  readonly history: History | null;
  /** Why the last question got no answer; what is known stays. */
  readonly trouble: Trouble | null;
}

const NOTHING: PanelState = { notebook: null, history: null, trouble: null };

export class PanelModel extends PolledModel<PanelState> {
  constructor(private readonly source: DataSource) {
    const pace = { interval: IDLE_MS, max: PATIENCE_MS, told: TOLD_MS };
    super('notebook', NOTHING, pace, source.news);
  }

  /** Whether the cells of the notebook's kernel are being recorded; null while that is unknown. */
  get isTracking(): boolean | null {
    const { history, notebook } = this.state;
    return history ? isTracking(history, notebook?.kernelId ?? null) : null;
  }

  setNotebook(notebook: Notebook | null): void {
    const before = this.state.notebook;
    if (isSame(before, notebook)) {
      return;
    }
    this._isFromStart = true;
    const isAnother = before?.id !== notebook?.id;
    this.update(isAnother ? { ...NOTHING, notebook } : { notebook });
    this.workAnew();
  }

  /** A panel that nobody sees asks nothing. */
  setVisible(isVisible: boolean): void {
    if (isVisible !== this._isVisible) {
      this._isVisible = isVisible;
      this._isFromStart = true;
      this.workAnew();
    }
  }

  /** While something is about to change, look often. */
  setExpecting(isExpecting: boolean): void {
    if (isExpecting !== this._isExpecting) {
      this._isExpecting = isExpecting;
      this.pace();
      this.workAnew();
    }
  }

  /** Ask now. One question is under way at a time and at most one more waits. */
  async refresh(): Promise<void> {
    this._isWanted = true;
    this._asking ??= this.askWhileWanted();
    await this._asking;
  }

  protected override get path(): string | null {
    return this.state.notebook?.path ?? null;
  }

  protected override async pollOnce(): Promise<void> {
    await this.refresh();
    if (this.state.trouble) {
      throw this.state.trouble; // the poll then waits longer each time
    }
  }

  private async askWhileWanted(): Promise<void> {
    try {
      while (this._isWanted && this.state.notebook) {
        this._isWanted = false;
        await this.ask(this.state.notebook);
      }
    } finally {
      this._asking = null;
    }
  }

  private async ask(notebook: Notebook): Promise<void> {
    const known = this._isFromStart ? null : this.state.history;
    this._isFromStart = false;
    try {
      const answer = await this.source.notebook({ ...notebook, since: known?.version ?? 0 });
      if (this.state.notebook !== notebook) {
        return;
      }
      if (answer.unchanged) {
        this.update({ history: noteShipping(this.state.history, answer), trouble: null });
        return;
      }
      const history = addAnswer(known, answer);
      if (history) {
        this.noteNew();
        this.update({ history, trouble: null });
        this.pace();
      } else {
        this._isFromStart = this._isWanted = true;
      }
    } catch (reason) {
      if (this.state.notebook === notebook) {
        this._isFromStart ||= known === null;
        this.update({ trouble: asTrouble(reason) });
      }
    }
  }

  private workAnew(): void {
    const isWanted = this._isVisible && this.state.notebook !== null;
    this._isWanted ||= isWanted && this._asking !== null; // what is under way may be about what was in front before
    this.work(isWanted);
  }

  private pace(): void {
    const isLive =
      this._isExpecting ||
      (this.state.history?.sessions ?? []).some(session => session.status === 'running');
    this.setInterval(isLive ? LIVE_MS : IDLE_MS);
  }

  private _isVisible = false;
  private _isExpecting = false;
  private _isFromStart = true;
  private _isWanted = false;
  private _asking: Promise<void> | null = null;
}

function isSame(one: Notebook | null, other: Notebook | null): boolean {
  return (
    one === other ||
    (one?.id === other?.id && one?.path === other?.path && one?.kernelId === other?.kernelId)
  );
}
