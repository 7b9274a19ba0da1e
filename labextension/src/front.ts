/** The notebook in front: which it is, its switch, and finding a cell in it. */

import { PathExt } from '@jupyterlab/coreutils';
import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { Signal } from '@lumino/signaling';
import type { ISignal } from '@lumino/signaling';

import type { OpenCell } from './answers';
import type { OpenNotebook } from './states';
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

  /** Emitted when the text of a cell of it changes, or a cell comes or goes. */
  get edited(): ISignal<this, void> {
    return this._edited;
  }

  /** Emitted when the way to its kernel broke or is there again: where a lost server shows first. */
  get connectionChanged(): ISignal<this, void> {
    return this._connectionChanged;
  }

  /** It as it is on the screen. */
  get open(): OpenNotebook | null {
    const path = this.notebook?.path;
    return path === undefined ? null : { path, cells: this.cells };
  }

  /** Its code cells as they are on the screen. */
  get cells(): readonly OpenCell[] {
    return (this._panel?.content.widgets ?? [])
      .filter(({ model }) => model.type === 'code')
      .map(({ model }) => ({
        id: model.id,
        source: model.sharedModel.getSource(),
        tags: tagsOf(model.getMetadata('tags'))
      }));
  }

  /** Elements of its cells, by their ids. */
  get nodes(): ReadonlyMap<string, HTMLElement> {
    const widgets = this._panel?.content.widgets ?? [];
    return new Map(widgets.map(({ model, node }) => [model.id, node]));
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
   * Give a cell another code, which its undo takes back, and the keyboard to the notebook, to run it.
   *
   * @returns Whether the notebook still has it.
   */
  putBack(cellId: string, source: string): boolean {
    const cell = this.find(cellId);
    cell?.model.sharedModel.setSource(source);
    this._panel?.content.activate();
    return cell !== undefined && this.reveal(cellId);
  }

  /** Save it, where there is something to be saved. */
  async save(): Promise<void> {
    const { context } = this._panel ?? {};
    if (context?.model.dirty && !context.model.readOnly) {
      await context.save();
    }
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
    panel.sessionContext.connectionStatusChanged[verb](this.onConnectionChanged, this);
    panel.context.pathChanged[verb](this.onChanged, this);
    panel.context.model.contentChanged[verb](this.onEdited, this);
    this.switches.of(panel).changed[verb](this.onChanged, this);
  }

  private onChanged(): void {
    this._changed.emit();
  }

  private onConnectionChanged(): void {
    this._connectionChanged.emit();
  }

  private onEdited(): void {
    this._edited.emit();
  }

  private _panel: NotebookPanel | null = null;
  private readonly _changed = new Signal<this, void>(this);
  private readonly _edited = new Signal<this, void>(this);
  private readonly _connectionChanged = new Signal<this, void>(this);
}

function tagsOf(tags: unknown): readonly string[] {
  return Array.isArray(tags) ? tags.filter(tag => typeof tag === 'string') : [];
}

type Cell = NotebookPanel['content']['widgets'][number];
