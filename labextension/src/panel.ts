/** The sidebar: a place in the shell, and what its being shown or hidden means. */

import type { Message } from '@lumino/messaging';
import { PanelLayout, Widget } from '@lumino/widgets';

import { nbopsIcon } from './icon';
import { setNotebook, setSeen } from './models';
import { PanelView } from './view';
import type { ViewOptions } from './view';

export class NbopsPanel extends Widget {
  constructor(private readonly options: ViewOptions) {
    super();
    this.id = 'nbops-panel';
    this.addClass('nbops-Sidebar');
    this.title.icon = nbopsIcon;
    this.title.caption = 'nbops';
    this._view = new PanelView(options);
    const layout = (this.layout = new PanelLayout());
    layout.addWidget(this._view);
    options.front.changed.connect(this.onFrontChanged, this);
    options.model.changed.connect(this.onModelChanged, this);
    options.navigation.changed.connect(this.onNavigated, this);
    this.onFrontChanged();
  }

  protected override onAfterShow(msg: Message): void {
    super.onAfterShow(msg);
    this.onShownOrHidden();
  }

  protected override onAfterHide(msg: Message): void {
    super.onAfterHide(msg);
    this.onShownOrHidden();
  }

  protected override onAfterAttach(msg: Message): void {
    super.onAfterAttach(msg);
    this.onShownOrHidden();
  }

  /** Have the keyboard in it, where its tabs are, once it is drawn and a palette is gone. */
  takeKeyboard(): void {
    requestAnimationFrame(() => {
      this.node.querySelector<HTMLElement>('[role="tab"][aria-selected="true"]')?.focus();
    });
  }

  private onShownOrHidden(): void {
    this.onNavigated();
    this._view.update();
  }

  private onNavigated(): void {
    setSeen(this.options, this.isVisible);
  }

  private onFrontChanged(): void {
    const { model, navigation, front } = this.options;
    const isAnother = model.state.notebook?.id !== front.notebook?.id;
    setNotebook(this.options, front.notebook);
    if (isAnother && navigation.tab === 'notebook') {
      navigation.choose('notebook'); // pages about another notebook's cells would mislead
    }
    const state = front.switch?.state;
    model.setExpecting(state?.position != null);
  }

  private onModelChanged(): void {
    const { model, front } = this.options;
    if (model.isTracking !== null) {
      front.switch?.confirm(model.isTracking);
    }
  }

  private readonly _view: PanelView;
}
