/** What the rooms of the panel promise each other. */

import type { NotebookPanel } from '@jupyterlab/notebook';
import { Token } from '@lumino/coreutils';
import type { ISignal } from '@lumino/signaling';

import type { Filled } from './formState';
import type { Ask, Parameter } from './jobs';
import type { Arrangement } from './layout';
import type { Tab } from './navigation';
import type { Picked } from './picks';
import type { PipelinesAnswer } from './pipelines';
import type { News } from './polled';
import type {
  CellDetails,
  CellStates,
  CellVersions,
  Lineage,
  OpenCell,
  RunEdit,
  RunRow,
  RunsAnswer,
  RunTable
} from './answers';
import type { Comparison } from './compared';
import type { CellRun, ChangedNotebook, NotebookAnswer, Run } from './wire';

/** Where records come from: REST in JupyterLab; a comm would do as well. */
export interface DataSource {
  /** Told when something was recorded, where the server tells; who relies on it asks seldom all the same. */
  readonly news: News;

  /** Reject with a `Trouble`. */
  notebook(question: NotebookQuestion): Promise<NotebookAnswer>;

  /** One session of a notebook, such as an earlier one; reject with a `Trouble`. */
  session(path: string, id: string): Promise<ChangedNotebook>;

  /** What differs between run `b` and run `a`, or the run before it; reject with a `Trouble`. */
  why(path: string, b: string, a?: string): Promise<Comparison>;

  /** All that is known of a cell run; reject with a `Trouble`. */
  cellRun(path: string, id: string): Promise<CellDetails>;

  /** Texts that a cell has had; reject with a `Trouble`. */
  versions(path: string, cellId: string): Promise<CellVersions>;

  /** Who wrote and read data of this content; reject with a `Trouble`. */
  lineage(path: string, digest: string): Promise<Lineage>;

  /** One page of all runs; reject with a `Trouble`. */
  runs(path: string, question: RunsQuestion): Promise<RunsAnswer>;

  /** Pipelines as their newest runs left them, or go now; reject with a `Trouble`. */
  pipelines(path: string, since: string): Promise<PipelinesAnswer>;

  /** What differs between runs, the first being the baseline; reject with a `Trouble`. */
  compare(path: string, ids: readonly string[], withSame: boolean): Promise<RunTable>;

  /** Another one where the cells of a notebook may stand otherwise; null: nothing is recorded of it. */
  statesVersion(path: string, selected: readonly string[]): Promise<string | null>;

  /**
   * How cells, as they are on the screen, stand to what they show; reject with a `Trouble`.
   *
   * @param selected - Runs that are looked at; where none is of the notebook, the newest counts.
   */
  states(
    path: string,
    cells: readonly OpenCell[],
    selected: readonly string[]
  ): Promise<CellStates>;

  /** Change notes and tags of a run; answers with the run as it is then. */
  edit(path: string, runId: string, edit: RunEdit): Promise<Run>;
}

export interface NotebookQuestion {
  readonly path: string;
  readonly kernelId: string | null;
  /** Version that the asker has; 0 asks for everything. */
  readonly since: number;
}

/** Which runs, in which order. */
export interface RunsQuery {
  readonly text: string;
  /** A condition such as `metrics.auc > 0.9`. */
  readonly where: string;
  /** A field such as `metrics.auc`, with `-` the other way round; empty: newest first. */
  readonly sort: string;
  /** `*` for everybody's; empty for one's own. */
  readonly user: string;
  /** Empty for all. */
  readonly experiment: string;
}

export interface RunsQuestion extends RunsQuery {
  /** From 1. */
  readonly page: number;
  readonly limit: number;
  /** Version that the asker has; 0 asks for everything. */
  readonly since: number;
  /** Whether MLflow shall be looked at for runs made without nbops. */
  readonly isLooking: boolean;
}

/** The notebook that the panel is about. */
export interface Notebook {
  /** Stays the same when the notebook is renamed or gets another kernel. */
  readonly id: string;
  readonly path: string;
  readonly name: string;
  readonly kernelId: string | null;
}

/** Why a switch cannot be flipped. */
export type Obstacle =
  { readonly kind: 'no-kernel' } | { readonly kind: 'not-python'; readonly language: string };

/** Why flipping a switch did not do what was asked. */
export type Failure =
  | { readonly kind: 'not-installed' }
  | { readonly kind: 'unconfirmed' }
  | { readonly kind: 'said'; readonly text: string };

export interface SwitchState {
  /** What was asked for and is not confirmed by a record yet; null: what the records say holds. */
  readonly position: boolean | null;
  /** The kernel has not answered yet. */
  readonly isAsking: boolean;
  readonly obstacle: Obstacle | null;
  readonly failure: Failure | null;
}

/** The tracking switch of one notebook. */
export interface NotebookSwitch {
  readonly state: SwitchState;
  readonly changed: ISignal<NotebookSwitch, void>;
  /** Whether it is to be on in every kernel that this notebook gets. */
  readonly isRemembered: boolean;

  /** Do what a person asks for, and remember it; never rejects. */
  flip(isOn: boolean): Promise<void>;

  /** Told what the newest records say. */
  confirm(isTracking: boolean): void;
}

/** The switches of all open notebooks. They work whether or not the panel is shown. */
export interface Switches {
  of(panel: NotebookPanel): NotebookSwitch;
}

export const ISwitches = new Token<Switches>(
  '@nbops/labextension:ISwitches',
  'The tracking switches of the open notebooks.'
);

/** The parts of a translation bundle that are used. */
export interface Translation {
  __(message: string, ...values: string[]): string;
  /** The count is %1, the values follow. */
  _n(singular: string, plural: string, count: number, ...values: string[]): string;
}

/** What a person can do in the panel. */
export interface Actions {
  flip(isOn: boolean): void;
  choose(tab: Tab): void;
  /** Show other cell runs, or other columns. */
  arrange(change: Partial<Arrangement>): void;
  /** Open a fold of the list, or close it. */
  unfold(key: string): void;
  /** Show the cell of a cell run in the notebook. */
  reveal(cellRun: Pick<CellRun, 'cell_id'>): void;
  /** Open a cell run to its details. */
  open(cellRun: Pick<CellRun, 'id'>): void;
  explain(b: string, a?: string): void;
  /** Show the texts that a cell has had. */
  listVersions(cellId: string): void;
  /** Show where data came from and who read it. */
  trace(digest: string): void;
  /** Pick a run to compare it, or no longer. */
  pick(runId: string): void;
  unpick(): void;
  compare(picked: Picked): void;
  /** Make a run what the others are compared with, or no longer. */
  setBaseline(runId: string): void;
  /** Open a run to its details. */
  openRun(row: RunRow): void;
  /** Ask for other runs, or in another order. */
  ask(change: Partial<RunsQuery>): void;
  /** Rows of the table that are in sight. */
  look(first: number, last: number): void;
  /** Change notes or tags of a run; rejects with a `Trouble`. */
  edit(runId: string, edit: RunEdit): Promise<Run>;
  /** Cell runs of an earlier session; rejects with a `Trouble`. */
  session(id: string): Promise<ChangedNotebook>;
  /** All of a cell run, for a part of a page; rejects with a `Trouble`. */
  details(cellRunId: string): Promise<CellDetails>;
  copy(text: string): void;
  /** Save what an element shows as one HTML file. */
  saveHtml(shown: HTMLElement): void;
  /** Show a comparison in the main area; null where there is none. */
  readonly openWide: ((runIds: readonly string[]) => void) | null;
  /** Open a notebook; null where there is no place for one. */
  readonly openNotebook: ((path: string) => void) | null;
  /** Give a cell of the notebook an earlier code. */
  putBack(cellId: string, source: string): void;
  back(): void;
  /** Have the notebook in front run by itself; null where nobody can be asked. */
  readonly schedule: (() => void) | null;
  fillForm(change: Filled): void;
  setValue(parameter: Parameter, text: string): void;
  /** Look for what stands in the way of the job. */
  checkJob(): void;
  makeJob(): void;
  /** End the check, or the making, that is under way. */
  cancelJob(): void;
  closeForm(): void;
  /** Do something to a job that is scheduled; rejects with a `Trouble`. */
  orderJob(job: string, verb: NonNullable<Ask['verb']>): Promise<void>;
  /** What a job printed; rejects with a `Trouble`. */
  readLog(job: string): Promise<string>;
  /** Run a job's notebook again with the values that it had. */
  runAgain(row: RunRow): void;
  /** Open the notebook that a job executed; null where there is none to open it. */
  readonly openExecuted: ((row: RunRow) => void) | null;
}
