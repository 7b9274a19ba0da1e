/** Wiring: which plugin needs what, and who is handed to whom. */

import { ILayoutRestorer } from '@jupyterlab/application';
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Clipboard, ICommandPalette } from '@jupyterlab/apputils';
import { PageConfig } from '@jupyterlab/coreutils';
import { INotebookTracker, NotebookActions } from '@jupyterlab/notebook';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStateDB } from '@jupyterlab/statedb';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import type { ISignal } from '@lumino/signaling';

import { RestSource } from './client';
import { addCommands } from './commands';
import { executedOpener } from './executed';
import { FrontNotebook } from './front';
import { keepLayout } from './layout';
import { Memory, SettingsShelf } from './memory';
import { makeModels } from './models';
import { outputRenderer } from './outputs';
import { dressCells } from './margin';
import { selectedRuns } from './navigation';
import { NbopsPanel } from './panel';
import { followKinds } from './preferences';
import { StatesModel } from './states';
import { NotebookSwitches } from './switches';
import { ISwitches } from './tokens';
import type { Switches } from './tokens';
import type { ViewOptions } from './view';
import { comparisonWidget, showWide } from './wide';

const switches: JupyterFrontEndPlugin<Switches> = {
  id: '@nbops/labextension:switches',
  description: 'Tracks the notebooks whose switch is on, in each kernel that they get.',
  autoStart: true,
  provides: ISwitches,
  requires: [INotebookTracker, ISettingRegistry],
  activate: (app: JupyterFrontEnd, tracker: INotebookTracker, registry: ISettingRegistry) => {
    const shelf = new SettingsShelf(registry, PageConfig.getOption('serverRoot'));
    return new NotebookSwitches(tracker, new Memory(shelf), app.serviceManager.contents);
  }
};

const panel: JupyterFrontEndPlugin<void> = {
  id: '@nbops/labextension:panel',
  description: "A sidebar with the notebook's cell runs, and why a run came out as it did.",
  autoStart: true,
  requires: [INotebookTracker, ISwitches, IRenderMimeRegistry],
  optional: [ITranslator, ICommandPalette, ILayoutRestorer, ISettingRegistry, IStateDB],
  activate: (
    app: JupyterFrontEnd,
    tracker: INotebookTracker,
    itsSwitches: Switches,
    rendermime: IRenderMimeRegistry,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null,
    registry: ISettingRegistry | null,
    shelf: IStateDB | null
  ) => {
    const source = new RestSource(app.serviceManager.serverSettings, app.serviceManager.events);
    const trans = (translator ?? nullTranslator).load('nbops');
    const front = new FrontNotebook(tracker, itsSwitches);
    for (const broken of [front.connectionChanged, app.serviceManager.connectionFailure]) {
      (broken as ISignal<unknown, unknown>).connect(() => {
        source.doubt();
      });
    }
    const models = makeModels(source, source.desk);
    const { navigation, picks } = models;
    const selected = () => selectedRuns(navigation.page, picks.state.ids);
    const options: ViewOptions = {
      source,
      desk: source.desk,
      ...models,
      states: new StatesModel(source, () => front.open, selected),
      front,
      trans,
      renderOutputs: outputRenderer(rendermime),
      copy: text => {
        Clipboard.copyToSystem(text);
      },
      openNotebook: path => void app.commands.execute('docmanager:open', { path }),
      openWide: ids => {
        showWide(app.shell, comparisonWidget(options, ids));
      },
      openExecuted: executedOpener(app, source)
    };
    const sidebar = new NbopsPanel(options);
    app.shell.add(sidebar, 'right', { rank: 800, type: 'nbops' });
    restorer?.add(sidebar, sidebar.id);
    if (shelf) {
      void keepLayout(shelf, options);
    }
    addCommands(app, sidebar, options, palette);
    dressNotebook(app, sidebar, options, registry);
  }
};

/** Have the cells of the notebook in front wear their states, and follow what may change them. */
function dressNotebook(
  app: JupyterFrontEnd,
  sidebar: NbopsPanel,
  { states, front, model, navigation, picks, trans }: ViewOptions,
  registry: ISettingRegistry | null
): void {
  const look = () => {
    states.look();
  };
  const open = (id: string) => {
    app.shell.activateById(sidebar.id);
    navigation.choose('notebook');
    void navigation.open(model.state.notebook?.path ?? '', { kind: 'cell-run', id });
  };
  states.changed.connect(() => {
    dressCells(front.nodes, states.state.states, trans, open);
  });
  for (const selection of [navigation.changed, picks.changed]) {
    (selection as ISignal<unknown, unknown>).connect(look);
  }
  front.changed.connect(look);
  front.edited.connect(() => {
    states.noteTyping();
  });
  NotebookActions.executed.connect(look);
  void followKinds(registry, kinds => {
    states.setKinds(kinds);
  });
}

export default [switches, panel];
