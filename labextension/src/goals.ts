/** Whether a change is for the better. Pure. */

import type { Translation } from './tokens';
import { showDelta } from './wording';
import type { Goal } from './compared';

export type Tone = 'good' | 'bad' | 'plain';

/** A change in words; which way is better is said only where that is known. */
export function judgeDelta(
  delta: number | null,
  goal: Goal | null | undefined,
  trans: Translation
): { readonly text: string; readonly tone: Tone } {
  if (delta === null || delta === 0) {
    return { text: '', tone: 'plain' };
  }
  if (!goal) {
    return { text: showDelta(delta), tone: 'plain' };
  }
  const isBetter = delta > 0 === (goal === 'higher');
  const word = isBetter ? trans.__('better') : trans.__('worse');
  return { text: `${showDelta(delta)}, ${word}`, tone: isBetter ? 'good' : 'bad' };
}
