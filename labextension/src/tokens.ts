/** What the rooms of the panel promise each other. */

import type { NotebookPanel } from '@jupyterlab/notebook';
import { Token } from '@lumino/coreutils';
import type { ISignal } from '@lumino/signaling';

import type { CellRun, Comparison, NotebookAnswer } from './wire';

/** Where records come from: REST in JupyterLab; a comm would do as well. */
export interface DataSource {
  /** Reject with a `Trouble`. */
  notebook(question: NotebookQuestion): Promise<NotebookAnswer>;

  /** What differs between run `b` and run `a`, or the run before it; reject with a `Trouble`. */
  why(path: string, b: string, a?: string): Promise<Comparison>;
}

export interface NotebookQuestion {
  readonly path: string;
  readonly kernelId: string | null;
  /** Version that the asker has; 0 asks for everything. */
  readonly since: number;
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
  /** Show the cell of a cell run in the notebook. */
  reveal(cellRun: CellRun): void;
  explain(b: string, a?: string): void;
  back(): void;
}
