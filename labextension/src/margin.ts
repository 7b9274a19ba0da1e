/** What cells wear in the notebook's margin: a mark that says, on hover and to a screen reader, how they stand. */

import type { CellState, StateKind } from './answers';
import type { Translation } from './tokens';
import { sayState } from './wording';

const MARK = 'nbops-Mark';
const DRAWINGS: Readonly<Record<StateKind, string>> = {
  failed: 'M3 3 L9 9 M9 3 L3 9',
  changed: 'M2.5 9.5 L3 7.5 L8 2.5 L9.5 4 L4.5 9 Z',
  stale: 'M9.5 6 A3.5 3.5 0 1 1 8.2 3.3 M8.5 1.2 V3.6 H6.1',
  order: 'M4 9.5 V2.5 M2.2 4.3 L4 2.5 L5.8 4.3 M8 2.5 V9.5 M6.2 7.7 L8 9.5 L9.8 7.7'
};

/**
 * Have the cells of a notebook wear their states, and the others none.
 *
 * @param nodes - Elements of its cells, by their ids.
 * @param open - Show a cell run in full.
 */
export function dressCells(
  nodes: ReadonlyMap<string, HTMLElement>,
  states: readonly CellState[],
  trans: Translation,
  open: (cellRunId: string) => void
): void {
  const worn = new Map(states.filter(each => each.matters).map(each => [each.cell_id, each]));
  for (const [id, node] of nodes) {
    const before = [...node.children].find(child => child.classList.contains(MARK));
    const state = worn.get(id);
    const told = JSON.stringify(state);
    if (before instanceof HTMLElement && before.dataset.told === told) {
      continue;
    }
    before?.remove();
    node.removeAttribute('aria-describedby');
    node.classList.toggle('nbops-Marked', state !== undefined);
    if (state) {
      const mark = makeMark(state, trans, open);
      mark.id = `nbops-mark-${id}`;
      mark.dataset.told = told;
      node.append(mark);
      node.setAttribute('aria-describedby', mark.id);
    }
  }
}

function makeMark(
  { marks, cell_run_id }: CellState,
  trans: Translation,
  open: (cellRunId: string) => void
): HTMLButtonElement {
  const mark = document.createElement('button');
  const kind = marks[0]?.kind ?? 'stale';
  mark.type = 'button';
  mark.className = `${MARK} nbops-mod-${kind}`;
  mark.title = marks
    .map(({ kind, message, way_out }) =>
      [`${sayState(kind, trans)}: ${message}`, way_out].filter(Boolean).join('\n')
    )
    .join('\n');
  mark.setAttribute('aria-label', mark.title);
  mark.append(draw(DRAWINGS[kind]));
  mark.addEventListener('click', () => {
    open(cell_run_id);
  });
  return mark;
}

function draw(path: string): SVGElement {
  const name = 'http://www.w3.org/2000/svg';
  const svg = document.createElementNS(name, 'svg');
  svg.setAttribute('viewBox', '0 0 12 12');
  svg.setAttribute('aria-hidden', 'true');
  const drawn = document.createElementNS(name, 'path');
  drawn.setAttribute('d', path);
  svg.append(drawn);
  return svg;
}
