import { expect, test } from 'vitest';

import { placeOn } from '../src/places';

test('numbers stand by their size, and by their logarithm where they span decades', () => {
  expect(placeOn([2, 10, 4, null])).toEqual({
    places: [0, 1, 0.25, null],
    labels: ['2', '10'],
    isLog: false
  });
  const { places, labels, isLog } = placeOn([0.001, 0.01, 1]);
  expect(places.map(place => Number(place).toFixed(3))).toEqual(['0.000', '0.333', '1.000']);
  expect(labels).toEqual(['0.001', '1']);
  expect(isLog).toBe(true);
  expect(placeOn([0, 1, 1000]).places).toEqual([0, 0.001, 1]);
});

test('where a value is no number, all stand as names, evenly', () => {
  const { places, labels } = placeOn(['boosted', 'forest', null, 'boosted', 10]);
  expect(labels).toEqual(['10', 'boosted', 'forest']);
  expect(places).toEqual([0.5, 1, null, 0.5, 0]);
  expect(placeOn([true, false]).labels).toEqual(['False', 'True']);
});

test('of many names the first and the last are written', () => {
  const { labels } = placeOn(['a', 'b', 'c', 'd', 'e', 'f', 'g']);
  expect(labels).toEqual(['a', 'g']);
});
