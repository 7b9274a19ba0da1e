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
  renderOutputs: renderText
});

/** Where nobody knows better: the text that each output has beside its other forms. */
function renderText(host: HTMLElement, outputs: readonly SavedOutput[]): { dispose(): void } {
  const texts = outputs.map(({ text, data, evalue }) => {
    const plain = (data as Record<string, unknown> | undefined)?.['text/plain'];
    const said = text ?? plain ?? evalue;
    return Array.isArray(said) ? said.join('') : typeof said === 'string' ? said : '';
  });
  host.textContent = texts.join('\n');
  return {
    dispose: () => {
      host.textContent = '';
    }
  };
}

export function useSurroundings(): Surroundings {
  return React.useContext(SurroundingsContext);
}
