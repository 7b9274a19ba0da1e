/** What a person set in JupyterLab's settings. */

import type { ISettingRegistry } from '@jupyterlab/settingregistry';

import type { StateKind } from './answers';
import { KINDS } from './states';

const PLUGIN = '@nbops/labextension:panel';

/** Tell which states cells shall wear: now, and whenever a person changes it. */
export async function followKinds(
  registry: ISettingRegistry | null,
  tell: (kinds: readonly StateKind[]) => void
): Promise<void> {
  if (!registry) {
    tell(KINDS);
    return;
  }
  const settings = await registry.load(PLUGIN);
  const read = () => {
    const { cellStates, ...each } = settings.composite;
    tell(KINDS.filter(kind => cellStates !== false && each[kind] !== false));
  };
  settings.changed.connect(read);
  read();
}
