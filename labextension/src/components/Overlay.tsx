import * as React from 'react';

import type { SavedOutput } from '../answers';
import { h } from '../h';
import { Letter } from './Letter';
import { useSurroundings } from './surroundings';

interface OverlayProps {
  readonly a: string;
  readonly b: string;
}

/** Two figures on one spot: the slider fades from A to B, and between shows both, with their axes. */
export function Overlay({ a, b }: OverlayProps): React.JSX.Element {
  const { trans } = useSurroundings();
  const [share, setShare] = React.useState(50);
  return (
    <div className="nbops-Overlay">
      <div className="nbops-Overlay-figures">
        <img src={a} alt={trans.__('Figure of A')} style={{ opacity: (100 - share) / 50 }} />
        <img src={b} alt={trans.__('Figure of B')} style={{ opacity: share / 50 }} />
      </div>
      <div className="nbops-Overlay-share">
        <Letter index={0} />
        <input
          type="range"
          min={0}
          max={100}
          value={share}
          aria-label={trans.__('From A to B')}
          onChange={event => {
            setShare(Number(event.target.value));
          }}
        />
        <Letter index={1} />
      </div>
    </div>
  );
}

/** The one figure among outputs, as an address; null where there is none, or several. */
export function figureOf(outputs: readonly SavedOutput[]): string | null {
  const images = outputs.flatMap(({ data }) => {
    const image = (data as Readonly<Record<string, unknown>> | undefined)?.['image/png'];
    return typeof image === 'string' ? [image] : [];
  });
  const [image] = images;
  return image !== undefined && images.length === 1
    ? `data:image/png;base64,${image.replace(/\s/g, '')}`
    : null;
}
