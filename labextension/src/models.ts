/** All state of one panel: made, followed and shown as one, in JupyterLab and in a widget. */

import type { JobDesk } from './desk';
import { FormModel } from './form';
import type { FormState } from './formState';
import { JobsModel } from './jobsModel';
import type { JobsState } from './jobsModel';
import { Layout } from './layout';
import type { Arrangement } from './layout';
import { PanelModel } from './model';
import type { PanelState } from './model';
import { Navigation, TABS } from './navigation';
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
  /** Where nobody can be asked for jobs, there are none of these. */
  readonly jobs: JobsModel | null;
  readonly form: FormModel | null;
}

/** What the models say now. */
export interface Told {
  readonly state: PanelState;
  readonly isTracking: boolean | null;
  readonly runs: RunsState;
  readonly pipelines: PipelinesState;
  readonly tab: Tab;
  /** Those that there are. */
  readonly tabs: readonly Tab[];
  readonly jobs: JobsState | null;
  /** A notebook that is about to be scheduled. */
  readonly form: FormState | null;
  /** What was opened over the tab. */
  readonly page: Page | null;
  readonly arrangement: Arrangement;
  readonly picked: Picked;
}

export function makeModels(source: DataSource, desk: JobDesk | null = null): Models {
  return {
    model: new PanelModel(source),
    runs: new RunsModel(source),
    pipelines: new PipelinesModel(source),
    navigation: new Navigation(source),
    layout: new Layout(),
    picks: new Picks(),
    jobs: desk && new JobsModel(source, desk),
    form: desk && new FormModel(desk)
  };
}

export function readModels(models: Models): Told {
  const { model, runs, pipelines, navigation, layout, picks, jobs, form } = models;
  return {
    state: model.state,
    isTracking: model.isTracking,
    runs: runs.state,
    pipelines: pipelines.state,
    tab: navigation.tab,
    tabs: TABS.filter(tab => tab !== 'jobs' || jobs !== null),
    jobs: jobs?.state ?? null,
    form: form?.state ?? null,
    page: navigation.page,
    arrangement: layout.state,
    picked: picks.state
  };
}

/** Be told of each change; returns what ends that. */
export function followModels(models: Models, onChanged: () => void): () => void {
  const { model, runs, pipelines, navigation, layout, picks, jobs, form } = models;
  const all = [model, runs, pipelines, navigation, layout, picks, jobs, form].filter(
    each => each !== null
  );
  all.forEach(({ changed }) => changed.connect(onChanged));
  return () => {
    all.forEach(({ changed }) => changed.disconnect(onChanged));
  };
}

/** The notebook that the panel is about from now on. */
export function setNotebook(models: Models, notebook: Notebook | null): void {
  const path = notebook?.path ?? '';
  models.model.setNotebook(notebook);
  models.runs.setPath(path);
  models.pipelines.setPath(path);
  models.jobs?.setPath(path);
}

/** Have each ask while someone sees what it is for; the switch needs the notebook's whatever the tab. */
export function setSeen(models: Models, isSeen: boolean): void {
  const { model, runs, pipelines, jobs, navigation } = models;
  model.setVisible(isSeen);
  runs.setVisible(isSeen && navigation.tab === 'runs');
  pipelines.setVisible(isSeen && navigation.tab === 'pipelines');
  jobs?.setVisible(isSeen && navigation.tab === 'jobs');
}

export function disposeModels({ model, runs, pipelines, jobs }: Models): void {
  model.dispose();
  runs.dispose();
  pipelines.dispose();
  jobs?.dispose();
}
