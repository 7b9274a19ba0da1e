import * as React from 'react';

import type { StateKind } from '../answers';
import { h } from '../h';
import type { Standings } from '../states';
import type { Translation } from '../tokens';
import { useSurroundings } from './surroundings';

interface StandingProps {
  readonly standings: Standings;
}

/** How many cells show what they would not show again; nothing where all would. */
export function Standing({ standings }: StandingProps): React.JSX.Element | null {
  const { states, isOfSelected } = standings;
  const { trans } = useSurroundings();
  const counts = new Map<StateKind, number>();
  for (const { marks } of states.filter(each => each.matters)) {
    const kind = marks[0]?.kind;
    if (kind && kind !== 'failed') {
      counts.set(kind, (counts.get(kind) ?? 0) + 1);
    }
  }
  const told = [...counts].map(([kind, count]) => sayCount(kind, count, trans));
  const others = states.filter(each => !each.matters).length;
  if (told.length === 0) {
    return others === 0 ? null : (
      <p className="nbops-Standing">{sayOthers(others, isOfSelected, trans)}</p>
    );
  }
  if (others > 0) {
    const one = isOfSelected
      ? '%1 more that what is selected does not use'
      : '%1 more that the newest run does not use';
    told.push(trans._n(one, one, others));
  }
  return (
    <p className="nbops-Standing nbops-mod-warning">{trans.__('Cells: %1', told.join(', '))}</p>
  );
}

function sayOthers(count: number, isOfSelected: boolean, trans: Translation): string {
  if (isOfSelected) {
    const one = '%1 cell would show something else; what is selected does not use it';
    const many = '%1 cells would show something else; what is selected uses none of them';
    return trans._n(one, many, count);
  }
  const one = '%1 cell would show something else; the newest run does not use it';
  const many = '%1 cells would show something else; the newest run uses none of them';
  return trans._n(one, many, count);
}

function sayCount(kind: StateKind, count: number, trans: Translation): string {
  switch (kind) {
    case 'failed':
      return trans.__('%1 failed', String(count));
    case 'changed':
      return trans.__('%1 edited since', String(count));
    case 'stale':
      return trans.__('%1 stale', String(count));
    case 'order':
      return trans.__('%1 out of order', String(count));
  }
}
