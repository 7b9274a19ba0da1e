/** Notebooks that jobs executed, as documents of JupyterLab that cannot be changed. */

import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { Contents, ServerConnection } from '@jupyterlab/services';
import { Signal } from '@lumino/signaling';

import type { RunRow } from './answers';
import type { RestSource } from './client';

const DRIVE = 'nbops';
const READ_ONLY = 'What a job executed cannot be changed: save a copy elsewhere.';

/** A drive whose paths are `<run id>/<name>`; there is nothing to be listed. */
class ExecutedDrive implements Contents.IDrive {
  constructor(
    private readonly source: RestSource,
    readonly serverSettings: ServerConnection.ISettings
  ) {}

  readonly name = DRIVE;
  readonly isDisposed = false;
  readonly fileChanged = new Signal<this, Contents.IChangedArgs>(this);

  /** Where the project of a run lies; what was open before a reload is looked for at the root. */
  readonly places = new Map<string, string>();

  async get(localPath: string, options?: Contents.IFetchOptions): Promise<Contents.IModel> {
    const [id = '', name = ''] = localPath.split('/');
    const isWanted = options?.content !== false;
    const at = new Date().toISOString();
    return {
      name,
      path: localPath,
      type: 'notebook',
      writable: false,
      created: at,
      last_modified: at,
      mimetype: 'application/x-ipynb+json',
      format: isWanted ? 'json' : null,
      content: isWanted ? await this.source.executed(this.places.get(id) ?? '', id) : null
    };
  }

  getDownloadUrl(): Promise<string> {
    return Promise.reject(new Error(READ_ONLY));
  }

  newUntitled = refuse;
  delete = refuse;
  rename = refuse;
  save = refuse;
  copy = refuse;
  createCheckpoint = refuse;
  restoreCheckpoint = refuse;
  deleteCheckpoint = refuse;

  listCheckpoints(): Promise<Contents.ICheckpointModel[]> {
    return Promise.resolve([]);
  }

  dispose(): void {
    Signal.clearData(this);
  }
}

function refuse(): Promise<never> {
  return Promise.reject(new Error(READ_ONLY));
}

/** Returns what opens the notebook that a job executed. */
export function executedOpener(
  app: JupyterFrontEnd,
  source: RestSource
): (row: RunRow, path: string) => void {
  const { contents, serverSettings } = app.serviceManager;
  const drive = new ExecutedDrive(source, serverSettings);
  contents.addDrive(drive);
  return ({ id, name }, path) => {
    drive.places.set(id, path);
    const title = `${name.replace(/[/:]/g, '-').replace(/\.ipynb$/, '')}.ipynb`;
    void app.commands.execute('docmanager:open', { path: `${DRIVE}:${id}/${title}` });
  };
}
