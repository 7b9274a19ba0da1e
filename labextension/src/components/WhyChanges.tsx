import * as React from 'react';

import { h } from '../h';
import type { Translation } from '../tokens';
import { showScalar } from '../wording';
import type { Change, ChangeKind, Comparison } from '../compared';
import { CodeDiff } from './CodeDiff';
import { DataDiff } from './DataDiff';
import { Grid } from './Grid';
import type { GridRow } from './Grid';
import { useSurroundings } from './surroundings';

/** In the order in which people look; with the name under which the unchanged ones are counted. */
const KINDS: readonly (readonly [kind: ChangeKind, counted: string])[] = [
  ['param', 'parameters'],
  ['data', 'inputs'],
  ['code', 'cells'],
  ['order', ''],
  ['seed', ''],
  ['module', 'modules'],
  ['package', 'packages'],
  ['environment', '']
];

interface WhyChangesProps extends Pick<Comparison, 'changes' | 'same'> {
  /** Whether no grid above has said which column is whose. */
  readonly isHeaded: boolean;
}

/** What differs, by kind; a kind in which nothing does is not there. */
export function WhyChanges({ changes, same, isHeaded }: WhyChangesProps): React.JSX.Element {
  const { trans } = useSurroundings();
  const present = KINDS.filter(([kind]) => changes.some(change => change.kind === kind));
  return (
    <>
      {present.map(([kind, counted], index) => {
        const own = changes.filter(change => change.kind === kind);
        const total = own.length + (same[counted] ?? 0);
        const title = titleOf(kind, trans);
        return (
          <section key={kind} className="nbops-Section">
            <h3>
              {title}
              {total > own.length && <small>{sayShare(own.length, total, trans)}</small>}
            </h3>
            {kind === 'code' ? (
              own.map(showCode)
            ) : (
              <Grid label={title} rows={own.map(rowOf)} isHeaded={isHeaded && index === 0} />
            )}
            {kind === 'data' && own.map((change, at) => <DataDiff key={at} change={change} />)}
          </section>
        );
      })}
    </>
  );
}

function rowOf({ name, a, b, note }: Change): GridRow {
  return { name, a: showScalar(a), b: showScalar(b), note };
}

function showCode(change: Change, index: number): React.JSX.Element {
  return <CodeDiff key={index} change={change} />;
}

function sayShare(count: number, total: number, trans: Translation): string {
  return trans._n('%1 of %2 differs', '%1 of %2 differ', count, String(total));
}

function titleOf(kind: ChangeKind, trans: Translation): string {
  switch (kind) {
    case 'param':
      return trans.__('Params');
    case 'data':
      return trans.__('Data');
    case 'code':
      return trans.__('Code');
    case 'order':
      return trans.__('Order of execution');
    case 'seed':
      return trans.__('Seeds');
    case 'git':
      return trans.__('Git');
    case 'module':
      return trans.__('Modules');
    case 'package':
      return trans.__('Packages');
    case 'environment':
      return trans.__('Machine');
  }
}
