/** All state of one panel: made, followed and shown as one, in JupyterLab and in a widget. */

import { Layout } from './layout';
import type { Arrangement } from './layout';
import { PanelModel } from './model';
import type { PanelState } from './model';
import { Navigation } from './navigation';
import type { Page, Tab } from './navigation';
import { Picks } from './picks';
import type { Picked } from './picks';
import { RunsModel } from './runs';
import type { RunsState } from './runs';
import { PipelinesModel } from './pipelines';
import type { PipelinesState } from './pipelines';
import type { DataSource, Notebook } from './tokens';

export interface Models {
  readonly model: PanelModel;
  readonly runs: RunsModel;
  readonly pipelines: PipelinesModel;
  readonly navigation: Navigation;
  readonly layout: Layout;
  readonly picks: Picks;
}

/** What the models say now. */
export interface Told {
  readonly state: PanelState;
  readonly isTracking: boolean | null;
  readonly runs: RunsState;
  readonly pipelines: PipelinesState;
  readonly tab: Tab;
  /** What was opened over the tab. */
  readonly page: Page | null;
  readonly arrangement: Arrangement;
  readonly picked: Picked;
}

export function makeModels(source: DataSource): Models {
  return {
    model: new PanelModel(source),
    runs: new RunsModel(source),
    pipelines: new PipelinesModel(source),
    navigation: new Navigation(source),
    layout: new Layout(),
    picks: new Picks()
  };
}

export function readModels({ model, runs, pipelines, navigation, layout, picks }: Models): Told {
  return {
    state: model.state,
    isTracking: model.isTracking,
    runs: runs.state,
    pipelines: pipelines.state,
    tab: navigation.tab,
    page: navigation.page,
    arrangement: layout.state,
    picked: picks.state
  };
}

/** Be told of each change; returns what ends that. */
export function followModels(models: Models, onChanged: () => void): () => void {
  const { model, runs, pipelines, navigation, layout, picks } = models;
  const all = [model, runs, pipelines, navigation, layout, picks];
  all.forEach(({ changed }) => changed.connect(onChanged));
  return () => {
    all.forEach(({ changed }) => changed.disconnect(onChanged));
  };
}

/** The notebook that the panel is about from now on. */
export function setNotebook({ model, runs, pipelines }: Models, notebook: Notebook | null): void {
  model.setNotebook(notebook);
  runs.setPath(notebook?.path ?? '');
  pipelines.setPath(notebook?.path ?? '');
}

/** Have each ask while someone sees what it is for; the switch needs the notebook's whatever the tab. */
export function setSeen({ model, runs, pipelines, navigation }: Models, isSeen: boolean): void {
  model.setVisible(isSeen);
  runs.setVisible(isSeen && navigation.tab === 'runs');
  pipelines.setVisible(isSeen && navigation.tab === 'pipelines');
}

export function disposeModels({ model, runs, pipelines }: Models): void {
  model.dispose();
  runs.dispose();
  pipelines.dispose();
}
