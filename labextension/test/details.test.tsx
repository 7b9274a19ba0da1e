/** What a cell run or a run shows in full. */

import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, expect, test } from 'vitest';

import { DataSection } from '../src/components/DataSection';
import { h } from '../src/h';
import { dataRef, runRow } from './records';
import { show } from './showing';

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

test('notes are saved when their field is left', () => {
  const row = runRow();
  const page = { kind: 'run', topic: { kind: 'run', row }, answer: row, trouble: null } as const;
  const actions = show({ tab: 'runs', page });
  const field = screen.getByRole('textbox', { name: 'Notes' });
  fireEvent.blur(field);
  expect(actions.edit).not.toHaveBeenCalled();
  fireEvent.change(field, { target: { value: 'deeper trees\n\noverfits?' } });
  fireEvent.blur(field);
  expect(actions.edit).toHaveBeenCalledWith('r1', { notes: ['deeper trees', 'overfits?'] });
});
