/** The notebook in front: which it is, its switch, and finding a cell in it. */

import { PathExt } from '@jupyterlab/coreutils';
import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { Signal } from '@lumino/signaling';
import type { ISignal } from '@lumino/signaling';

import type { Notebook, NotebookSwitch, Switches } from './tokens';

export class FrontNotebook {
  constructor(
    private readonly tracker: INotebookTracker,
    private readonly switches: Switches
  ) {
    tracker.currentChanged.connect(this.onCurrentChanged, this);
    this.onCurrentChanged();
  }

  /** Emitted when another notebook comes to the front, and when its path, kernel or switch changes. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get notebook(): Notebook | null {
    const panel = this._panel;
    return panel
      ? {
          id: panel.id,
          path: panel.context.localPath,
          name: PathExt.basename(panel.context.localPath),
          kernelId: panel.sessionContext.session?.kernel?.id ?? null
        }
      : null;
  }

  get switch(): NotebookSwitch | null {
    return this._panel ? this.switches.of(this._panel) : null;
  }

  /**
   * Make a cell the active one and scroll to it.
   *
   * @returns Whether the notebook still has it.
   */
  reveal(cellId: string | null): boolean {
    const content = this._panel?.content;
    const index = content?.widgets.findIndex(cell => cell.model.id === cellId) ?? -1;
    if (!content || index < 0) {
      return false;
    }
    content.deselectAll();
    content.activeCellIndex = index;
    void content.scrollToItem(index, 'smart');
    return true;
  }

  /** Code of a cell as it is now; null when the notebook has no such cell. */
  sourceOf(cellId: string): string | null {
    return this.find(cellId)?.model.sharedModel.getSource() ?? null;
  }

  /**
   * Give a cell another code, which its undo takes back.
   *
   * @returns Whether the notebook still has it.
   */
  putBack(cellId: string, source: string): boolean {
    const cell = this.find(cellId);
    cell?.model.sharedModel.setSource(source);
    return cell !== undefined && this.reveal(cellId);
  }

  private find(cellId: string): Cell | undefined {
    return this._panel?.content.widgets.find(cell => cell.model.id === cellId);
  }

  private onCurrentChanged(): void {
    this.follow(this._panel, false);
    this._panel = this.tracker.currentWidget;
    this.follow(this._panel, true);
    this._changed.emit();
  }

  private follow(panel: NotebookPanel | null, isFollowed: boolean): void {
    if (!panel || panel.isDisposed) {
      return;
    }
    const verb = isFollowed ? 'connect' : 'disconnect';
    panel.sessionContext.kernelChanged[verb](this.onChanged, this);
    panel.context.pathChanged[verb](this.onChanged, this);
    this.switches.of(panel).changed[verb](this.onChanged, this);
  }

  private onChanged(): void {
    this._changed.emit();
  }

  private _panel: NotebookPanel | null = null;
  private readonly _changed = new Signal<this, void>(this);
}

type Cell = NotebookPanel['content']['widgets'][number];
