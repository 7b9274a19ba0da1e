/** What a cell run shows in full. */

import { cleanup, render, screen } from '@testing-library/react';
import { afterEach, expect, test } from 'vitest';

import { DataSection } from '../src/components/DataSection';
import { h } from '../src/h';
import { dataRef } from './records';

afterEach(cleanup);

test('columns of what was read are told with their types, where the record has them', () => {
  const typed = dataRef({ columns: ['area', 'price'], types: ['int64', 'float64'] });
  const older = dataRef({ columns: ['city'] });
  render(<DataSection title="Read" refs={[typed, older]} onTrace={() => undefined} />);
  const told = [...document.querySelectorAll('.nbops-Data-columns li')];
  expect(told.map(column => column.textContent.trim())).toEqual([
    'area int64',
    'price float64',
    'city'
  ]);
  expect(screen.getByText('2 columns')).toBeTruthy();
});
