import { ServerConnection } from '@jupyterlab/services';
import type { Event } from '@jupyterlab/services';
import { Stream } from '@lumino/signaling';
import { expect, test, vi } from 'vitest';

import { RestSource } from '../src/client';
import { answer, comparison } from './records';

const asked: string[] = [];

/** A source whose server answers everything in one way. */
function sourceThat(respond: () => Response): RestSource {
  asked.length = 0;
  const fetch = async (request: Request) => {
    asked.push(request.url);
    await Promise.resolve();
    return respond();
  };
  const baseUrl = 'http://lab.test/user/ada/';
  return new RestSource(
    ServerConnection.makeSettings({ baseUrl, fetch: fetch as typeof globalThis.fetch })
  );
}

const json = (body: unknown, status = 200) =>
  new Response(JSON.stringify(body), { status, headers: { 'Content-Type': 'application/json' } });

/** JupyterLab adds an instant, against caches. */
const queryOf = (url: string) => Object.fromEntries(new URL(url).searchParams);

const QUESTION = { path: 'über/a b.ipynb', kernelId: 'k1', since: 3 };

test('a notebook is asked for by path, kernel and version', async () => {
  expect(await sourceThat(() => json(answer())).notebook(QUESTION)).toEqual(answer());
  const url = new URL(asked[0] ?? '');
  expect(url.pathname).toBe('/user/ada/nbops/notebook');
  expect(queryOf(url.href)).toMatchObject({ path: 'über/a b.ipynb', kernel: 'k1', since: '3' });
});

test('a notebook without a kernel names none', async () => {
  await sourceThat(() => json(answer())).notebook({ ...QUESTION, kernelId: null });
  expect(queryOf(asked[0] ?? '')).not.toHaveProperty('kernel');
});

test('why is asked for one run or for two', async () => {
  const source = sourceThat(() => json(comparison()));
  await source.why('a.ipynb', 'b1');
  await source.why('a.ipynb', 'b1', 'a1');
  const [last, both] = asked.map(queryOf);
  expect(last).toMatchObject({ path: 'a.ipynb', b: 'b1' });
  expect(last).not.toHaveProperty('a');
  expect(both).toMatchObject({ path: 'a.ipynb', b: 'b1', a: 'a1' });
});

test.each([
  [
    'an error of nbops',
    () => json({ message: 'There is no run x.', hint: 'ls' }, 404),
    { kind: 'refused', message: 'There is no run x.', hint: 'ls' }
  ],
  ['a route that is not there', () => json({ message: 'Not Found' }, 404), { kind: 'not-enabled' }],
  ['a page for a route', () => new Response('<html>', { status: 404 }), { kind: 'not-enabled' }],
  ['a session that ran out', () => json({ message: 'Forbidden' }, 403), { kind: 'refused' }],
  ['a hub without the server', () => new Response('', { status: 503 }), { kind: 'offline' }],
  [
    'no network',
    () => {
      throw new TypeError('Failed to fetch');
    },
    { kind: 'offline' }
  ],
  ['something else', () => new Response('hello'), { kind: 'unreadable' }]
] as const)('%s is told apart', async (_, respond, trouble) => {
  await expect(sourceThat(respond).notebook(QUESTION)).rejects.toMatchObject(trouble);
});

test('a doubt about the server has everybody ask', () => {
  const source = new RestSource(ServerConnection.makeSettings());
  const told = vi.fn();
  source.news.connect((_, folder) => {
    told(folder);
  });
  source.doubt();
  expect(told.mock.calls).toEqual([['']]);
});

test('of the events of the server, those that something was recorded are news', () => {
  const sender = {} as Event.IManager;
  const stream = new Stream<Event.IManager, Event.Emission>(sender);
  const source = new RestSource(ServerConnection.makeSettings(), { stream });
  const told = vi.fn();
  source.news.connect((_, folder) => {
    told(folder);
  });
  const schema_id = 'https://events.nbops.dev/records/v1';
  stream.emit({ schema_id: 'https://events.jupyter.org/saved/v1', folder: 'theirs' });
  stream.emit({ schema_id, folder: 3 });
  stream.emit({ schema_id, folder: 'churn' });
  expect(told.mock.calls).toEqual([['churn']]);
});
