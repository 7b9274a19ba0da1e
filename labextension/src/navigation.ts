/** What the panel shows: a tab, and the pages that were opened over it. Knows no DOM and no React. */

import { Signal } from '@lumino/signaling';
import type { ISignal } from '@lumino/signaling';

import type { DataSource } from './tokens';
import { asTrouble } from './trouble';
import type { Trouble } from './trouble';
import type { CellDetails, CellVersions, Lineage, RunRow, RunTable } from './answers';
import type { Comparison } from './compared';

/** In the order in which they are shown. */
export const TABS = ['notebook', 'runs', 'pipelines', 'jobs'] as const;
export type Tab = (typeof TABS)[number];

/** What is answered to each kind of question. */
interface Answers {
  readonly why: Comparison;
  readonly 'cell-run': CellDetails;
  readonly versions: CellVersions;
  readonly lineage: Lineage;
  readonly compare: RunTable;
  readonly run: RunRow;
}

/** What a page is about. */
export type Topic =
  | { readonly kind: 'why'; readonly b: string; readonly a?: string }
  | { readonly kind: 'cell-run'; readonly id: string }
  | { readonly kind: 'versions'; readonly cellId: string }
  | { readonly kind: 'lineage'; readonly digest: string }
  | { readonly kind: 'compare'; readonly ids: readonly string[] }
  | { readonly kind: 'run'; readonly row: RunRow };

/** A question, and its answer once it is there. */
export type Page = {
  [Kind in keyof Answers]: Asked<Answers[Kind]> & {
    readonly kind: Kind;
    readonly topic: Topic & { readonly kind: Kind };
  };
}[keyof Answers];

export interface Asked<Answer> {
  readonly answer: Answer | null;
  readonly trouble: Trouble | null;
}

/** The runs that a person looks at: those of the page on top, else those that they picked. */
export function selectedRuns(page: Page | null, picked: readonly string[]): readonly string[] {
  switch (page?.kind) {
    case 'run':
      return [page.topic.row.id];
    case 'cell-run':
      return page.answer?.run ? [page.answer.run.id] : picked;
    case 'why':
      return [page.topic.b];
    case 'compare':
      return page.topic.ids;
    default:
      return picked;
  }
}

export class Navigation {
  constructor(private readonly source: DataSource) {}

  get tab(): Tab {
    return this._tab;
  }

  /** The page on top; null: the tab itself. */
  get page(): Page | null {
    return this._pages.at(-1) ?? null;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Show a tab, without the pages that were open over the other. */
  choose(tab: Tab): void {
    this._tab = tab;
    this._pages = [];
    this._changed.emit();
  }

  /** Open a page on top; `back` leads to what is shown now. */
  async open(path: string, topic: Topic): Promise<void> {
    const page = { kind: topic.kind, topic, answer: null, trouble: null } as Page;
    this._pages = [...this._pages, page];
    this._changed.emit();
    const answered = await this.ask(path, topic).then(
      answer => ({ ...page, answer }) as Page,
      (reason: unknown) => ({ ...page, trouble: asTrouble(reason) })
    );
    if (this._pages.includes(page)) {
      this._pages = this._pages.map(each => (each === page ? answered : each));
      this._changed.emit();
    }
  }

  back(): void {
    this._pages = this._pages.slice(0, -1);
    this._changed.emit();
  }

  private ask(path: string, topic: Topic): Promise<Page['answer']> {
    switch (topic.kind) {
      case 'why':
        return this.source.why(path, topic.b, topic.a);
      case 'cell-run':
        return this.source.cellRun(path, topic.id);
      case 'versions':
        return this.source.versions(path, topic.cellId);
      case 'lineage':
        return this.source.lineage(path, topic.digest);
      case 'compare':
        return this.source.compare(path, topic.ids, false);
      case 'run':
        return Promise.resolve(topic.row);
    }
  }

  private _tab: Tab = 'notebook';
  private _pages: readonly Page[] = [];
  private readonly _changed = new Signal<this, void>(this);
}
