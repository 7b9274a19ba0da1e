/** Drawing recorded outputs with JupyterLab's renderers, under its rules for what is not trusted. */

import type { IOutput } from '@jupyterlab/nbformat';
import { OutputAreaModel, SimplifiedOutputArea } from '@jupyterlab/outputarea';
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { Widget } from '@lumino/widgets';

import type { OutputRenderer } from './components/surroundings';

/** A record may come from anybody's notebook: its scripts do not run, its HTML is sanitised. */
export function outputRenderer(rendermime: IRenderMimeRegistry): OutputRenderer {
  return (host, outputs) => {
    const model = new OutputAreaModel({ values: outputs as unknown as IOutput[], trusted: false });
    const area = new SimplifiedOutputArea({ model, rendermime });
    Widget.attach(area, host);
    return {
      dispose: () => {
        area.dispose();
        model.dispose();
      }
    };
  };
}
