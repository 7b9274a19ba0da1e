import { expect, test } from 'vitest';

import {
  firstLine,
  nameSide,
  sayOnce,
  showDay,
  showDelta,
  showDigest,
  showDuration,
  showEdge,
  showElapsed,
  showGeneral,
  showMetric,
  showMove,
  showScalar,
  showShape,
  showWhen
} from '../src/wording';
import { English } from '../src/components/surroundings';
import type { Conclusion } from '../src/compared';
import { comparison } from './records';

// What Python prints for f"{value:.5g}": the sentence of a comparison comes from there.
test.each([
  [0.9130123, '0.91301'],
  [0.1, '0.1'],
  [3, '3'],
  [0, '0'],
  [12345.6, '12346'],
  [12350, '12350'],
  [123456, '1.2346e+05'],
  [99999.7, '1e+05'],
  [0.00012345, '0.00012345'],
  [0.0000123, '1.23e-05'],
  [1e-7, '1e-07'],
  [-2.5, '-2.5']
])('%d with five digits is %s', (value, text) => {
  expect(showGeneral(value, 5)).toBe(text);
});

test('what is no number keeps its name, and what is not there is a dash', () => {
  expect(showMetric('NaN')).toBe('NaN');
  expect(showMetric(null)).toBe('–');
});

test('a change has a sign, or an arrow', () => {
  expect(showDelta(0.0421)).toBe('+0.0421');
  expect(showDelta(-0.5)).toBe('−0.5');
  expect(showMove(0.042)).toBe('▲ 0.042');
  expect(showMove(-0.042)).toBe('▼ 0.042');
  expect(showMove(0)).toBe('±0');
});

test("a parameter is shown as Python's value", () => {
  expect([true, 8, 0.12345678, 'rf', null].map(showScalar)).toEqual([
    'True',
    '8',
    '0.123457',
    'rf',
    '–'
  ]);
});

test.each([
  [0.0123, '12 ms'],
  [0.9999, '1.0 s'],
  [4.56, '4.6 s'],
  [59.97, '1:00 min'],
  [75, '1:15 min'],
  [8000, '2:13 h'],
  [null, '']
])('%s seconds are %s', (seconds, text) => {
  expect(showDuration(seconds)).toBe(text);
});

test('what still runs counts whole seconds, and never backwards', () => {
  expect([41.9, 3723, -2].map(showElapsed)).toEqual(['0:41', '1:02:03', '0:00']);
});

test('a day is named as people name it', () => {
  const now = new Date(2026, 10, 20, 12);
  const day = (...date: [number, number, number]) =>
    showDay(new Date(...date, 9).toISOString(), now, English);
  expect(day(2026, 10, 20)).toBe('Today');
  expect(day(2026, 10, 19)).toBe('Yesterday');
  expect(day(2026, 10, 1)).not.toContain('2026');
  expect(day(2025, 10, 1)).toContain('2025');
});

test('digests and shapes are short', () => {
  expect(showDigest('file1:c07be2aa')).toBe('c07b…');
  expect(showShape([24310, 18])).toBe('24,310 × 18');
});

test('the first line is the first that says something', () => {
  expect(firstLine('\n  \n  x = 1\ny = 2')).toBe('x = 1');
  expect(firstLine('')).toBe('');
});

const CONCLUSION: Conclusion = {
  says: 'because',
  metric: 'auc',
  delta: 0.04,
  sentence: '',
  causes: [],
  pairs: [],
  spread: null
};
const FIGURES = 'auc 0.87 → 0.91 (+0.04)';

test.each([
  [
    `${FIGURES}. One recorded thing changed.`,
    `${FIGURES} because of depth 4 → 8: nothing else that was recorded differs.`,
    'because of depth 4 → 8: nothing else that was recorded differs.'
  ],
  [
    `${FIGURES}. 3 recorded things changed; these records cannot tell which of them did it.`,
    `${FIGURES}. 3 things changed; these records cannot tell which. Only depth would tell more.`,
    'Only depth would tell more.'
  ],
  [
    `${FIGURES}. 3 recorded things changed; these records cannot tell which of them did it.`,
    `${FIGURES}. 3 things changed; these records cannot tell which.`,
    ''
  ],
  [
    `${FIGURES}. 2 recorded things changed.`,
    'loss 1 → 2 (+1), by chance.',
    'loss 1 → 2 (+1), by chance.'
  ]
])('after %j, %j adds %j', (above, sentence, added) => {
  expect(sayOnce({ ...CONCLUSION, sentence }, above).said).toBe(added);
});

test('when a run was is said as short as it can be', () => {
  const now = new Date(2026, 10, 9, 15, 0);
  const at = (day: number) => new Date(2026, 10, day, 9, 22).toISOString();
  expect(showWhen(at(9), now, English)).toMatch(/^0?9:22/);
  expect(showWhen(at(2), now, English)).not.toMatch(/22/);
});

test('the edge of a chart is never longer than its room', () => {
  const edges = [0.00016659, -0.0012345, 0.0123456, 0, 0.871, 1234.5, -1234567];
  const shown = edges.map(showEdge);
  expect(shown).toEqual(['1.7e-4', '-1.2e-3', '0.0123', '0', '0.871', '1230', '-1.2e6']);
  expect(Math.max(...shown.map(text => text.length))).toBeLessThan(8);
});

test('a run is named with the count of the one cell that made it', () => {
  const { a } = comparison();
  expect(nameSide(a)).toBe('forest [8]');
  expect(nameSide({ ...a, execution_count: null })).toBe('forest');
});
