import * as React from 'react';

import { h } from '../h';
import { showSize } from '../wording';
import type { Environment } from '../answers';
import { Section } from './Section';
import { useSurroundings } from './surroundings';

interface EnvironmentSectionProps {
  readonly environment: Environment;
}

/** The interpreter and the machine; the packages fold away. */
export function EnvironmentSection({ environment }: EnvironmentSectionProps): React.JSX.Element {
  const { trans } = useSurroundings();
  const { python, platform, packages, cpu, memory_bytes } = environment;
  const names = Object.keys(packages).sort();
  const machine = [platform, cpu ?? '', memory_bytes ? showSize(memory_bytes) : ''];
  return (
    <Section title={trans.__('Environment')}>
      <p className="nbops-Wrap">
        {[`Python ${python}`, ...machine].filter(text => text !== '').join(' · ')}
      </p>
      {names.length > 0 && (
        <details className="nbops-Fold-details">
          <summary>{trans._n('%1 package', '%1 packages', names.length)}</summary>
          <ul className="nbops-Packages">
            {names.map(name => (
              <li key={name}>
                <span>{name}</span> <span className="nbops-Soft">{packages[name]}</span>
              </li>
            ))}
          </ul>
        </details>
      )}
    </Section>
  );
}
