import type { ISettingRegistry } from '@jupyterlab/settingregistry';
import { expect, test, vi } from 'vitest';

import { Memory, SettingsShelf } from '../src/memory';
import { FakeShelf } from './fakes';

async function reload(shelf: FakeShelf): Promise<Memory> {
  const memory = new Memory(shelf);
  await memory.ready;
  return memory;
}

test('what is remembered outlives the page, what is forgotten does not', async () => {
  const shelf = new FakeShelf();
  const memory = await reload(shelf);
  memory.remember('a.ipynb');
  memory.remember('RTC:b:c.ipynb');
  memory.remember('gone.ipynb');
  memory.forget('gone.ipynb');
  const later = await reload(shelf);
  expect(['a.ipynb', 'RTC:b:c.ipynb', 'gone.ipynb'].map(path => later.has(path))).toEqual([
    true,
    true,
    false
  ]);
});

test('it is not ready before it knows', async () => {
  const memory = new Memory(new FakeShelf());
  expect(memory.isReady).toBe(false);
  await memory.ready;
  expect(memory.isReady).toBe(true);
});

test('a notebook is followed to another name', async () => {
  const shelf = new FakeShelf();
  const memory = await reload(shelf);
  memory.remember('old.ipynb');
  memory.move('old.ipynb', 'new.ipynb');
  const later = await reload(shelf);
  expect([later.has('old.ipynb'), later.has('new.ipynb')]).toEqual([false, true]);
});

test('a folder takes its notebooks along, and no others', async () => {
  const memory = await reload(new FakeShelf());
  memory.remember('work/a.ipynb');
  memory.remember('works/b.ipynb');
  memory.move('work', 'done');
  expect(['done/a.ipynb', 'work/a.ipynb', 'works/b.ipynb'].map(path => memory.has(path))).toEqual([
    true,
    false,
    true
  ]);
});

test('what cannot be saved is remembered until the page is closed', async () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
  const shelf = new FakeShelf();
  const memory = await reload(shelf);
  shelf.save = () => Promise.reject(new Error('read-only'));
  memory.remember('a.ipynb');
  expect(memory.has('a.ipynb')).toBe(true);
  await vi.waitFor(
    () => {
      expect(warn).toHaveBeenCalledOnce();
    },
    { timeout: 30_000 }
  );
});

/** Settings on the server, which all windows and all servers of a user share. */
class FakeRegistry {
  tracked: Record<string, string[]> = {};

  async reload(): Promise<unknown> {
    await Promise.resolve();
    return { composite: { tracked: this.tracked } };
  }

  async set(_: string, __: string, value: Record<string, string[]>): Promise<void> {
    await Promise.resolve();
    this.tracked = value;
  }

  window(root = '~/work'): SettingsShelf {
    return new SettingsShelf(this as unknown as ISettingRegistry, root);
  }
}

test('two windows add to the same settings, and neither undoes what the other saved', async () => {
  const registry = new FakeRegistry();
  const [one, other] = [registry.window(), registry.window()];
  await one.save('a.ipynb', true);
  await Promise.all([other.save('b.ipynb', true), other.save('c.ipynb', true)]);
  await one.save('b.ipynb', false);
  expect(await registry.window().load()).toEqual(['a.ipynb', 'c.ipynb']);
});

test('a notebook of the same name in another project is another notebook', async () => {
  const registry = new FakeRegistry();
  await registry.window('~/one').save('Untitled.ipynb', true);
  expect(await registry.window('~/two').load()).toEqual([]);
  await registry.window('~/one').save('Untitled.ipynb', false);
  expect(registry.tracked).toEqual({});
});
