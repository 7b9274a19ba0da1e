/** The documents that the Python side is tested with, read by this side. */

import { readFileSync } from 'node:fs';

import { expect, test } from 'vitest';

import {
  parseCell,
  parseLineage,
  parseRuns,
  parseStates,
  parseTable,
  parseVersions
} from '../src/answers';
import { English } from '../src/components/surroundings';
import { parsePipelines } from '../src/pipelines';
import { sayCoverage } from '../src/coverage';
import { addAnswer } from '../src/history';
import { arrange } from '../src/rows';
import { NAMED_IN_CODE } from '../src/trust';
import { showDelta, showMetric } from '../src/wording';
import { parseComparison } from '../src/compared';
import { parseNotebook } from '../src/wire';
import type { ChangedNotebook } from '../src/wire';
import { cellRun, change, comparison, dataRef, run, session } from './records';

function readDocument(name: string): unknown {
  return JSON.parse(readFileSync(`${import.meta.dirname}/../../tests/wire/${name}.json`, 'utf8'));
}

const notebook = parseNotebook(readDocument('notebook')) as ChangedNotebook;
const why = parseComparison(readDocument('why'));
/** Names that this side relies on, in what that side sent. */
function namesOf(record: object): string[] {
  return Object.keys(record).sort();
}

function common(sent: object | undefined, expected: object): string[] {
  return namesOf(expected).filter(name => sent !== undefined && name in sent);
}

test('every field that the panel reads has the name that Python gives it', () => {
  const reads = notebook.cell_runs.find(cell => cell.reads.length > 0)?.reads[0];
  for (const [sent, expected] of [
    [notebook.sessions[0], session()],
    [notebook.cell_runs[0], cellRun(0)],
    [notebook.runs[0], run('r')],
    [reads, dataRef()],
    [why, comparison()],
    [why.a, comparison().a],
    [why.changes[0], change()]
  ] as const) {
    expect(common(sent, expected)).toEqual(namesOf(expected));
  }
});

test('a recorded session reads as the list that people see', () => {
  const history = addAnswer(null, notebook);
  const rows = history ? arrange(history, English) : [];
  const lines = rows.map(row =>
    row.kind === 'fold'
      ? `(${row.rows.length} ${row.reason})`
      : [row.line, ...row.chips.map(chip => [chip.label, chip.value, chip.move].join(' ').trim())]
  );
  expect(lines.slice(1)).toEqual([
    ['%track metric auc=score(m)', 'auc 0.913 ▲ 0.042'],
    ['%%track forest depth=8', 'depth 4 → 8', 'code changed since [3]', 'environment changed'],
    ['df.merge(regions)', "KeyError: 'region_id'"],
    [
      '%track metric auc=score(m)',
      'auc 0.871',
      'loss NaN',
      '↑ model.pkl no content hash',
      '↑ big.bin',
      'depth is named as a param, but there is no such variable'
    ],
    ['%%track forest depth=4', 'depth 4'],
    ["df = pd.read_csv('data/train.csv')", '↓ train.csv aaaa…', '569 × 31', '↓ data/*.csv 2 names'],
    '(1 before-tracking)'
  ]);
  expect(rows[0]).toMatchObject({ line: 'time.sleep(60)', cellRun: { status: 'running' } });
});

test('numbers are written as the sentence writes them', () => {
  const { name, a, b, delta } = why.metrics[0] ?? { name: '', a: null, b: null, delta: null };
  const text = `${name} ${showMetric(a)} → ${showMetric(b)} (${showDelta(delta ?? 0)})`;
  expect(why.sentence).toContain(text);
});

test('what is sent of runs, cells and data is read', () => {
  const page = parseRuns(readDocument('runs'));
  const rows = page.unchanged ? [] : page.rows;
  expect(rows.map(row => [row.name, row.user, row.values['metrics.auc']])).toContainEqual([
    'forest',
    'ada',
    0.913
  ]);
  expect(parseRuns(readDocument('runs-unchanged')).unchanged).toBe(true);
  const table = parseTable(readDocument('compare'));
  expect(table.metrics[0]?.values).toHaveLength(table.runs.length);
  expect(table.pairs).toHaveLength(table.runs.length - 1);
  expect(parseCell(readDocument('cell-run')).cell_run.source).toContain('auc=score(m)');
  expect(parseVersions(readDocument('versions')).versions[0]?.count).toBe(1);
  expect(parseStates(readDocument('states')).states.map(({ marks }) => marks[0]?.kind)).toEqual([
    'stale',
    'changed',
    'stale',
    'failed'
  ]);
  expect(parseLineage(readDocument('lineage')).read[0]?.notebook).toBe('churn.ipynb');
});

test.each([parseCell, parseLineage, parseRuns, parseStates, parseTable, parseVersions])(
  'a notebook is taken for nothing else by %o',
  parse => {
    expect(() => parse(readDocument('why'))).toThrow();
  }
);

test('the panel says of a session’s reads what the terminal says', () => {
  const { named_in_code, sentences } = readDocument('coverage') as {
    named_in_code: string;
    sentences: { coverage: Record<string, number>; net_problem: string | null; says: string }[];
  };
  expect(NAMED_IN_CODE).toBe(named_in_code);
  expect(sentences.length).toBeGreaterThan(5);
  expect(sentences.map(told => sayCoverage(told, English))).toEqual(
    sentences.map(({ says }) => says)
  );
});

test('pipelines are read with the run that a step repeats', () => {
  const [pipeline] = parsePipelines(readDocument('pipelines')).pipelines;
  expect(pipeline?.steps.map(({ name, path, status }) => [name, path, status])).toEqual([
    ['prepare', 'prepare.ipynb', 'unchanged'],
    ['train', 'train.ipynb', 'failed'],
    ['report', null, 'stopped']
  ]);
  expect(pipeline?.steps[0]?.run?.name).toBe('by hand');
  expect(() => parsePipelines({ format: 1 })).toThrow();
});
