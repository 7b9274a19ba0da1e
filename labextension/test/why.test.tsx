import { cleanup, render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, expect, test } from 'vitest';

import { PageView } from '../src/components/PageView';
import { WhyView } from '../src/components/WhyView';
import { h } from '../src/h';
import type { Page } from '../src/navigation';
import { Trouble } from '../src/trouble';
import type { Comparison, Conclusion } from '../src/compared';
import { spyOnActions } from './fakes';
import type { Spies } from './fakes';
import { change, comparison } from './records';

afterEach(cleanup);

function show(parts: Partial<Comparison> = {}): void {
  render(<WhyView comparison={comparison(parts)} actions={spyOnActions()} />);
}

function showPage(parts: Partial<Page>): Spies {
  const actions = spyOnActions();
  const page = { kind: 'why', topic: { kind: 'why', b: 'b' }, answer: null, trouble: null };
  render(
    <PageView
      page={{ ...page, ...parts } as Page}
      sourceOf={() => null}
      baseline={null}
      actions={actions}
    />
  );
  return actions;
}

const titles = () => screen.queryAllByRole('heading').map(heading => heading.textContent);
const tableOf = (name: string) => within(screen.getByRole('table', { name }));

test('the sentence comes first, its metrics stand out', () => {
  show({ sentence: 'auc 0.871 → 0.913 (+0.042). One thing changed.' });
  expect(screen.getByText('auc 0.871 → 0.913 (+0.042).').tagName).toBe('B');
  expect(document.querySelector('.nbops-Sentence')?.textContent).toBe(
    'auc 0.871 → 0.913 (+0.042). One thing changed.'
  );
});

test('both sides are named by session, cell and duration', () => {
  show();
  const sides = [...document.querySelectorAll('.nbops-Side')].map(side => side.textContent);
  expect(sides[0]).toMatch(/brave-lake \[8\] · .* · 2\.9 s/);
  expect(sides[1]).toMatch(/brave-lake \[14\]/);
});

test('only what differs is there, in the order in which people look', () => {
  const kinds = ['environment', 'package', 'module', 'code', 'data', 'param'] as const;
  show({ changes: kinds.map(kind => change({ kind })) });
  expect(titles()).toEqual(['Params', 'Data', 'Code', 'Modules', 'Packages', 'Machine']);
});

test('how many of a kind differ is told when others do not', () => {
  show({ changes: [change()], same: { parameters: 5 } });
  expect(titles()).toEqual(['Params1 of 6 differs']);
});

test('metrics stand side by side with their change', () => {
  show({
    metrics: [
      { name: 'auc', a: 0.8712345, b: 0.9134567, delta: 0.0422222 },
      { name: 'loss', a: 'NaN', b: null, delta: null },
      { name: 'n', a: 3, b: 3, delta: 0 }
    ]
  });
  const cells = tableOf('Metrics')
    .getAllByRole('row')
    .map(row =>
      within(row)
        .queryAllByRole('cell')
        .map(cell => cell.textContent)
    );
  expect(cells).toEqual([[], ['0.87123', '0.91346', '+0.0422'], ['NaN', '–'], ['3', '3']]);
});

test('A and B are named above the first table, whichever that is', () => {
  show({ changes: [change(), change({ kind: 'data', note: '412 rows more' })] });
  expect(
    tableOf('Params')
      .getAllByRole('columnheader')
      .map(head => head.textContent)
  ).toContain('A');
  expect(tableOf('Data').queryAllByRole('columnheader')).toEqual([]);
  expect(screen.getByText('412 rows more')).toBeTruthy();
});

test('code is quoted line by line, with what was removed and added', () => {
  const diff = [
    { op: 'same', text: 'def build(df):' },
    { op: 'removed', text: '    return df.dropna()' },
    { op: 'added', text: '    return df.fillna(0)' }
  ] as const;
  show({ changes: [change({ kind: 'code', name: 'def build(df):', a: 4, b: 10, diff })] });
  expect(screen.getByRole('figure').querySelector('figcaption')?.textContent).toContain(
    '[4] → [10]'
  );
  const lines = [...document.querySelectorAll('.nbops-Diff-line')];
  expect(lines.map(line => line.textContent)).toEqual([
    ' def build(df):\n',
    '-    return df.dropna()\n',
    '+    return df.fillna(0)\n'
  ]);
});

test('what is the same is one line; what is not known, and what else differs, is said', () => {
  show({
    same: { packages: 186, inputs: 2, modules: 0 },
    unknown: ['packages: those of A were not listed'],
    context: ['git commit 3f2c81d → none']
  });
  expect(screen.getByText('The same: 186 packages, 2 inputs.')).toBeTruthy();
  expect(screen.getByText('Not known: packages: those of A were not listed.')).toBeTruthy();
  expect(screen.getByText('Also: git commit 3f2c81d → none.')).toBeTruthy();
});

test('a question that cannot be answered says why, and the way out', () => {
  const hint = 'Run the cell again.';
  showPage({ trouble: new Trouble('refused', 'forest is the first run here.', hint) });
  expect(screen.getByText('forest is the first run here. Run the cell again.')).toBeTruthy();
});

test('Escape and the button lead back; the focus starts on the button', async () => {
  const { back } = showPage({ answer: comparison() });
  const button = screen.getByRole('button', { name: /^Back/ });
  expect(document.activeElement).toBe(button);
  await userEvent.keyboard('{Escape}');
  await userEvent.click(button);
  expect(back).toHaveBeenCalledTimes(2);
});

test('what holds for several metrics is concluded once, and names them', () => {
  const about = (metric: string, from: string, rest: string): Conclusion => ({
    says: 'cannot_tell',
    metric,
    delta: 1,
    sentence: `${metric} ${from}. 2 things changed; these records cannot tell which${rest}`,
    causes: [],
    pairs: [],
    spread: null
  });
  show({
    sentence:
      'auc 1 → 2 (+1), f1 3 → 4 (+1). 2 recorded things changed; these records cannot tell which.',
    conclusions: [
      about('auc', '1 → 2 (+1)', '. Only depth would tell more.'),
      about('f1', '3 → 4 (+1)', '. Only depth would tell more.'),
      about('loss', '5 → 6 (+1)', '.')
    ]
  });
  const list = within(screen.getByRole('list', { name: 'What can be concluded' }));
  expect(list.getAllByRole('listitem').map(item => item.textContent.trim())).toEqual([
    'auc, f1: Only depth would tell more.',
    'loss 5 → 6 (+1). 2 things changed; these records cannot tell which.'
  ]);
});

test('what the sentence says of changes, or of none, is not said again below it', () => {
  const conclusion = (says: Conclusion['says'], rest: string): Conclusion => ({
    says,
    metric: 'auc',
    delta: 1,
    sentence: `auc 1 → 2 (+1)${rest}`,
    causes: [],
    pairs: [],
    spread: null
  });
  const sentence = 'auc 1 → 2 (+1). One recorded thing changed. Not all could be compared.';
  const rest = '. 1 thing changed; these records cannot tell whether that did it.';
  show({ sentence, conclusions: [conclusion('cannot_tell', rest)] });
  expect(screen.getByRole('listitem').textContent.trim()).toBe(
    'These records cannot tell whether that did it.'
  );
  cleanup();
  const none = ', but nothing that was recorded changed: it is in none of the records.';
  show({
    sentence: 'auc 1 → 2 (+1). Nothing that was recorded changed.',
    conclusions: [conclusion('no_cause_recorded', none)]
  });
  expect(screen.queryByRole('listitem')).toBeNull();
  expect(document.body.textContent.match(/[Nn]othing/g)).toHaveLength(1);
  cleanup();
  const chance = ', which may be chance: 4 repeats gave ±2.';
  show({
    sentence: 'auc 1 → 2 (+1). It is so.',
    conclusions: [conclusion('may_be_chance', chance)]
  });
  expect(screen.getByRole('listitem').textContent.trim()).toBe(
    'It may be chance: 4 repeats gave ±2.'
  );
});
