/** The one seam between Lumino and React. */

import { ReactWidget } from '@jupyterlab/ui-components';
import * as React from 'react';

import { Panel } from './components/Panel';
import { SurroundingsContext } from './components/surroundings';
import type { FrontNotebook } from './front';
import type { PanelModel } from './model';
import type { Actions, Translation } from './tokens';
import type { CellRun } from './wire';

export interface ViewOptions {
  readonly model: PanelModel;
  readonly front: FrontNotebook;
  readonly trans: Translation;
}

export class PanelView extends ReactWidget {
  constructor(private readonly options: ViewOptions) {
    super();
    this.addClass('nbops-Panel');
    options.model.changed.connect(() => {
      this.update();
    });
    options.front.changed.connect(() => {
      this.remark('');
    });
  }

  protected override render(): React.JSX.Element {
    const { model, front, trans } = this.options;
    const surroundings = { trans, isVisible: this.isVisible, now: () => new Date() };
    return (
      <SurroundingsContext.Provider value={surroundings}>
        <Panel
          state={model.state}
          switchState={front.switch?.state ?? null}
          isTracking={model.isTracking}
          remark={this._remark}
          actions={this._actions}
        />
      </SurroundingsContext.Provider>
    );
  }

  private reveal(cellRun: CellRun): void {
    const { front, trans } = this.options;
    const isThere = front.reveal(cellRun.cell_id);
    this.remark(isThere ? '' : trans.__('This cell is no longer in the notebook.'));
  }

  private remark(text: string): void {
    this._remark = text;
    this.update();
  }

  private readonly _actions: Actions = {
    flip: isOn => void this.options.front.switch?.flip(isOn),
    reveal: cellRun => {
      this.reveal(cellRun);
    },
    explain: (b, a) => {
      this.remark('');
      void this.options.model.explain(b, a);
    },
    back: () => {
      this.options.model.closeWhy();
    }
  };

  private _remark = '';
}
