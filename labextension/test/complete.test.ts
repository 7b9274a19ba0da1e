import { expect, test } from 'vitest';

import { complete } from '../src/complete';

const FIELDS = ['metrics.auc', 'metrics.auc@1', 'params.depth'];

test.each([
  ['', ['metrics.auc', 'metrics.`auc@1`', 'params.depth']],
  ['metr', ['metrics.auc', 'metrics.`auc@1`']],
  ['metrics.auc > 0.9 and dep', ['params.depth']],
  ['metrics.auc ', ['=', '!=']],
  ['metrics.auc > ', []],
  ['metrics.auc > 0.9 ', ['and', 'or']],
  ['metrics.auc > 0.9 a', ['and']],
  ['metrics.`auc@1` >', ['>=']]
])('after %j comes %j', (before, expected) => {
  expect(complete(before, FIELDS).options.slice(0, Math.max(expected.length, 1))).toEqual(
    expect.arrayContaining(expected)
  );
  expect(complete(before, FIELDS).options.length > 0).toBe(expected.length > 0);
});

test('only the word that is being typed is replaced', () => {
  expect(complete('metrics.auc > 0.9 and dep', FIELDS).from).toBe(22);
});
