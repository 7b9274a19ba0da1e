/** The only place that talks to the server. */

import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

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
import type { DataSource, NotebookQuestion, RunsQuestion } from './tokens';
import { Trouble } from './trouble';
import { parseComparison, parseNotebook } from './wire';
import type { Comparison, NotebookAnswer, Run } from './wire';

/** Answers of a proxy or a hub whose server is not there. */
const GATEWAY_STATUS: ReadonlySet<number> = new Set([502, 503, 504]);

/** Asks the Jupyter server's nbops extension. */
export class RestSource implements DataSource {
  constructor(private readonly settings: ServerConnection.ISettings) {}

  async notebook(question: NotebookQuestion): Promise<NotebookAnswer> {
    const { path, kernelId, since } = question;
    return parseNotebook(
      await this.get('notebook', { path, kernel: kernelId ?? undefined, since: String(since) })
    );
  }

  async why(path: string, b: string, a?: string): Promise<Comparison> {
    return parseComparison(await this.get('why', { path, b, a }));
  }

  async runs(path: string, question: RunsQuestion): Promise<RunsAnswer> {
    const { text, where, sort, user, experiment, page, limit, since } = question;
    return parseRuns(
      await this.get('runs', {
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

  async compare(path: string, ids: readonly string[], withSame: boolean): Promise<RunTable> {
    const all = withSame ? '1' : undefined;
    return parseTable(await this.get('compare', { path, ids: ids.join(','), all }));
  }

  async cellRun(path: string, id: string): Promise<CellDetails> {
    return parseCell(await this.get(`cell-run/${encodeURIComponent(id)}`, { path }));
  }

  async versions(path: string, cellId: string): Promise<CellVersions> {
    return parseVersions(await this.get('versions', { path, cell_id: cellId }));
  }

  async lineage(path: string, digest: string): Promise<Lineage> {
    return parseLineage(await this.get('lineage', { path, digest }));
  }

  async statesVersion(path: string): Promise<string | null> {
    return parseVersion(await this.get('states', { path }));
  }

  async states(path: string, cells: readonly OpenCell[]): Promise<CellStates> {
    return parseStates(await this.post('states', { path }, { cells }));
  }

  async edit(path: string, runId: string, edit: RunEdit): Promise<Run> {
    return (await this.post(`run/${encodeURIComponent(runId)}`, { path }, edit)) as Run;
  }

  private get(name: string, query: Query): Promise<unknown> {
    return this.ask(this.url(name, query), {});
  }

  private post(name: string, query: Query, body: unknown): Promise<unknown> {
    return this.ask(this.url(name, query), { method: 'POST', body: JSON.stringify(body) });
  }

  private url(name: string, query: Query): string {
    const given = Object.entries(query).filter(([, value]) => value !== undefined);
    return (
      URLExt.join(this.settings.baseUrl, 'nbops', name) +
      URLExt.objectToQueryString(Object.fromEntries(given))
    );
  }

  private async ask(url: string, init: RequestInit): Promise<unknown> {
    const response = await this.request(url, init);
    if (GATEWAY_STATUS.has(response.status)) {
      throw new Trouble('offline', response.statusText);
    }
    const json = await readJson(response);
    if (!response.ok) {
      throw troubleOf(response.status, json);
    }
    return json;
  }

  private async request(url: string, init: RequestInit): Promise<Response> {
    try {
      return await ServerConnection.makeRequest(url, init, this.settings);
    } catch (reason) {
      throw new Trouble('offline', String(reason));
    }
  }
}

type Query = Readonly<Record<string, string | undefined>>;

async function readJson(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch {
    return null;
  }
}

function troubleOf(status: number, json: unknown): Trouble {
  const told = (json ?? {}) as { message?: unknown; hint?: unknown };
  if (typeof told.message === 'string' && typeof told.hint === 'string') {
    return new Trouble('refused', told.message, told.hint);
  }
  // Jupyter's own 404 carries no hint: the route itself is not there.
  return status === 404
    ? new Trouble('not-enabled', 'no route')
    : new Trouble('refused', typeof told.message === 'string' ? told.message : String(status));
}
