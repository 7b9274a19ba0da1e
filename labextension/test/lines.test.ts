import { expect, test } from 'vitest';

import { compareLines } from '../src/lines';

const inShort = (before: string, after: string) =>
  compareLines(before, after).map(({ op, text }) => `${op} ${text}`.trim());

test('a changed line is taken away and added', () => {
  expect(inShort('a\nb\nc', 'a\nB\nc')).toEqual(['same a', 'removed b', 'added B', 'same c']);
});

test('what lies far from a change is a gap', () => {
  const before = Array.from({ length: 20 }, (_, number) => `line ${number}`).join('\n');
  const lines = inShort(before, `${before}\nend`);
  expect(lines[0]).toBe('gap');
  expect(lines.slice(1)).toEqual(['same line 17', 'same line 18', 'same line 19', 'added end']);
});

test('an end of line at the end is no difference', () => {
  expect(inShort('a\n', 'a').every(line => line.startsWith('same'))).toBe(true);
});
