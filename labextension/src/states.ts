/** How the cells of the notebook in front stand to what they show. Knows no DOM and no React. */

import { Debouncer } from '@lumino/polling';

import type { CellState, OpenCell, StateKind } from './answers';
import { PolledModel } from './polled';
import type { DataSource } from './tokens';

const LIVE_MS = 2000;
/** A notebook of which nothing is recorded. */
const IDLE_MS = 10_000;
const PATIENCE_MS = 60_000;
/** A person who types is not told at each key that they typed. */
const TYPING_MS = 600;

export const KINDS: readonly StateKind[] = ['failed', 'changed', 'stale', 'order'];

/** The notebook in front, as it is on the screen. */
export interface OpenNotebook {
  readonly path: string;
  readonly cells: readonly OpenCell[];
}

export interface Standings {
  /** Of cells that have something to say, as far as it was not silenced. */
  readonly states: readonly CellState[];
  /** They are judged by what is selected in the panel; else by the newest run. */
  readonly isOfSelected: boolean;
}

export const NO_STANDINGS: Standings = { states: [], isOfSelected: false };

export class StatesModel extends PolledModel<Standings> {
  /**
   * @param read - Says what is in front now.
   * @param selected - Runs that a person looks at.
   */
  constructor(
    private readonly source: Pick<DataSource, 'news' | 'states' | 'statesVersion'>,
    private readonly read: () => OpenNotebook | null,
    private readonly selected: () => readonly string[] = () => []
  ) {
    super('states', NO_STANDINGS, { interval: LIVE_MS, max: PATIENCE_MS }, source.news);
    this._typing = new Debouncer(() => {
      this.look();
    }, TYPING_MS);
  }

  override dispose(): void {
    super.dispose();
    this._typing.dispose();
  }

  /** Which kinds a person wants to know of; with none, nothing is asked. */
  setKinds(kinds: readonly StateKind[]): void {
    this._kinds = new Set(kinds);
    this.show(this._told ?? NO_STANDINGS);
    this.look();
  }

  /** Look now: another notebook is in front, a cell ran, or another run is selected. */
  look(): void {
    this.work(this._kinds.size > 0);
  }

  /** Look once nobody types any more. */
  noteTyping(): void {
    void this._typing.invoke();
  }

  protected override get path(): string | null {
    return this.read()?.path ?? null;
  }

  protected override async pollOnce(): Promise<void> {
    const open = this.read();
    if (open === null) {
      this.take({ path: '', text: '', version: null, ...NO_STANDINGS });
      return;
    }
    const { path, cells } = open;
    const selected = this.selected();
    const text = JSON.stringify([cells, selected]);
    if (path !== this._told?.path) {
      this.show(NO_STANDINGS); // what is known is of another notebook
    }
    let version = await this.source.statesVersion(path, selected);
    const isSame = this._told?.path === path && this._told.text === text;
    if (isSame && this._told?.version === version) {
      return;
    }
    let standings = NO_STANDINGS;
    if (version !== null) {
      const answer = await this.source.states(path, cells, selected);
      version = answer.version;
      standings = { states: answer.states, isOfSelected: answer.is_of_selected ?? false };
    }
    if (this.read()?.path === path) {
      this.take({ path, text, version, ...standings });
    }
  }

  private take(told: Told): void {
    this._told = told;
    this.setInterval(told.version === null ? IDLE_MS : LIVE_MS);
    this.show(told);
  }

  private show({ states, isOfSelected }: Standings): void {
    const shown = states
      .map(state => ({ ...state, marks: state.marks.filter(({ kind }) => this._kinds.has(kind)) }))
      .filter(({ marks }) => marks.length > 0);
    const isOther = JSON.stringify(shown) !== JSON.stringify(this.state.states);
    this.update({ isOfSelected, ...(isOther && { states: shown }) });
  }

  private _kinds: ReadonlySet<StateKind> = new Set();
  private _told: Told | null = null;
  private readonly _typing: Debouncer;
}

interface Told extends Standings {
  readonly path: string;
  readonly text: string;
  readonly version: string | null;
}
