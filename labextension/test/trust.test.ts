import { expect, test } from 'vitest';

import { addAnswer } from '../src/history';
import { judge, NAMED_IN_CODE } from '../src/trust';
import type { Trust } from '../src/trust';
import type { ChangedNotebook } from '../src/wire';
import { answer, cellRun, dataRef, run } from './records';

function trustIn(parts: Partial<ChangedNotebook>): Trust {
  const history = addAnswer(null, answer(parts));
  if (!history) {
    throw new Error('the first answer is always taken');
  }
  return judge(history);
}

test.each([
  ['nothing to ship', {}, { kind: 'no-runs' }],
  ['all shipped', { runs: [run('r')] }, { kind: 'all' }],
  ['some under way', { runs: [run('r')], unshipped: 3 }, { kind: 'under-way', count: 3 }],
  [
    'a tracking server that refuses',
    { unshipped: 1, error: 'no' },
    { kind: 'waiting', error: 'no', count: 1 }
  ]
] as const)('%s is told', (_, parts, shipping) => {
  expect(trustIn(parts).shipping).toEqual(shipping);
});

test('reads are counted by what is known of their content', () => {
  const reads = [
    dataRef(),
    dataRef({ digest: null }),
    dataRef({ name: 'gone.csv', digest: null, missing: 'deleted' }),
    dataRef({ name: 'named.csv', digest: null, missing: NAMED_IN_CODE })
  ];
  expect(
    trustIn({ cell_runs: [cellRun(0, { reads }), cellRun(1, { reads: [dataRef()] })] })
  ).toMatchObject({ reads: 4, pending: 1, missing: ['gone.csv: deleted'] });
});
