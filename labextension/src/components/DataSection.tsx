import * as React from 'react';

import { h } from '../h';
import type { Translation } from '../tokens';
import { isRead } from '../trust';
import { showDigest, showShape, showSize } from '../wording';
import type { DataRef } from '../wire';
import { Section } from './Section';
import { useSurroundings } from './surroundings';

interface DataSectionProps {
  readonly title: string;
  readonly refs: readonly DataRef[];
  readonly onTrace: (digest: string) => void;
}

/** Data with its digest and how it was seen; a digest leads to where the content came from. */
export function DataSection({ title, refs, onTrace }: DataSectionProps): React.JSX.Element | null {
  const { trans } = useSurroundings();
  if (refs.length === 0) {
    return null;
  }
  return (
    <Section title={title}>
      <ul className="nbops-Data">
        {refs.map((ref, index) => (
          <li key={index}>
            <span className="nbops-Data-name" title={ref.uri}>
              {ref.name}
            </span>
            <span className="nbops-Data-facts">
              {describe(ref, trans).map(fact => (
                <span key={fact}>{fact}</span>
              ))}
              <Digest refOf={ref} onTrace={onTrace} />
            </span>
            {(ref.columns?.length ?? 0) > 0 && (
              <details className="nbops-Data-columns">
                <summary>{trans._n('%1 column', '%1 columns', ref.columns?.length ?? 0)}</summary>
                <ul>
                  {ref.columns?.map((name, column) => (
                    <li key={column}>
                      <code>{name}</code> {ref.types?.[column]}
                    </li>
                  ))}
                </ul>
              </details>
            )}
          </li>
        ))}
      </ul>
    </Section>
  );
}

function Digest({
  refOf: ref,
  onTrace
}: {
  readonly refOf: DataRef;
  readonly onTrace: (digest: string) => void;
}): React.JSX.Element {
  const { trans } = useSurroundings();
  const { digest, missing } = ref;
  if (digest === null) {
    const isGap = missing !== null && isRead(ref);
    const text = isGap ? trans.__('no content hash: %1', missing) : missing;
    return (
      <span className={isGap ? 'nbops-mod-warning' : 'nbops-Soft'}>
        {text ?? trans.__('being hashed')}
      </span>
    );
  }
  return (
    <button
      className="nbops-Link"
      title={`${digest}\n${trans.__('Where it came from, and who read it')}`}
      onClick={() => {
        onTrace(digest);
      }}
    >
      {showDigest(digest)}
    </button>
  );
}

function describe(ref: DataRef, trans: Translation): readonly string[] {
  const ways = {
    audit: trans.__('seen when it was opened'),
    wrapper: trans.__('seen in the reader'),
    monitor: trans.__('seen in the reader'),
    user: trans.__('named by %track data'),
    net: trans.__('seen by the system'),
    name: trans.__('named on a command line')
  };
  return [
    ref.version ? trans.__('version %1', ref.version) : '',
    ref.shape ? showShape(ref.shape) : '',
    ref.size_bytes === null ? '' : showSize(ref.size_bytes),
    ref.seen_by && isRead(ref) ? ways[ref.seen_by] : '',
    ref.kept ? trans.__('a copy is kept') : ''
  ].filter(text => text !== '');
}
