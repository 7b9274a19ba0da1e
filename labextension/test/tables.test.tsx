import { cleanup, render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, expect, test } from 'vitest';

import type { CellDetails, SavedOutput } from '../src/answers';
import { OutputPairs } from '../src/components/OutputPairs';
import { h } from '../src/h';
import { compareShown } from '../src/tableDiff';

afterEach(cleanup);

/** As pandas shows a frame. */
function frame(columns: readonly string[], rows: readonly (readonly unknown[])[]): string {
  const head = ['', ...columns].map(name => `<th>${name}</th>`).join('');
  const body = rows.map(([label, ...cells]) => {
    const values = cells.map(cell => `<td>${String(cell)}</td>`).join('');
    return `<tr><th>${String(label)}</th>${values}</tr>`;
  });
  return `<div><style>td {}</style><table class="dataframe"><thead><tr>${head}</tr></thead>
    <tbody>${body.join('')}</tbody></table><p>a size</p></div>`;
}

function shown(...forms: readonly Readonly<Record<string, unknown>>[]): readonly SavedOutput[] {
  return forms.map(data => ({ output_type: 'execute_result', data }));
}

const html = (...pages: readonly string[]) => shown(...pages.map(page => ({ 'text/html': page })));

function diff(a: readonly SavedOutput[], b: readonly SavedOutput[]) {
  const [found] = compareShown(a, b) ?? [];
  return found && { ...found, rows: found.rows.map(({ label, of }) => `${of} ${label}`) };
}

function showPair(a: readonly SavedOutput[], b: readonly SavedOutput[]): void {
  const load = (id: string) =>
    Promise.resolve({ outputs: id === 'a.1' ? a : b } as unknown as CellDetails);
  const outputs = [{ name: 'scores', a_cell: 'a.1', b_cell: 'b.1' }];
  render(<OutputPairs outputs={outputs} load={load} />);
}

const A = frame(['auc', 'n'], [['forest', 0.8, 9], ['ridge', 0.7, 9], ['old', 0.1, 1]]); // prettier-ignore
const B = frame(['auc', 'n'], [['new', 0.2, 2], ['forest', 0.9, 9], ['ridge', 0.7, 9]]); // prettier-ignore

test('of two tables the rows that differ are shown, with both values', async () => {
  showPair(html(A), html(B));
  const cells = within(await screen.findByRole('group', { name: 'Cells that differ' }));
  expect(cells.getAllByRole('row').map(row => row.textContent.trim().replace(/\s+/g, ' '))).toEqual(
    ['auc n', 'B new0.22', 'forest0.8 → 0.99', 'A old0.11']
  );
  expect(
    screen.getByText('1 of 4 cells differs · 1 row only in A · 1 row only in B · 1 row is the same')
  ).toBeTruthy();
  await userEvent.click(screen.getByRole('button', { name: 'Side by side' }));
  expect(screen.queryByRole('group', { name: 'Cells that differ' })).toBeNull();
  await userEvent.click(screen.getByRole('button', { name: 'Which cells differ' }));
  expect(screen.getByRole('group', { name: 'Cells that differ' })).toBeTruthy();
});

test('what stands beside a table is seen first', async () => {
  const said = { output_type: 'stream', text: 'fitted' } as const;
  showPair([said, ...html(A)], [said, ...html(B)]);
  expect(await screen.findByRole('button', { name: 'Which cells differ' })).toBeTruthy();
  expect(screen.queryByRole('group', { name: 'Cells that differ' })).toBeNull();
});

test('a column that one side alone has is named, and is no difference of each row', () => {
  const more = frame(['auc', 'f1', 'n'], [['forest', 0.8, 0.5, 9], ['ridge', 0.7, 0.5, 8]]); // prettier-ignore
  const found = diff(html(A), html(more));
  expect(found?.columns.map(({ label, of }) => `${of} ${label}`)).toEqual([
    'both auc',
    'b f1',
    'both n'
  ]);
  expect(found?.rows).toEqual(['both ridge', 'a old']);
});

test('rows are known by all of their labels, also those that span several rows', () => {
  const page = (
    value: number
  ) => `<table><thead><tr><th></th><th></th><th colspan="2">score</th></tr>
    <tr><th>kind</th><th>n</th><th>mean</th><th>std</th></tr></thead><tbody>
    <tr><th rowspan="2">fit</th><th>1</th><td>1</td><td>2</td></tr>
    <tr><th>2</th><td>3</td><td>${value}</td></tr></tbody></table>`;
  const found = diff(html(page(4)), html(page(5)));
  expect(found?.columns.map(({ label }) => label)).toEqual(['score / mean', 'score / std']);
  expect(found?.rows).toEqual(['both fit / 2']);
});

test('rows without labels are known by their place, and labels that come again one by one', () => {
  const bare = (last: string) => `<table><tr><td>x</td></tr><tr><td>${last}</td></tr></table>`;
  expect(diff(html(bare('y')), html(bare('z')))?.rows).toEqual(['both #2']);
  const twice = (last: string) => frame(['v'], [['k', 'x'], ['k', last]]); // prettier-ignore
  expect(diff(html(twice('y')), html(twice('z')))?.rows).toEqual(['both k (2)']);
});

test('data of a table without HTML are compared, too', () => {
  const resource = (auc: number) =>
    shown({
      'application/vnd.dataresource+json': {
        schema: { fields: [{ name: 'index' }, { name: 'auc' }], primaryKey: ['index'] },
        data: [{ index: 'forest', auc }, { index: 'ridge', auc: 0.7 }] // prettier-ignore
      }
    });
  const found = compareShown(resource(0.8), resource(0.9));
  expect(found?.[0]?.rows).toEqual([
    { label: 'forest', of: 'both', cells: [{ a: '0.8', b: '0.9' }] }
  ]);
});

test('nothing is offered where it would say nothing', () => {
  expect(compareShown(html(A), html(A)), 'the same').toBeNull();
  expect(compareShown(html(A), html(A, A)), 'another number').toBeNull();
  expect(compareShown(html(A), html('<p>no table</p>'))).toBeNull();
  const other = frame(['x'], [['k', 1]]); // prettier-ignore
  expect(compareShown(html(A), html(other)), 'nothing in common').toBeNull();
});

test('a hostile table is text, and one that claims a huge size is left alone', async () => {
  const evil = '<img src=x onerror="window.hacked = 1"><script>window.hacked = 1</script>&lt;b&gt;';
  showPair(html(frame(['v'], [['k', '1']])), html(frame(['v'], [['k', evil]]))); // prettier-ignore
  const group = await screen.findByRole('group', { name: 'Cells that differ' });
  expect(group.querySelector('ins')?.textContent).toBe('<b>');
  expect(group.querySelector('img, script, b')).toBeNull();
  expect((window as unknown as { hacked?: number }).hacked).toBeUndefined();
  const broken = shown({
    'application/vnd.dataresource+json': { schema: { fields: [null] }, data: [null] }
  });
  expect(compareShown(broken, broken)).toBeNull();
  const rows = '<tr><td colspan="1000" rowspan="60000">x</td></tr>'.repeat(50);
  expect(compareShown(html(`<table>${rows}</table>`), html(`<table>${rows}y</table>`))).toBeNull();
});
