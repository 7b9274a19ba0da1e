import * as React from 'react';

import type { Chip } from '../chips';
import { h } from '../h';
import { Sparkline } from './Sparkline';

/** Values up to this length are never cut: numbers, digests, shapes. */
const SHORT = 18;

interface ChipsProps {
  readonly chips: readonly Chip[];
  readonly onExplain: (b: string, a: string) => void;
  readonly onTrace: (digest: string) => void;
}

/** Facts; a move opens the comparison that it is made of, data where it came from. */
export function Chips({ chips, onExplain, onTrace }: ChipsProps): React.JSX.Element {
  return (
    <>
      {chips.map(chip => {
        const { key, tone, title, compares, traces } = chip;
        const className = `nbops-Chip nbops-mod-${tone}`;
        return compares === null && traces === null ? (
          <span key={key} className={className} title={title}>
            <ChipText chip={chip} />
          </span>
        ) : (
          <button
            key={key}
            className={className}
            title={title}
            tabIndex={-1}
            onClick={event => {
              event.stopPropagation();
              if (compares !== null) {
                onExplain(compares.b, compares.a);
              } else if (traces !== null) {
                onTrace(traces);
              }
            }}
          >
            <ChipText chip={chip} />
          </button>
        );
      })}
    </>
  );
}

function ChipText({ chip }: { readonly chip: Chip }): React.JSX.Element {
  const { label, value, move, curve } = chip;
  return (
    <>
      {curve.length > 0 && <Sparkline points={curve} label={`${label} ${value}`} />}
      {label !== '' && <span className="nbops-Chip-label">{label}</span>}
      {value !== '' && (
        <span className={`nbops-Chip-value ${value.length > SHORT ? 'nbops-mod-long' : ''}`}>
          {value}
        </span>
      )}
      {move !== '' && <span className="nbops-Chip-move">{move}</span>}
    </>
  );
}
