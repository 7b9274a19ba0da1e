/** Questions about records, whoever carries them: REST in JupyterLab, a comm in a widget. */

import { Signal } from '@lumino/signaling';

import {
  parseCell,
  parseLineage,
  parseRuns,
  parseStates,
  parseTable,
  parseVersion,
  parseVersions
} from './answers';
import type {
  CellDetails,
  CellStates,
  CellVersions,
  Lineage,
  OpenCell,
  RunEdit,
  RunsAnswer,
  RunTable
} from './answers';
import { parsePipelines } from './pipelines';
import type { PipelinesAnswer } from './pipelines';
import type { DataSource, NotebookQuestion, RunsQuestion } from './tokens';
import { Trouble } from './trouble';
import { parseComparison } from './compared';
import { parseNotebook } from './wire';
import type { Comparison } from './compared';
import type { ChangedNotebook, NotebookAnswer, Run } from './wire';

/** What a question is about; what is undefined is not sent. */
export type Query = Readonly<Record<string, string | undefined>>;

/** Knows how each question is put, and reads its answer. */
export abstract class RecordSource implements DataSource {
  readonly news = new Signal<this, string>(this);

  async notebook(question: NotebookQuestion): Promise<NotebookAnswer> {
    const { path, kernelId, since } = question;
    return parseNotebook(
      await this.ask('notebook', { path, kernel: kernelId ?? undefined, since: String(since) })
    );
  }

  async session(path: string, id: string): Promise<ChangedNotebook> {
    const answer = parseNotebook(await this.ask('notebook', { path, session: id }));
    if (answer.unchanged || answer.sessions[0]?.id !== id) {
      throw new Trouble('unreadable', 'not the session that was asked for');
    }
    return answer;
  }

  async why(path: string, b: string, a?: string): Promise<Comparison> {
    return parseComparison(await this.ask('why', { path, b, a }));
  }

  async runs(path: string, question: RunsQuestion): Promise<RunsAnswer> {
    const { text, where, sort, user, experiment, page, limit, since } = question;
    return parseRuns(
      await this.ask('runs', {
        path,
        text: text || undefined,
        where: where || undefined,
        sort: sort || undefined,
        user: user || undefined,
        experiment: experiment || undefined,
        page: String(page),
        limit: String(limit),
        since: String(since),
        look: question.isLooking ? '1' : undefined
      })
    );
  }

  async pipelines(path: string, since: string): Promise<PipelinesAnswer> {
    return parsePipelines(await this.ask('pipelines', { path, since: since || undefined }));
  }

  async compare(path: string, ids: readonly string[], withSame: boolean): Promise<RunTable> {
    const all = withSame ? '1' : undefined;
    return parseTable(await this.ask('compare', { path, ids: ids.join(','), all }));
  }

  async cellRun(path: string, id: string): Promise<CellDetails> {
    return parseCell(await this.ask(`cell-run/${encodeURIComponent(id)}`, { path }));
  }

  async versions(path: string, cellId: string): Promise<CellVersions> {
    return parseVersions(await this.ask('versions', { path, cell_id: cellId }));
  }

  async lineage(path: string, digest: string): Promise<Lineage> {
    return parseLineage(await this.ask('lineage', { path, digest }));
  }

  async statesVersion(path: string, selected: readonly string[]): Promise<string | null> {
    return parseVersion(
      await this.ask('states', { path, selected: selected.join(',') || undefined })
    );
  }

  async states(
    path: string,
    cells: readonly OpenCell[],
    selected: readonly string[]
  ): Promise<CellStates> {
    return parseStates(await this.ask('states', { path }, { cells, selected }));
  }

  async edit(path: string, runId: string, edit: RunEdit): Promise<Run> {
    return (await this.ask(`run/${encodeURIComponent(runId)}`, { path }, edit)) as Run;
  }

  /**
   * Ask for a resource by its name.
   *
   * @param body - What shall change or be judged; undefined: nothing.
   * @returns JSON; rejects with a `Trouble`.
   */
  protected abstract ask(name: string, query: Query, body?: unknown): Promise<unknown>;
}
