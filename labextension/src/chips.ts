/** What there is to say of a cell run, one chip a fact; none when there is nothing. Pure. */

import type { CellState } from './answers';
import { describeNames } from './listings';
import type { Translation } from './tokens';
import { isRead } from './trust';
import {
  sayState,
  showCount,
  showDigest,
  showMetric,
  showMove,
  showScalar,
  showShape
} from './wording';
import type { CellRun, DataRef, MetricPoint, Metrics, MetricValue, Params, Run } from './wire';

export interface Chip {
  readonly key: string;
  readonly tone: 'plain' | 'result' | 'failed' | 'warning';
  /** What it is about; cut when it is long. */
  readonly label: string;
  /** The part that counts: a value, a digest, a change. Never cut. */
  readonly value: string;
  /** How it moved. */
  readonly move: string;
  /** The whole, for the tooltip. */
  readonly title: string;
  /** The two runs whose comparison explains a move. */
  readonly compares: { readonly a: string; readonly b: string } | null;
  /** The content whose origin and readers can be shown. */
  readonly traces: string | null;
  /** How a metric went so far, while it does. */
  readonly curve: readonly MetricPoint[];
}

/** A cell run and the runs that began in it, oldest first: several for `with nbops.track(...)`. */
export interface Scene {
  readonly cellRun: CellRun;
  readonly begun: readonly Run[];
}

const MARK_LINE = /^\s*(%%track\b|#\s*track:).*\n?/;

/** Chips of one kind beyond which the rest are only counted. */
const MOST = 4;

/**
 * Say what there is to say of a cell run.
 *
 * @param before - The last run of the same cell before it.
 */
export function describe(
  now: Scene,
  before: Scene | null,
  isEnvironmentNew: boolean,
  trans: Translation
): readonly Chip[] {
  const { cellRun, begun } = now;
  const compares = comparedRuns(cellRun, before?.cellRun ?? null);
  return [
    ...describeFailure(cellRun, trans),
    ...(cellRun.status === 'running'
      ? describeGoing(metricsOf(now), trans)
      : describeMetrics(metricsOf(now), before ? metricsOf(before) : {}, compares, trans)),
    ...describeParams(paramsOf(now), before ? paramsOf(before) : {}, trans),
    ...describeRuns(begun, trans),
    ...describeData('read', cellRun.reads, before?.cellRun.reads ?? [], trans),
    ...describeListings(cellRun, before?.cellRun ?? null, trans),
    ...describeData('written', cellRun.writes, [], trans),
    ...describeCode(cellRun, before?.cellRun ?? null, trans),
    ...describeEnvironment(isEnvironmentNew, trans),
    ...cellRun.warnings.map((label, index) => chip({ key: `w${index}`, label, tone: 'warning' }))
  ];
}

/** How a cell stands to what it shows, one chip a kind; that it failed its error says. */
export function describeStates(state: CellState, trans: Translation): readonly Chip[] {
  const kinds = new Set(state.marks.map(({ kind }) => kind).filter(kind => kind !== 'failed'));
  return [...kinds].map(kind => {
    const told = state.marks.filter(mark => mark.kind === kind);
    const title = told.map(({ message, way_out }) => `${message}\n${way_out}`).join('\n');
    return chip({ key: `s${kind}`, label: sayState(kind, trans), tone: 'warning', title });
  });
}

/** Last value that was logged. */
export function lastValue(metrics: Metrics, name: string): MetricValue | null {
  return metrics[name]?.at(-1)?.[1] ?? null;
}

/** Those that a cell logged itself, and those of the one run it is, such as its own MLflow run's. */
function metricsOf({ cellRun, begun: [run, ...more] }: Scene): Metrics {
  const isWhole = run && more.length === 0 && run.cell_run_ids.length === 1;
  return isWhole ? { ...run.metrics, ...cellRun.metrics } : cellRun.metrics;
}

function paramsOf({ cellRun, begun: [run, ...more] }: Scene): Params {
  return run && more.length === 0 ? { ...run.params, ...cellRun.params } : cellRun.params;
}

function comparedRuns(cellRun: CellRun, before: CellRun | null): Chip['compares'] {
  const [a, b] = [before?.run_id, cellRun.run_id];
  return a && b && a !== b ? { a, b } : null;
}

function describeFailure(cellRun: CellRun, trans: Translation): readonly Chip[] {
  const { status, error } = cellRun;
  if (status === 'error' && error) {
    const label = error.message ? `${error.name}: ${error.message}` : error.name;
    return [chip({ key: 'error', label, tone: 'failed' })];
  }
  const words = {
    error: trans.__('failed'),
    interrupted: trans.__('interrupted'),
    died: trans.__('the kernel died')
  };
  return status in words
    ? [chip({ key: 'error', label: words[status as keyof typeof words], tone: 'failed' })]
    : [];
}

function describeMetrics(
  now: Metrics,
  then: Metrics,
  compares: Chip['compares'],
  trans: Translation
): readonly Chip[] {
  const chips = Object.keys(now).map(name => {
    const [value, earlier] = [lastValue(now, name), lastValue(then, name)];
    const hasBoth = typeof value === 'number' && typeof earlier === 'number';
    const move = hasBoth ? showMove(value - earlier) : '';
    const title = `${name} ${value ?? ''}`;
    return chip({
      key: `m${name}`,
      tone: 'result',
      label: name,
      value: showMetric(value),
      move,
      title: move ? trans.__('%1, was %2', title, String(earlier)) : title,
      compares: move ? compares : null
    });
  });
  return limit(chips, 'metrics', count => trans.__('%1 more metrics', String(count)));
}

/** Where metrics of a running cell are: half a training is no better or worse than a whole one. */
function describeGoing(now: Metrics, trans: Translation): readonly Chip[] {
  return describeMetrics(now, {}, null, trans).map(each => {
    const curve = now[each.label] ?? [];
    return curve.length > 1 ? { ...each, curve } : each;
  });
}

function describeParams(now: Params, then: Params, trans: Translation): readonly Chip[] {
  const names = Object.keys(now);
  const hasMoved = (name: string) => name in then && then[name] !== now[name];
  const chips = [...names.filter(hasMoved), ...names.filter(name => !hasMoved(name))].map(name => {
    const value = showScalar(now[name] ?? null);
    const text = hasMoved(name) ? `${showScalar(then[name] ?? null)} → ${value}` : value;
    return chip({ key: `p${name}`, label: name, value: text });
  });
  return limit(chips, 'params', count => trans.__('%1 more params', String(count)));
}

function describeRuns(begun: readonly Run[], trans: Translation): readonly Chip[] {
  if (begun.length < 2) {
    return [];
  }
  const title = begun.map(run => [run.name, ...metricWords(run)].join(' ')).join('\n');
  const label = trans._n('%1 run', '%1 runs', begun.length);
  return [chip({ key: 'runs', label, title, tone: 'result' })];
}

function metricWords(run: Run): string[] {
  return Object.keys(run.metrics).map(
    name => `${name} ${showMetric(lastValue(run.metrics, name))}`
  );
}

function describeData(
  direction: 'read' | 'written',
  now: readonly DataRef[],
  then: readonly DataRef[],
  trans: Translation
): readonly Chip[] {
  const earlier = new Map(then.map(ref => [ref.uri, ref.digest]));
  const refs = [...new Map(now.map(ref => [ref.uri, ref])).values()];
  const chips = refs.flatMap(ref => {
    const was = earlier.get(ref.uri);
    const isChanged = Boolean(was && ref.digest && was !== ref.digest);
    return describeRef(direction, ref, isChanged, trans);
  });
  return limit(chips, direction, count => trans.__('%1 more facts on data', String(count)), 6);
}

function describeRef(
  direction: 'read' | 'written',
  ref: DataRef,
  isChanged: boolean,
  trans: Translation
): readonly Chip[] {
  const key = `${direction}:${ref.uri}`;
  const arrow = direction === 'read' ? '↓' : '↑';
  const known = ref.digest ? showDigest(ref.digest) : '';
  const isNamed = !isRead(ref);
  const about = [
    ref.name,
    ref.uri,
    ref.digest ?? ref.missing ?? trans.__('its content is still being read'),
    ref.sampled ? trans.__('too large to be hashed as a whole: sampled') : ''
  ].filter(Boolean);
  const main = chip({
    key,
    tone: ref.missing && !isNamed ? 'warning' : 'plain',
    label: `${arrow} ${shortName(ref)}`,
    value: isNamed ? trans.__('named') : ref.missing ? trans.__('no content hash') : known,
    move: isChanged ? trans.__('changed') : '',
    title: about.join('\n'),
    traces: ref.digest
  });
  return ref.shape
    ? [main, chip({ key: `${key}:shape`, label: '', value: showShape(ref.shape), title: ref.name })]
    : [main];
}

function describeListings(
  now: CellRun,
  before: CellRun | null,
  trans: Translation
): readonly Chip[] {
  const chips = describeNames(now.listings ?? [], before?.listings ?? [], trans).map(chip);
  return limit(chips, 'listed', count => trans.__('%1 more folders', String(count)));
}

/** Files by their own name: the folders are in the tooltip. */
function shortName({ kind, name }: DataRef): string {
  const isPlace = kind === 'file' || kind === 'folder' || kind === 'url';
  return (isPlace ? /[^/]+(?=\/*$)/.exec(name)?.[0] : null) ?? name;
}

function describeCode(
  cellRun: CellRun,
  before: CellRun | null,
  trans: Translation
): readonly Chip[] {
  if (!before || codeOf(before.source) === codeOf(cellRun.source)) {
    return [];
  }
  const label = trans.__('code changed since %1', showCount(before.execution_count));
  return [chip({ key: 'code', label })];
}

/** A cell's code without the line that marks it as a run: what that says are params. */
function codeOf(source: string): string {
  return source.replace(MARK_LINE, '');
}

function describeEnvironment(isNew: boolean, trans: Translation): readonly Chip[] {
  return isNew ? [chip({ key: 'environment', label: trans.__('environment changed') })] : [];
}

/** The first few, and how many there are beside them, with their names in the tooltip. */
function limit(
  chips: readonly Chip[],
  key: string,
  word: (count: number) => string,
  most = MOST
): readonly Chip[] {
  if (chips.length <= most + 1) {
    return chips;
  }
  const rest = chips.slice(most);
  const title = rest.map(each => [each.label, each.value, each.move].join(' ').trim()).join('\n');
  return [...chips.slice(0, most), chip({ key: `${key}:more`, label: word(rest.length), title })];
}

function chip(parts: Partial<Chip> & Pick<Chip, 'key' | 'label'>): Chip {
  const { label, value = '', move = '' } = parts;
  return {
    tone: 'plain',
    value,
    move,
    title: [label, value, move].filter(text => text !== '').join(' '),
    compares: null,
    traces: null,
    curve: [],
    ...parts
  };
}
