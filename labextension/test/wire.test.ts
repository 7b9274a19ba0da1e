import { expect, test } from 'vitest';

import type { Trouble, TroubleKind } from '../src/trouble';
import { parseComparison } from '../src/compared';
import { parseNotebook } from '../src/wire';
import { answer, cellRun, comparison } from './records';

/** Compared by kind: messages are for the console. */
const troubled = (kind: TroubleKind) => expect.objectContaining({ kind }) as Trouble;

const UNCHANGED = { format: 1, unchanged: true, version: 7 } as const;

test('an answer is read as it was sent, with fields of later versions left alone', () => {
  const sent = { ...answer({ cell_runs: [cellRun(0)] }), colour: 'green' };
  const read: unknown = parseNotebook(JSON.parse(JSON.stringify(sent)));
  expect(read).toEqual(sent);
});

test('an answer that says that nothing changed needs no lists', () => {
  expect(parseNotebook(UNCHANGED)).toMatchObject({ version: 7 });
});

test('a format that this panel was not written for is not guessed at', () => {
  expect(() => parseNotebook({ ...answer(), format: 2 })).toThrow(troubled('too-new'));
});

const ODD = [
  null,
  'x',
  { ...UNCHANGED, format: null },
  { format: 1, unchanged: false, version: 1 }
];

test.each(ODD)('%j is no notebook', json => {
  expect(() => parseNotebook(json)).toThrow(troubled('unreadable'));
});

test('a comparison without its sides is unreadable', () => {
  expect(parseComparison(comparison()).sentence).toBe('One thing changed.');
  expect(() => parseComparison({ ...comparison(), b: undefined })).toThrow(troubled('unreadable'));
});
