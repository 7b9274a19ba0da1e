/** The one seam between Lumino and React. */

import { ReactWidget } from '@jupyterlab/ui-components';
import * as React from 'react';

import { actionsOf } from './actions';
import type { Cast } from './actions';
import type { FrontNotebook } from './front';
import { Panel } from './components/Panel';
import { SurroundingsContext } from './components/surroundings';
import { WideComparison } from './components/WideComparison';
import { h } from './h';
import { followModels, readModels } from './models';
import type { Asked } from './navigation';
import type { RunTable } from './answers';
import type { StatesModel } from './states';
import type { Actions } from './tokens';
import { asTrouble } from './trouble';
import { nameSide } from './wording';

export interface ViewOptions extends Cast {
  readonly front: FrontNotebook;
  readonly states: StatesModel;
  readonly openWide: (runIds: readonly string[]) => void;
}

/** What every view gives to its components. */
abstract class View extends ReactWidget {
  constructor(protected readonly options: ViewOptions) {
    super();
    this.addClass('nbops-Panel');
    this.actions = actionsOf(options, text => {
      this.say(text);
    });
  }

  protected override render(): React.JSX.Element {
    const { trans, renderOutputs } = this.options;
    const { isVisible } = this;
    const surroundings = { trans, isVisible, now: () => new Date(), renderOutputs };
    return (
      <SurroundingsContext.Provider value={surroundings}>
        {this.renderInside()}
      </SurroundingsContext.Provider>
    );
  }

  protected abstract renderInside(): React.JSX.Element;

  protected say(text: string): void {
    this.remark = text;
    this.update();
  }

  protected readonly actions: Actions;
  protected remark = '';
}

export class PanelView extends View {
  constructor(options: ViewOptions) {
    super(options);
    const { states, front } = options;
    const onChanged = () => {
      this.update();
    };
    followModels(options, onChanged);
    states.changed.connect(onChanged);
    front.changed.connect(() => {
      this.say('');
    });
  }

  protected override renderInside(): React.JSX.Element {
    const { states, front } = this.options;
    return (
      <Panel
        {...readModels(this.options)}
        standings={states.state}
        isSwitchable
        switchState={front.switch?.state ?? null}
        remark={this.remark}
        actions={this.actions}
        sourceOf={this.sourceOf}
      />
    );
  }

  private readonly sourceOf = (cellId: string): string | null =>
    this.options.front.sourceOf(cellId);
}

/** A comparison that has the main area for itself. */
export class WideView extends View {
  constructor(
    options: ViewOptions,
    private readonly path: string,
    private readonly ids: readonly string[]
  ) {
    super(options);
    this.addClass('nbops-Wide');
    void this.load();
  }

  protected override renderInside(): React.JSX.Element {
    return <WideComparison asked={this.asked} remark={this.remark} actions={this.actions} />;
  }

  private async load(): Promise<void> {
    const { source } = this.options;
    this.asked = await source.compare(this.path, this.ids, false).then(
      answer => ({ answer, trouble: null }),
      (reason: unknown) => ({ answer: null, trouble: asTrouble(reason) })
    );
    const [a, b, ...more] = this.asked.answer?.runs ?? [];
    if (a && b && more.length === 0) {
      this.title.label = `${nameSide(a)} → ${nameSide(b)}`;
    }
    this.update();
  }

  private asked: Asked<RunTable> = { answer: null, trouble: null };
}
