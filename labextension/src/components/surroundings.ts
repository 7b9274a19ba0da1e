/** What every component may need and none should be handed through all those above it. */

import * as React from 'react';

import type { Translation } from '../tokens';

export interface Surroundings {
  readonly trans: Translation;
  /** Nothing ticks in a panel that nobody sees. */
  readonly isVisible: boolean;
  readonly now: () => Date;
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
  now: () => new Date()
});

export function useSurroundings(): Surroundings {
  return React.useContext(SurroundingsContext);
}
