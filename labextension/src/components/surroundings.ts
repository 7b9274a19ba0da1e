/** What every component may need and none should be handed through all those above it. */

import * as React from 'react';

import type { Translation } from '../tokens';
import type { SavedOutput } from '../answers';

/** Draws outputs into an element that is in the page. */
export type OutputRenderer = (
  host: HTMLElement,
  outputs: readonly SavedOutput[]
) => { dispose(): void };

export interface Surroundings {
  readonly trans: Translation;
  /** Nothing ticks in a panel that nobody sees. */
  readonly isVisible: boolean;
  readonly now: () => Date;
  readonly renderOutputs: OutputRenderer;
}

/** Without a translator. */
export const English: Translation = {
  __: fill,
  _n: (singular, plural, count, ...values) =>
    fill(count === 1 ? singular : plural, String(count), ...values)
};

function fill(message: string, ...values: string[]): string {
  return message.replace(/%(\d)/g, (whole, place) => values[Number(place) - 1] ?? whole);
}

export const SurroundingsContext = React.createContext<Surroundings>({
  trans: English,
  isVisible: true,
  now: () => new Date(),
  renderOutputs: renderPlain
});

/** Where nobody knows better: the image or the text that each output has beside its other forms. */
export function renderPlain(
  host: HTMLElement,
  outputs: readonly SavedOutput[]
): { dispose(): void } {
  host.replaceChildren(...outputs.map(drawPlain));
  return {
    dispose: () => {
      host.replaceChildren();
    }
  };
}

function drawPlain({ text, data, evalue }: SavedOutput): HTMLElement {
  const forms = (data ?? {}) as Readonly<Record<string, unknown>>;
  const said = text ?? forms['text/plain'] ?? evalue;
  const plain = Array.isArray(said) ? said.join('') : typeof said === 'string' ? said : '';
  const image = forms['image/png'];
  if (typeof image === 'string') {
    const drawn = document.createElement('img');
    drawn.src = `data:image/png;base64,${image.replaceAll('\n', '')}`;
    drawn.alt = plain;
    return drawn;
  }
  const shown = document.createElement('pre');
  shown.textContent = plain;
  return shown;
}

export function useSurroundings(): Surroundings {
  return React.useContext(SurroundingsContext);
}
