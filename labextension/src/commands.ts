/** What the palette and the menus offer. */

import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { ICommandPalette } from '@jupyterlab/apputils';

import type { NbopsPanel } from './panel';
import type { ViewOptions } from './view';

export const CommandIDs = {
  showPanel: 'nbops:show-panel',
  trackNotebook: 'nbops:track-notebook'
} as const;

export function addCommands(
  app: JupyterFrontEnd,
  panel: NbopsPanel,
  { model, front, trans }: ViewOptions,
  palette: ICommandPalette | null
): void {
  const isOn = () => {
    const itsSwitch = front.switch;
    return itsSwitch?.state.position ?? model.isTracking ?? itsSwitch?.isRemembered ?? false;
  };

  app.commands.addCommand(CommandIDs.showPanel, {
    label: trans.__('Show nbops Panel'),
    caption: trans.__('Show the cell runs of the notebook and what changed between its runs'),
    execute: () => {
      app.shell.activateById(panel.id);
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

  front.changed.connect(() => {
    app.commands.notifyCommandChanged(CommandIDs.trackNotebook);
  });
  for (const command of Object.values(CommandIDs)) {
    palette?.addItem({ command, category: 'nbops' });
  }
}
