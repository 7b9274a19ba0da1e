/** The tracking switch of one notebook: what is wanted, and telling it to each kernel in time. */

import type { ISessionContext } from '@jupyterlab/apputils';
import type { Kernel } from '@jupyterlab/services';
import type { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';
import type { ISignal } from '@lumino/signaling';

import { runMagic, START, STOP } from './magic';
import type { Memory } from './memory';
import type { NotebookSwitch, Obstacle, SwitchState } from './tokens';

/** Time after which a record of what the kernel says it did should have arrived. */
const CONFIRMATION_MS = 15_000;

const AT_REST = { position: null, isAsking: false, failure: null } as const;

export class KernelSwitch implements NotebookSwitch, IDisposable {
  constructor(
    private readonly context: ISessionContext,
    private readonly memory: Memory,
    private path: string
  ) {
    context.kernelChanged.connect(this.onKernelChanged, this);
    this.onKernelChanged();
  }

  get state(): SwitchState {
    return { ...this._state, obstacle: this.findObstacle() };
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isRemembered(): boolean {
    return this.memory.has(this.path);
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    clearTimeout(this._timeout);
    Signal.clearData(this);
  }

  async flip(isOn: boolean): Promise<void> {
    if (isOn) {
      this.memory.remember(this.path);
    } else {
      this.memory.forget(this.path);
    }
    await this.tell(isOn);
  }

  confirm(isTracking: boolean): void {
    const { position, isAsking } = this._state;
    if (isAsking || position === null) {
      return;
    }
    this._isDenied = position !== isTracking;
    if (!this._isDenied) {
      clearTimeout(this._timeout);
      this.become(AT_REST);
    }
  }

  /** Follow the notebook to another path. */
  move(path: string): void {
    if (this.isRemembered) {
      this.memory.remember(path);
    }
    this.path = path;
    this._changed.emit();
  }

  private onKernelChanged(): void {
    const kernel = this.context.session?.kernel ?? null;
    if (kernel === this._kernel) {
      return; // JupyterLab says so after each restart, too
    }
    this._kernel?.statusChanged.disconnect(this.onStatusChanged, this);
    this._kernel = kernel;
    kernel?.statusChanged.connect(this.onStatusChanged, this);
    this.become(AT_REST);
    this.startIfRemembered();
  }

  private onStatusChanged(_: unknown, status: Kernel.Status): void {
    if (status === 'restarting') {
      // The connection empties its queue right after this signal, then takes requests again and
      // sends them in order once the kernel is back. Being first in that queue puts tracking before
      // the cells of "Restart Kernel and Run All Cells", and before any that are run meanwhile.
      queueMicrotask(() => {
        this.startIfRemembered();
      });
    }
  }

  private startIfRemembered(): void {
    if (!this.memory.isReady) {
      void this.memory.ready.then(() => {
        this.startIfRemembered();
      });
    } else if (!this._isDisposed && this.isRemembered) {
      void this.tell(true);
    }
  }

  /** Have the kernel start or stop; sends the request before it returns. */
  private async tell(isOn: boolean): Promise<void> {
    const kernel = this._kernel;
    if (!kernel || this.findObstacle()) {
      return;
    }
    const asked = (this._asked = {});
    clearTimeout(this._timeout);
    const reply = runMagic(kernel, isOn ? START : STOP);
    this.become({ position: isOn, isAsking: true, failure: null });
    const failure = await reply;
    if (asked !== this._asked || kernel !== this._kernel || this._isDisposed) {
      return;
    }
    this.become({ position: failure ? null : isOn, isAsking: false, failure });
    if (!failure) {
      this._isDenied = false;
      this._timeout = setTimeout(() => {
        this.stopWaiting();
      }, CONFIRMATION_MS);
    }
  }

  /** Nobody confirmed: either nobody looked, or the records say otherwise. */
  private stopWaiting(): void {
    this.become(this._isDenied ? { ...AT_REST, failure: { kind: 'unconfirmed' } } : AT_REST);
  }

  private findObstacle(): Obstacle | null {
    if (!this._kernel) {
      return { kind: 'no-kernel' };
    }
    const specs = this.context.specsManager.specs?.kernelspecs;
    const language = specs?.[this._kernel.name]?.language ?? 'python';
    return language === 'python' ? null : { kind: 'not-python', language };
  }

  private become(state: Omit<SwitchState, 'obstacle'>): void {
    this._state = state;
    this._changed.emit();
  }

  private _state: Omit<SwitchState, 'obstacle'> = AT_REST;
  private _kernel: Kernel.IKernelConnection | null = null;
  private _asked: object | null = null;
  private _timeout: ReturnType<typeof setTimeout> | undefined;
  private _isDenied = false;
  private _isDisposed = false;
  private readonly _changed = new Signal<this, void>(this);
}
