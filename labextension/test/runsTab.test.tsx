/** Runs as their tab lists them: of several people, and while MLflow is away. */

import { cleanup, screen, within } from '@testing-library/react';
import { afterEach, expect, test } from 'vitest';

import { MINE } from '../src/runs';
import { Trouble } from '../src/trouble';
import { runRow, runsPage } from './records';
import { show } from './showing';

afterEach(cleanup);

const BOBS = { 'metrics.auc': 0.9 };

test('another person’s run says whose it is, one’s own does not', () => {
  const rows = new Map([
    [0, runRow({ id: 'r1' })],
    [1, runRow({ id: 'r2', name: 'boost', user: 'bob', values: BOBS })]
  ]);
  const query = { ...MINE, user: '*' };
  show({ tab: 'runs', runs: { known: runsPage({ total: 2 }), rows, query } });
  const hers = screen.getByRole('option', { name: /^boost, bob, / });
  expect(hers.textContent).toMatch(/^boost bob/);
  expect(screen.getByRole('option', { name: /^forest, / }).textContent).not.toContain('ada');
});

test('where only others have runs, it is said that none is one’s own', () => {
  const known = runsPage({ rows: [], total: 0, me: 'carol' });
  show({ tab: 'runs', runs: { known } });
  expect(screen.getByText('No run of yours. “All” shows those of others.')).toBeTruthy();
  const whose = within(screen.getByRole('combobox', { name: 'Whose runs' }));
  expect(whose.getByRole('option', { name: 'All' })).toBeTruthy();
});

test('while MLflow is away, the runs that are known stay, and it is said', () => {
  const error = 'http://mlflow:5000 does not answer (connection refused)';
  show({ tab: 'runs', runs: { known: runsPage({ error }), rows: new Map([[0, runRow()]]) } });
  const told = `MLflow: ${error}. These runs are those known so far.`;
  expect(screen.getByText(told).getAttribute('role')).toBe('status');
  expect(screen.getByRole('option', { name: /^forest, / })).toBeTruthy();
});

test('that the server is away is said once, by the tab that is shown', () => {
  const trouble = new Trouble('offline', '');
  const rows = new Map([[0, runRow()]]);
  show({ tab: 'runs', state: { trouble }, runs: { known: runsPage(), rows, trouble } });
  expect(screen.getAllByText(/^The server does not answer/)).toHaveLength(1);
});
