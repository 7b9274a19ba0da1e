/** A comparison as a document of the main area. */

import { MainAreaWidget } from '@jupyterlab/apputils';

import { nbopsIcon } from './icon';
import { WideView } from './view';
import type { ViewOptions } from './view';

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
