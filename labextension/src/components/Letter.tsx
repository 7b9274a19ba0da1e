import * as React from 'react';

import { h } from '../h';
import { letterOf } from '../letters';

/** So many runs are told apart by their colours; of more, the baseline and the best. */
export const MOST_COLOURED = 5;

/** What a run has in letter and line: A is neutral and dashed, B has the accent, and each of many. */
export function colourOf(index: number, isOfMany: boolean): string {
  return `nbops-mod-run${Math.min(index, isOfMany ? 1 : MOST_COLOURED)}`;
}

interface LetterProps {
  readonly index: number;
  readonly isOfMany?: boolean;
}

export function Letter({ index, isOfMany = false }: LetterProps): React.JSX.Element {
  return <span className={`nbops-Letter ${colourOf(index, isOfMany)}`}>{letterOf(index)}</span>;
}
