import * as React from 'react';

import { h } from '../h';
import type { Failure, Obstacle, SwitchState, Translation } from '../tokens';
import { useSurroundings } from './surroundings';

interface SwitchBarProps {
  readonly name: string | null;
  readonly state: SwitchState | null;
  readonly isTracking: boolean | null;
  readonly onFlip: (isOn: boolean) => void;
}

/** The switch, and what keeps it from doing what it says. */
export function SwitchBar({ name, state, isTracking, onFlip }: SwitchBarProps): React.JSX.Element {
  const { trans } = useSurroundings();
  const isOn = state?.position ?? isTracking ?? false;
  const label = name === null ? trans.__('Track') : trans.__('Track %1', name);
  const obstacle = state?.obstacle ? sayObstacle(state.obstacle, trans) : null;
  return (
    <header className="nbops-SwitchBar">
      <div className="nbops-SwitchBar-line">
        <h2 className="nbops-SwitchBar-title">nbops</h2>
        <button
          className="jp-switch nbops-Switch"
          role="switch"
          aria-checked={isOn}
          aria-busy={state?.isAsking ?? false}
          disabled={!state || obstacle !== null}
          title={obstacle ?? label}
          onClick={() => {
            onFlip(!isOn);
          }}
        >
          <span className="jp-switch-label nbops-Switch-label">{label}</span>
          <span className="jp-switch-track nbops-Switch-track" aria-hidden />
        </button>
      </div>
      {obstacle !== null && <p className="nbops-SwitchBar-note">{obstacle}</p>}
      {state?.isAsking && (
        <p className="nbops-SwitchBar-note nbops-mod-late" role="status">
          {trans.__('The kernel is busy; this happens as soon as it is free.')}
        </p>
      )}
      {state?.failure && (
        <p className="nbops-SwitchBar-note nbops-mod-failed" role="alert">
          {sayFailure(state.failure, trans)}
        </p>
      )}
    </header>
  );
}

function sayObstacle(obstacle: Obstacle, trans: Translation): string {
  return obstacle.kind === 'no-kernel'
    ? trans.__('This notebook has no kernel.')
    : trans.__('Python kernels can be tracked; this one speaks %1.', obstacle.language);
}

function sayFailure(failure: Failure, trans: Translation): string {
  switch (failure.kind) {
    case 'not-installed':
      return trans.__('nbops is not installed in this kernel: run %pip install nbops');
    case 'unconfirmed':
      return trans.__('The kernel did as asked, but its record has not arrived.');
    case 'said':
      return failure.text;
  }
}
