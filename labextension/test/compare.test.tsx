import { cleanup, fireEvent, render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, expect, test, vi } from 'vitest';

import type { CellDetails, Difference, MetricRow, RunTable } from '../src/answers';
import { CompareView } from '../src/components/CompareView';
import { h } from '../src/h';
import { asMarkdown } from '../src/markdown';
import { mlflowLink } from '../src/links';
import { asHtml } from '../src/saving';
import { spyOnActions } from './fakes';
import type { Spies } from './fakes';
import { change, comparison, runRow, runsPage, table } from './records';
import { show } from './showing';
import type { ChangeKind } from '../src/compared';
import type { Scalar } from '../src/wire';

afterEach(cleanup);

function compare(parts: Partial<RunTable> = {}): Spies {
  const actions = spyOnActions();
  render(<CompareView table={table(parts)} isWide={false} actions={actions} />);
  return actions;
}

const { a, b } = comparison();
const THREE = { runs: [a, b, { ...b, run_id: 'c' }] };
const [AUC] = table().metrics;

test('better or worse is said where the direction is known, and only there', () => {
  const metrics = [
    { name: 'auc', a: 0.5, b: 0.75, delta: 0.25, goal: 'higher' },
    { name: 'log_loss', a: 0.5, b: 0.75, delta: 0.25, goal: 'lower' },
    { name: 'score', a: 0.5, b: 0.75, delta: 0.25, goal: null }
  ] as const;
  compare({ pairs: [comparison({ metrics })] });
  const cells = within(screen.getByRole('table', { name: 'Metrics' }))
    .getAllByRole('row')
    .map(row => row.querySelector('.nbops-Grid-change'));
  expect(cells.map(cell => cell?.textContent)).toEqual([
    'change',
    '+0.25, better',
    '+0.25, worse',
    '+0.25'
  ]);
  expect(cells.map(cell => /mod-(good|bad)/.exec(cell?.className ?? '')?.[1])).toEqual([
    undefined,
    'good',
    'bad',
    undefined
  ]);
});

test('figures lie one over the other where a person wants it, with a slider between them', async () => {
  const actions = spyOnActions();
  const figure = (image: string) =>
    ({
      outputs: [{ output_type: 'display_data', data: { 'image/png': image } }]
    }) as unknown as CellDetails;
  actions.details.mockImplementation(id => Promise.resolve(figure(id === 's.1' ? 'QQ==' : 'Qg==')));
  const outputs = [{ name: 'plot(df)', a_cell: 's.1', b_cell: 's.2' }];
  const pairs = [comparison({ outputs })];
  render(<CompareView table={table({ pairs })} isWide actions={actions} />);
  await userEvent.click(await screen.findByRole('button', { name: 'One over the other' }));
  const over = screen.getByAltText<HTMLImageElement>('Figure of B');
  expect(screen.getByAltText<HTMLImageElement>('Figure of A').src).toBe(
    'data:image/png;base64,QQ=='
  );
  fireEvent.change(screen.getByRole('slider'), { target: { value: '80' } });
  const under = screen.getByAltText<HTMLImageElement>('Figure of A');
  expect(Number(over.style.opacity)).toBeGreaterThan(Number(under.style.opacity));
  await userEvent.click(screen.getByRole('button', { name: 'Side by side' }));
  expect(screen.queryByRole('slider')).toBeNull();
});

test('a conclusion leads to the runs that it is made of', async () => {
  const pair = { a: 'p', b: 'q', a_value: 0.1, b_value: 0.2, delta: 0.1 };
  const conclusion = {
    says: 'because',
    metric: 'auc',
    delta: 0.042,
    sentence: 'Because of depth.',
    causes: ['param depth'],
    pairs: [pair],
    spread: null
  } as const;
  const actions = compare({ pairs: [comparison({ conclusions: [conclusion] })] });
  expect(screen.getByText(/Because of depth/)).toBeTruthy();
  await userEvent.click(screen.getByRole('button', { name: 'auc +0.1' }));
  expect(actions.explain).toHaveBeenCalledWith('q', 'p');
});

test('curves of both runs are drawn in the same axes', () => {
  const curves = [1, 2].map(end => [
    [0, 0, 't'],
    [1, end, 't']
  ]) as unknown as RunTable['metrics'][number]['curves'];
  const metrics = [{ name: 'auc', a: 0.871, b: 0.913, delta: 0.042 }];
  compare({ metrics: AUC ? [{ ...AUC, curves }] : [], pairs: [comparison({ metrics })] });
  const lines = screen.getByRole('img', { name: 'auc over steps' }).querySelectorAll('polyline');
  const ends = [...lines].map(line => line.getAttribute('points')?.split(' ').at(-1));
  expect(new Set(ends).size).toBe(2);
});

test('three runs are columns of one table, and a difference leads to its comparison', async () => {
  const metrics = [
    {
      name: 'auc',
      values: [0.1, 0.2, 0.3],
      deltas: [0, 0.1, 0.2],
      goal: 'higher',
      best: 2,
      curves: []
    }
  ] as const;
  const actions = compare({ ...THREE, metrics, trends: [{ sentence: 'auc rises with depth.' }] });
  expect(screen.getByText('auc rises with depth.')).toBeTruthy();
  expect(screen.getAllByRole('columnheader').map(cell => cell.textContent)).toEqual([
    'A',
    'B',
    'C'
  ]);
  await userEvent.click(screen.getByRole('button', { name: '+0.2, better' }));
  expect(actions.explain).toHaveBeenCalledWith('c', 'a');
});

test('of many runs each is a row, and the first and the best stand out among the curves', async () => {
  const runs = Array.from({ length: 30 }, (_, n) => ({ ...b, run_id: `r${n}`, name: `fit ${n}` }));
  const of = <Value,>(value: (n: number) => Value) => runs.map((_, n) => value(n));
  const row = { name: 'auc', values: of(n => n), deltas: of(n => n), goal: 'higher', best: 29 };
  const curves = of(n => [0, 1].map(step => [step, n + step, 't']));
  const metrics = [{ ...row, curves }] as unknown as RunTable['metrics'];
  const trends = of(n => ({ sentence: `conclusion ${n}` }));
  const actions = compare({ runs, metrics, trends });
  expect(screen.getAllByRole('columnheader').map(cell => cell.textContent.trim())).toContain('auc');
  const last = screen.getByRole('rowheader', { name: 'AD fit 29' });
  expect(last.title).toContain('fit 29 ');
  expect(screen.getAllByRole('rowheader').at(-1)).toBe(last);
  await userEvent.click(screen.getByRole('button', { name: 'auc' }));
  expect(screen.getAllByRole('rowheader')[0], 'the best first').toBe(last);
  await userEvent.click(screen.getByRole('button', { name: '+29, better' }));
  expect(actions.explain).toHaveBeenCalledWith('r29', 'r0');
  const curve = screen.getByRole('img', { name: 'auc over steps' });
  const lines = [...curve.querySelectorAll('polyline')];
  const isFaint = (line: Element) => line.classList.contains('nbops-mod-faint');
  expect(lines.filter(line => !isFaint(line)).map(line => line.textContent)).toEqual(['A', 'AD']);
  expect(isFaint(lines[0] as Element), 'what stands out is drawn last').toBe(true);
  expect(screen.getByText('27 more things can be said')).toBeTruthy();
});

test('in a table of runs what is as in A does not stand out', () => {
  const code = { kind: 'code', name: 'fit()', differs: true } as const;
  const differences = [
    { ...code, values: [1, null, 3], notes: ['', 'as in A', '+1 −0 lines'] },
    { ...code, name: 'tree()', values: [null, 2, null], notes: ['', 'not in A', 'as in A'] },
    { ...code, name: 'show()', values: [4, null, null], notes: ['', 'missing', 'missing'] }
  ];
  compare({ ...THREE, metrics: [], differences });
  const cells = screen.getAllByRole('cell').filter(cell => cell.textContent !== '');
  expect(cells.map(cell => [cell.textContent, cell.classList.contains('nbops-mod-out')])).toEqual([
    ['[1]', false],
    ['as in A', false],
    ['+1 −0 lines', true],
    ['–', false],
    ['[2]', true],
    ['–', false],
    ['[4]', false],
    ['–', true],
    ['–', true]
  ]);
});

test('it opens wide with the same runs', async () => {
  const actions = compare();
  await userEvent.click(screen.getByRole('button', { name: 'Open wide' }));
  expect(actions.openWide).toHaveBeenCalledWith(['a', 'b']);
});

test('as Markdown it is a table with the code, and nothing in it is markup', () => {
  const diff = [{ op: 'added', text: 'x = `1`' }] as const;
  const rows = { added: 1, removed: 0, is_reordered: false };
  const data = { ...rows, lines: [{ op: 'added', text: '7,<i>' }] } as const;
  const changes = [
    change({ kind: 'code', name: 'fit(<b>)', diff }),
    change({ kind: 'data', name: 'wine.csv', rows: data })
  ];
  const trends = [{ sentence: 'auc rises with <depth>.' }];
  const text = asMarkdown(table({ pairs: [comparison({ changes })], trends }));
  expect(text).toContain('A → B: wine.csv\n\n```diff\n+ 7,<i>\n```');
  expect(text).toContain('auc rises with \\<depth\\>.');
  expect(text).toContain('| auc | 0.871 | 0.913 (+0.042) |');
  expect(text).toContain('| depth | 4 | 8 |');
  expect(text).toContain('+ x = `1`');
  expect(text).toContain('fit(\\<b\\>)');
});

test('the saved file runs nothing and asks for nothing', () => {
  const shown = document.createElement('div');
  shown.innerHTML =
    '<p>auc</p><script>window.hacked = 1</script><iframe src="x"></iframe>' +
    '<div class="nbops-Views"><button>Side by side</button></div>';
  const saved = asHtml(shown, '<b>title</b>');
  expect(saved).toContain('<p>auc</p>');
  expect(saved).toContain("default-src 'none'");
  expect(saved).not.toMatch(/<script|<iframe|<b>title/);
  expect(saved, 'what needs a script to do something').not.toContain('Side by side');
});

test('only a server has a link to the run', () => {
  expect(mlflowLink(runRow())).toBeNull();
  expect(mlflowLink(runRow({ tracking_uri: 'http://mlflow:5000/' }))).toBe(
    'http://mlflow:5000/#/experiments/1/runs/m1'
  );
  expect(mlflowLink(runRow({ tracking_uri: 'javascript:alert(1)' }))).toBeNull();
});

test('rows of the table of runs have a second line of values where one needs it', () => {
  const width = vi.spyOn(HTMLElement.prototype, 'clientWidth', 'get').mockReturnValue(240);
  const heights = [{ 'metrics.auc': 0.98345 }, { 'params.rate': 'x'.repeat(40) }].map(values => {
    const known = runsPage({ fields: Object.keys(values) });
    show({ tab: 'runs', runs: { known, rows: new Map([[0, runRow({ values })]]) } });
    const { height } = screen.getByRole('option', { name: /^forest/ }).style;
    cleanup();
    return height;
  });
  expect(heights).toEqual(['46px', '65px']);
  width.mockRestore();
});

test('the table of runs is searched, sorted, picked and opened with the keyboard', async () => {
  const known = runsPage();
  const actions = show({ tab: 'runs', runs: { known, rows: new Map([[0, runRow()]]) } });
  expect(screen.getByRole('option', { name: /^forest/ }).getAttribute('aria-label')).toContain(
    'auc 0.913, depth 8'
  );
  await userEvent.type(screen.getByRole('searchbox', { name: /Search names/ }), 'f');
  expect(actions.ask).toHaveBeenLastCalledWith({ text: 'f' });
  await userEvent.click(screen.getByRole('button', { name: 'Filter, order and columns' }));
  await userEvent.type(
    screen.getByRole('combobox', { name: 'Condition' }),
    'auc{ArrowDown}{Enter}'
  );
  await userEvent.type(screen.getByRole('combobox', { name: 'Condition' }), '> 0.9{Enter}');
  expect(actions.ask).toHaveBeenLastCalledWith({ where: 'metrics.auc > 0.9' });
  screen.getByRole('listbox', { name: 'Runs' }).focus();
  await userEvent.keyboard(' b{Enter}');
  expect(actions.pick).toHaveBeenCalledWith('r1');
  expect(actions.setBaseline).toHaveBeenCalledWith('r1');
  expect(actions.openRun).toHaveBeenCalledWith(runRow());
});

test('a metric stands by each parameter that differs, a dot a run, and another can be chosen', async () => {
  const row = (name: string, values: MetricRow['values']): MetricRow => ({
    name,
    values,
    deltas: [],
    goal: null,
    best: null,
    curves: []
  });
  const differs = (kind: ChangeKind, name: string, values: readonly Scalar[]): Difference => ({
    kind,
    name,
    values,
    notes: [],
    differs: true
  });
  compare({
    ...THREE,
    metrics: [row('auc', [0.5, 0.9, 'NaN']), row('loss', [3, 2, 1])],
    differences: [
      differs('param', 'depth', [1, 2, 4]),
      differs('param', 'kind', ['a', null, 'b']),
      differs('package', 'pandas', ['2.0', '2.1', '2.2'])
    ]
  });
  const dots = (label: string) =>
    [...screen.getByRole('img', { name: label }).querySelectorAll('path')].map(
      dot => `${String(dot.getAttribute('d'))} ${dot.textContent}`
    );
  expect(dots('auc by depth')).toEqual([
    'M0.0,100.0h0 A: depth 1, auc 0.5',
    'M33.3,0.0h0 B: depth 2, auc 0.9'
  ]);
  expect(screen.queryByRole('img', { name: 'auc by kind' })).toBeNull();
  expect(screen.queryByRole('img', { name: 'auc by pandas' })).toBeNull();
  await userEvent.selectOptions(screen.getByRole('combobox', { name: 'Metric' }), 'loss');
  expect(dots('loss by depth')).toHaveLength(3);
  expect(dots('loss by kind')).toEqual([
    'M0.0,0.0h0 A: kind a, loss 3',
    'M100.0,100.0h0 C: kind b, loss 1'
  ]);
});
