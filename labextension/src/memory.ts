/**
 * Which notebooks have their switch on. It is kept in JupyterLab's settings: in the notebook an undo
 * would flip it and every flip would show up in git; JupyterLab's state is each workspace's own, so a
 * second browser tab would not know.
 */

import type { ISettingRegistry } from '@jupyterlab/settingregistry';

/** Where the paths are kept. */
export interface Shelf {
  /** All paths; resolves when they are known. */
  load(): Promise<readonly string[]>;
  save(path: string, isOn: boolean): Promise<void>;
}

export class Memory {
  constructor(private readonly shelf: Shelf) {
    this.ready = this.load();
  }

  /** Resolves when what was remembered is known; settings come after the plugins are there. */
  readonly ready: Promise<void>;

  get isReady(): boolean {
    return this._isReady;
  }

  has(path: string): boolean {
    return this._paths.has(path);
  }

  remember(path: string): void {
    this._paths.add(path);
    this.save(path, true);
  }

  forget(path: string): void {
    if (this._paths.delete(path)) {
      this.save(path, false);
    }
  }

  /** Follow a notebook, or a folder with all that is in it, to another name. */
  move(before: string, after: string): void {
    for (const path of [...this._paths]) {
      if (path === before || path.startsWith(`${before}/`)) {
        this.forget(path);
        this.remember(after + path.slice(before.length));
      }
    }
  }

  private save(path: string, isOn: boolean): void {
    this.shelf.save(path, isOn).catch((reason: unknown) => {
      console.warn('nbops: the switch is remembered only until the page is closed.', reason);
    });
  }

  private async load(): Promise<void> {
    try {
      for (const path of await this.shelf.load()) {
        this._paths.add(path);
      }
    } catch (reason) {
      console.warn('nbops: which switches were on cannot be read.', reason);
    }
    this._isReady = true;
  }

  private _isReady = false;
  private readonly _paths = new Set<string>();
}

const PLUGIN = '@nbops/labextension:switches';

type Tracked = Readonly<Record<string, readonly string[] | undefined>>;

/** JupyterLab's settings, which all its windows share; paths of one server's root among others'. */
export class SettingsShelf implements Shelf {
  constructor(
    private readonly registry: ISettingRegistry,
    private readonly root: string
  ) {}

  async load(): Promise<readonly string[]> {
    return (await this.read())[this.root] ?? [];
  }

  /** One at a time, each on what other windows have saved meanwhile. */
  save(path: string, isOn: boolean): Promise<void> {
    const saved = this._last.then(async () => {
      const tracked = await this.read();
      const others = (tracked[this.root] ?? []).filter(each => each !== path);
      const paths = isOn ? [...others, path] : others;
      const next = Object.entries({ ...tracked, [this.root]: paths }).filter(
        ([, own]) => own && own.length > 0
      );
      await this.registry.set(
        PLUGIN,
        'tracked',
        Object.fromEntries(next) as Record<string, string[]>
      );
    });
    this._last = saved.catch(() => undefined);
    return saved;
  }

  private async read(): Promise<Tracked> {
    const { composite } = await this.registry.reload(PLUGIN);
    return composite.tracked as unknown as Tracked;
  }

  private _last: Promise<void> = Promise.resolve();
}
