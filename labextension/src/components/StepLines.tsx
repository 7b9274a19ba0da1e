import * as React from 'react';

import { h } from '../h';
import type { Step } from '../pipelines';

/** Of one step, in pixels; the list's style says the same. */
const HEIGHT = 26;
const INDENT = 14;

/** The graph beside the list: a dot a step, further to the right the more steps come before it. */
export function StepLines({ steps }: { readonly steps: readonly Step[] }): React.JSX.Element {
  const depths = depthsOf(steps);
  const x = (name: string) => INDENT / 2 + (depths.get(name) ?? 0) * INDENT;
  const y = (name: string) => HEIGHT / 2 + steps.findIndex(step => step.name === name) * HEIGHT;
  const width = INDENT * (Math.max(0, ...depths.values()) + 1);
  return (
    <svg className="nbops-StepLines" width={width} height={HEIGHT * steps.length} aria-hidden>
      {steps.flatMap(({ name, after }) =>
        after
          .filter(other => depths.has(other))
          .map(other => (
            <path
              key={`${other}\n${name}`}
              d={`M${x(other)},${y(other)}C${x(other)},${y(name)} ${x(other)},${y(name)} ${x(name)},${y(name)}`}
            />
          ))
      )}
      {steps.map(({ name, status }) => (
        <circle key={name} data-status={status} cx={x(name)} cy={y(name)} r={4} />
      ))}
    </svg>
  );
}

/** How many steps at most lead to each; steps come after those that they need. */
export function depthsOf(steps: readonly Step[]): ReadonlyMap<string, number> {
  const depths = new Map<string, number>();
  for (const { name, after } of steps) {
    depths.set(name, Math.max(0, ...after.map(other => (depths.get(other) ?? -1) + 1)));
  }
  return depths;
}
