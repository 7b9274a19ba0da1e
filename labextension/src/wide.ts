/** A comparison as a document of the main area. */

import type { JupyterFrontEnd } from '@jupyterlab/application';
import { MainAreaWidget } from '@jupyterlab/apputils';
import { SplitPanel } from '@lumino/widgets';
import type { Widget } from '@lumino/widgets';

import { nbopsIcon } from './icon';
import { WideView } from './view';
import type { ViewOptions } from './view';

/** Less than so many pixels show nothing of a comparison. */
const LEAST_HEIGHT = 120;

/** Show it in the main area; below the notebook where that has room for the notebook alone, as in Notebook 7. */
export function showWide(shell: JupyterFrontEnd.IShell, widget: Widget): void {
  shell.add(widget, 'main');
  if (widget.parent === null) {
    shell.add(widget, 'down');
  }
  shell.activateById(widget.id);
  makeRoom(widget);
}

/** Give an area half of what it shares with others, where it begins with next to nothing. */
function makeRoom(widget: Widget): void {
  requestAnimationFrame(() => {
    let area = widget.parent;
    while (area && !(area instanceof SplitPanel)) {
      area = area.parent;
    }
    if (area instanceof SplitPanel && widget.node.clientHeight < LEAST_HEIGHT) {
      area.setRelativeSizes(area.widgets.map(() => 1));
    }
  });
}

export function comparisonWidget(
  options: ViewOptions,
  ids: readonly string[]
): MainAreaWidget<WideView> {
  const path = options.model.state.notebook?.path ?? '';
  const content = new WideView(options, path, ids);
  const widget = new MainAreaWidget({ content });
  widget.id = `nbops-compare-${ids.join('-')}`;
  widget.title.label = options.trans._n('Compare %1 run', 'Compare %1 runs', ids.length);
  widget.title.icon = nbopsIcon;
  widget.title.closable = true;
  widget.toolbar.hide();
  return widget;
}
