/** Numbers, durations and times as people read them; numbers exactly as nbops prints them elsewhere. */

import type { StateKind } from './answers';
import type { StepStatus } from './pipelines';
import type { Translation } from './tokens';
import type { Conclusion, Side } from './compared';
import type { DataRef, Instant, MetricValue, Scalar, SessionStatus } from './wire';

const MINUS = '\u2212';
const DASH = '\u2013';

/** A metric's value with five digits that count. */
export function showMetric(value: MetricValue | null): string {
  return value === null ? DASH : showGeneral(Number(value), 5);
}

/** A change, with three digits that count and its sign. */
export function showDelta(delta: number): string {
  const text = showGeneral(Math.abs(delta), 3);
  return delta < 0 ? MINUS + text : `+${text}`;
}

/** A change as an arrow says it: ▲ 0.042. */
export function showMove(delta: number): string {
  if (delta === 0) {
    return '±0';
  }
  return `${delta > 0 ? '▲' : '▼'} ${showGeneral(Math.abs(delta), 3)}`;
}

export function showScalar(value: Scalar): string {
  if (value === null) {
    return DASH;
  }
  if (typeof value === 'boolean') {
    return value ? 'True' : 'False'; // a parameter is Python's
  }
  return typeof value === 'number' && !Number.isInteger(value)
    ? showGeneral(value, 6)
    : String(value);
}

/** Python's `%.{digits}g`: JavaScript's toPrecision turns to exponents elsewhere, and keeps zeros. */
export function showGeneral(value: number, digits: number): string {
  if (!Number.isFinite(value)) {
    return String(value);
  }
  const [mantissa = '', exponent = ''] = value.toExponential(digits - 1).split('e');
  const power = Number(exponent);
  if (power < -4 || power >= digits) {
    const sign = power < 0 ? '-' : '+';
    return `${trimZeros(mantissa)}e${sign}${String(Math.abs(power)).padStart(2, '0')}`;
  }
  return trimZeros(value.toFixed(Math.max(0, digits - 1 - power)));
}

function trimZeros(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

/** Seconds as people say them: 12 ms, 4.6 s, 1:15 min, 2:13 h. */
export function showDuration(seconds: number | null): string {
  if (seconds === null) {
    return '';
  }
  if (seconds < 0.9995) {
    return `${(seconds * 1000).toFixed(0)} ms`;
  }
  if (seconds < 59.95) {
    return `${seconds.toFixed(1)} s`;
  }
  const whole = Math.round(seconds);
  return whole < 3600
    ? `${Math.floor(whole / 60)}:${pad(whole % 60)} min`
    : `${Math.floor(whole / 3600)}:${pad(Math.floor((whole % 3600) / 60))} h`;
}

/** Time that something has been running for: 0:41, 1:02:03. */
export function showElapsed(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const minutes = Math.floor(whole / 60);
  const tail = `${minutes < 60 ? minutes : pad(minutes % 60)}:${pad(whole % 60)}`;
  return minutes < 60 ? tail : `${Math.floor(minutes / 60)}:${tail}`;
}

export function secondsBetween(from: Instant, to: Instant): number {
  return (Date.parse(to) - Date.parse(from)) / 1000;
}

export function showTime(instant: Instant): string {
  return new Date(instant).toLocaleTimeString([], { hour: 'numeric', minute: '2-digit' });
}

/** The day of an instant; today and yesterday by their names. */
export function showDay(instant: Instant, now: Date, trans: Translation): string {
  const day = new Date(instant);
  const yesterday = new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1);
  if (day.toDateString() === now.toDateString()) {
    return trans.__('Today');
  }
  if (day.toDateString() === yesterday.toDateString()) {
    return trans.__('Yesterday');
  }
  const isThisYear = day.getFullYear() === now.getFullYear();
  return day.toLocaleDateString([], {
    day: 'numeric',
    month: 'long',
    ...(isThisYear ? {} : { year: 'numeric' })
  });
}

/** An instant with its day, unless that is today. */
export function showMoment(instant: Instant, now: Date, trans: Translation): string {
  const isToday = new Date(instant).toDateString() === now.toDateString();
  const day = isToday ? trans.__('today') : showDay(instant, now, trans);
  return `${day} ${showTime(instant)}`;
}

/** At the edge of a chart, where a longer number would be cut, and so be another one: seven signs. */
export function showEdge(value: number): string {
  const size = Math.abs(value);
  return size !== 0 && (size < 0.01 || size >= 100_000)
    ? value.toExponential(1).replace('e+', 'e')
    : String(Number(value.toPrecision(3)));
}

/** Wherever and whenever it is read: to the minute, UTC. */
export function showInstant(instant: Instant): string {
  return `${new Date(instant).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/** As short as it can be said: today's by the time alone. */
export function showWhen(instant: Instant, now: Date, trans: Translation): string {
  const isToday = new Date(instant).toDateString() === now.toDateString();
  return isToday ? showTime(instant) : showDay(instant, now, trans);
}

/** Start of a digest, enough to tell two apart at a glance. */
export function showDigest(digest: string): string {
  return `${digest.slice(digest.indexOf(':') + 1).slice(0, 4)}…`;
}

/** Bytes as people say them: 812 B, 1.2 MB. */
export function showSize(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = Math.min(units.length - 1, bytes < 1 ? 0 : Math.floor(Math.log10(bytes + 0.5) / 3));
  const value = bytes / 1000 ** power;
  return `${power === 0 || value >= 99.95 ? value.toFixed(0) : value.toFixed(1)} ${units[power]}`;
}

/** Rows and columns: 569 × 31. */
export function showShape(shape: NonNullable<DataRef['shape']>): string {
  return shape.map(size => size.toLocaleString('en-US')).join(' × ');
}

export function showCount(executionCount: number | null): string {
  return `[${executionCount ?? ' '}]`;
}

/** A run by its name and, where one cell made it, that cell's count. */
export function nameSide({ name, execution_count }: Side): string {
  return execution_count === null ? name : `${name} ${showCount(execution_count)}`;
}

export function showStatus(status: SessionStatus, trans: Translation): string {
  switch (status) {
    case 'running':
      return trans.__('running');
    case 'finished':
      return trans.__('finished');
    case 'failed':
      return trans.__('failed');
    case 'died':
      return trans.__('died');
  }
}

/** What became of a pipeline's step, or is becoming. */
export function showStep(status: StepStatus, trans: Translation): string {
  switch (status) {
    case 'waiting':
      return trans.__('waiting');
    case 'unchanged':
      return trans.__('unchanged');
    case 'restored':
      return trans.__('restored');
    case 'left out':
      return trans.__('left out');
    case 'stopped':
      return trans.__('stopped');
    default:
      return showStatus(status, trans);
  }
}

/** First line of a cell that says something: what people recognise it by. */
export function firstLine(source: string): string {
  return (
    source
      .split('\n')
      .map(line => line.trim())
      .find(line => line !== '') ?? ''
  );
}

function pad(value: number): string {
  return String(value).padStart(2, '0');
}

/** How a cell stands to what it shows, in a word or two. */
export function sayState(kind: StateKind, trans: Translation): string {
  switch (kind) {
    case 'failed':
      return trans.__('Failed');
    case 'changed':
      return trans.__('Edited since it ran');
    case 'stale':
      return trans.__('Stale');
    case 'order':
      return trans.__('Out of order');
  }
}

/**
 * What a conclusion adds to the sentence above it: a metric's figures, how much changed, and that nobody can
 * tell, are said once.
 *
 * @param isAlone - Whether there is no other metric that it could be about.
 */
export function sayOnce({ sentence }: Conclusion, above: string): { said: string; isCut: boolean } {
  const figures = above.split(/, |\. /).find(part => part !== '' && sentence.startsWith(part));
  if (figures === undefined) {
    return { said: sentence, isCut: false };
  }
  const rest = sentence
    .slice(figures.length)
    .replace(/^[.,]? /, '')
    .replace(/^which may be/, 'it may be');
  const said = above.includes('cannot tell')
    ? rest.replace(/^\d+ things? changed; these records cannot tell [^.]*\.\s*/, '')
    : rest.replace(/^(\d+ things? changed; |but nothing that was recorded changed: .*)/, '');
  return { said, isCut: true };
}
