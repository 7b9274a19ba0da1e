/** The only place that talks to the server. */

import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import type { Event } from '@jupyterlab/services';

import { ServerDesk } from './desk';
import { RecordSource } from './source';
import type { Query } from './source';
import { Trouble } from './trouble';

/** Answers of a proxy or a hub whose server is not there. */
const GATEWAY_STATUS: ReadonlySet<number> = new Set([502, 503, 504]);

/** The event by which the server's extension tells that something was recorded. */
const NEWS = 'https://events.nbops.dev/records/v1';

/** Asks the Jupyter server's nbops extension. */
export class RestSource extends RecordSource {
  /** @param events - The server's stream of them, where there is one. */
  constructor(
    private readonly settings: ServerConnection.ISettings,
    events?: Pick<Event.IManager, 'stream'>
  ) {
    super();
    events?.stream.connect((_, emission) => {
      if (emission.schema_id === NEWS && typeof emission.folder === 'string') {
        this.news.emit(emission.folder);
      }
    });
  }

  /** The server may be away, or back: have whoever relies on its news ask now. */
  doubt(): void {
    this.news.emit('');
  }

  /** Where jobs are asked for. */
  readonly desk = new ServerDesk((name, query, body) => this.ask(name, query, body));

  protected ask(name: string, query: Query, body?: unknown): Promise<unknown> {
    const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
    return this.send(this.url(name, query), init);
  }

  /** The notebook that a job executed; rejects with a `Trouble`. */
  executed(path: string, runId: string): Promise<unknown> {
    return this.ask(`executed/${encodeURIComponent(runId)}`, { path });
  }

  private url(name: string, query: Query): string {
    const given = Object.entries(query).filter(([, value]) => value !== undefined);
    return (
      URLExt.join(this.settings.baseUrl, 'nbops', name) +
      URLExt.objectToQueryString(Object.fromEntries(given))
    );
  }

  private async send(url: string, init: RequestInit): Promise<unknown> {
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
