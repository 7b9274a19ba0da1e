/** The switches of all open notebooks, also of those that the panel does not show. */

import type { Notebook, INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { NotebookActions } from '@jupyterlab/notebook';
import type { Contents } from '@jupyterlab/services';

import type { Memory } from './memory';
import { KernelSwitch } from './switch';
import type { NotebookSwitch, Switches } from './tokens';

/** What a person types to stop; a switch that they turned on before is then not meant any more. */
const TYPED_STOP = /^\s*(%track\s+stop\b|nbops\.stop\()/m;

export class NotebookSwitches implements Switches {
  constructor(
    private readonly tracker: INotebookTracker,
    private readonly memory: Memory,
    contents: Contents.IManager
  ) {
    tracker.widgetAdded.connect((_, panel) => {
      this.of(panel);
    });
    tracker.forEach(panel => {
      this.of(panel);
    });
    contents.fileChanged.connect(this.onFileChanged, this);
    NotebookActions.executed.connect(this.onExecuted, this);
  }

  of(panel: NotebookPanel): NotebookSwitch {
    const known = this._switches.get(panel);
    if (known) {
      return known;
    }
    const made = new KernelSwitch(panel.sessionContext, this.memory, panel.context.path);
    this._switches.set(panel, made);
    panel.context.pathChanged.connect((_, path) => {
      made.move(path);
    });
    panel.disposed.connect(() => {
      this._switches.delete(panel);
      made.dispose();
    });
    return made;
  }

  private onFileChanged(_: unknown, change: Contents.IChangedArgs): void {
    const { oldValue, newValue } = change;
    if (change.type === 'rename' && oldValue?.path && newValue?.path) {
      this.memory.move(oldValue.path, newValue.path);
    } else if (change.type === 'delete' && oldValue?.path) {
      this.memory.forget(oldValue.path);
    }
  }

  private onExecuted(_: unknown, { notebook, cell }: { notebook: Notebook; cell: Cell }): void {
    const { type, sharedModel } = cell.model;
    const panel = this.tracker.find(candidate => candidate.content === notebook);
    if (panel && type === 'code' && TYPED_STOP.test(sharedModel.getSource())) {
      this.memory.forget(panel.context.path);
    }
  }

  private readonly _switches = new Map<NotebookPanel, KernelSwitch>();
}

type Cell = Notebook['widgets'][number];
