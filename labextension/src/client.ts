/** The only place that talks to the server. */

import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

import type { DataSource, NotebookQuestion } from './tokens';
import { Trouble } from './trouble';
import { parseComparison, parseNotebook } from './wire';
import type { Comparison, NotebookAnswer } from './wire';

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

  private async get(name: string, query: Record<string, string | undefined>): Promise<unknown> {
    const given = Object.entries(query).filter(([, value]) => value !== undefined);
    const url =
      URLExt.join(this.settings.baseUrl, 'nbops', name) +
      URLExt.objectToQueryString(Object.fromEntries(given));
    const response = await this.ask(url);
    if (GATEWAY_STATUS.has(response.status)) {
      throw new Trouble('offline', response.statusText);
    }
    const json = await readJson(response);
    if (!response.ok) {
      throw troubleOf(response.status, json);
    }
    return json;
  }

  private async ask(url: string): Promise<Response> {
    try {
      return await ServerConnection.makeRequest(url, {}, this.settings);
    } catch (reason) {
      throw new Trouble('offline', String(reason));
    }
  }
}

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
