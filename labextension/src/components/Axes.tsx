import * as React from 'react';

import { h } from '../h';
import { showEdge } from '../wording';
import { colourOf, Letter, MOST_COLOURED } from './Letter';
import { useSurroundings } from './surroundings';

interface AxesProps {
  readonly label: string;
  readonly count: number;
  /** Which run is best, where one is. */
  readonly best: number | null;
  readonly low: number;
  readonly high: number;
  /** What is written along the other axis. */
  readonly along: readonly string[];
  /** A run, in a square of 100 whose origin is above; there is a margin around it. */
  readonly draw: (index: number, colour: string) => React.ReactNode;
}

/** All runs in the same axes. Of many, A and the best stand out. */
export function Axes({ label, count, best, low, high, along, draw }: AxesProps): React.JSX.Element {
  const { trans } = useSurroundings();
  const all = Array.from({ length: count }, (_, index) => index);
  const isMany = count > MOST_COLOURED;
  const outstanding = isMany ? [...new Set([0, best ?? 0])] : all;
  const others = all.filter(index => !outstanding.includes(index));
  return (
    <figure className="nbops-Curve">
      <figcaption>
        {label}
        {isMany && outstanding.map(index => <Letter key={index} index={index} isOfMany />)}
        {isMany && best !== null && trans.__('is best')}
      </figcaption>
      <div className="nbops-Curve-plot">
        <div className="nbops-Curve-y">
          <span>{showEdge(high)}</span>
          <span>{showEdge(low)}</span>
        </div>
        <svg viewBox="-3 -3 106 106" preserveAspectRatio="none" role="img" aria-label={label}>
          {others.map(index => draw(index, 'nbops-mod-faint'))}
          {outstanding.map(index => draw(index, colourOf(index, isMany)))}
        </svg>
        <div className="nbops-Curve-x">
          {along.map((text, index) => (
            <span key={index}>{text}</span>
          ))}
        </div>
      </div>
    </figure>
  );
}

/** A place in these axes, as SVG has it. */
export function pointAt(x: number, value: number, low: number, high: number): string {
  return [x, (high - value) / (high - low || 1)].map(share => (100 * share).toFixed(1)).join(',');
}
