/** What the palette and the menus offer. */

import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { ICommandPalette } from '@jupyterlab/apputils';

import { nbopsIcon } from './icon';
import { orderJobs } from './jobActions';
import type { NbopsPanel } from './panel';
import type { ViewOptions } from './view';

export const CommandIDs = {
  showPanel: 'nbops:show-panel',
  showRuns: 'nbops:show-runs',
  comparePicked: 'nbops:compare-picked',
  showJobs: 'nbops:show-jobs',
  schedule: 'nbops:schedule',
  trackNotebook: 'nbops:track-notebook'
} as const;

export function addCommands(
  app: JupyterFrontEnd,
  panel: NbopsPanel,
  options: ViewOptions,
  palette: ICommandPalette | null
): void {
  const { model, front, trans } = options;
  const isOn = () => {
    const itsSwitch = front.switch;
    return itsSwitch?.state.position ?? model.isTracking ?? itsSwitch?.isRemembered ?? false;
  };

  app.commands.addCommand(CommandIDs.showPanel, {
    label: trans.__('Show nbops Panel'),
    caption: trans.__('Show the cell runs of the notebook and what changed between its runs'),
    execute: () => {
      app.shell.activateById(panel.id);
      panel.takeKeyboard();
    }
  });

  app.commands.addCommand(CommandIDs.trackNotebook, {
    label: trans.__('Track This Notebook'),
    caption: trans.__('Record every cell run of this notebook, now and in each kernel it gets'),
    isToggleable: true,
    isToggled: isOn,
    isEnabled: () => front.switch !== null && front.switch.state.obstacle === null,
    execute: async () => {
      await model.refresh(); // a hidden panel does not know what was typed meanwhile
      await front.switch?.flip(!isOn());
      if (front.switch?.state.failure) {
        app.shell.activateById(panel.id); // it says why
      }
    }
  });

  addRunCommands(app, panel, options);
  addJobCommands(app, panel, options);
  front.changed.connect(() => {
    app.commands.notifyCommandChanged(CommandIDs.trackNotebook);
    app.commands.notifyCommandChanged(CommandIDs.schedule);
  });
  for (const command of Object.values(CommandIDs)) {
    palette?.addItem({ command, category: 'nbops' });
  }
}

function addRunCommands(app: JupyterFrontEnd, panel: NbopsPanel, options: ViewOptions): void {
  const { navigation, picks, trans } = options;
  app.commands.addCommand(CommandIDs.showRuns, {
    label: trans.__('Show All Runs'),
    caption: trans.__('Show all runs of the project in the nbops panel'),
    execute: () => {
      app.shell.activateById(panel.id);
      navigation.choose('runs');
      panel.takeKeyboard();
    }
  });
  app.commands.addCommand(CommandIDs.comparePicked, {
    label: trans.__('Compare Picked Runs'),
    caption: trans.__('Compare the runs that are ticked in the nbops panel, in the main area'),
    isEnabled: () => picks.state.ids.length > 1,
    execute: () => {
      options.openWide(picks.state.ids);
    }
  });
  picks.changed.connect(() => {
    app.commands.notifyCommandChanged(CommandIDs.comparePicked);
  });
}

function addJobCommands(app: JupyterFrontEnd, panel: NbopsPanel, options: ViewOptions): void {
  const { navigation, form, front, trans } = options;
  const { schedule } = orderJobs(options, () => undefined);
  app.commands.addCommand(CommandIDs.showJobs, {
    label: trans.__('Show Jobs'),
    caption: trans.__('Show what is scheduled, and every job that ran, in the nbops panel'),
    execute: () => {
      app.shell.activateById(panel.id);
      form?.close();
      navigation.choose('jobs');
      panel.takeKeyboard();
    }
  });
  app.commands.addCommand(CommandIDs.schedule, {
    label: trans.__('Schedule / Export…'),
    caption: trans.__('Have this notebook run by itself, here or on another system'),
    icon: args => (args.toolbar ? nbopsIcon : undefined),
    isEnabled: () => front.notebook !== null,
    execute: () => {
      app.shell.activateById(panel.id);
      schedule?.();
    }
  });
}
