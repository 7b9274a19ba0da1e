/** A comparison as Markdown, to paste into an issue or a report. Pure. */

import type { RunTable } from './answers';
import { letterOf } from './letters';
import { showDelta, showInstant, showMetric, showScalar } from './wording';

/** What differs between runs: the sentence, then a table, then the code line by line. */
export function asMarkdown(found: RunTable): string {
  const { runs, sentence, metrics, differences, pairs, trends = [] } = found;
  const letters = runs.map((_, index) => letterOf(index));
  const head = [`| | ${letters.join(' | ')} |`, `|---|${letters.map(() => '---').join('|')}|`];
  const numbers = metrics.map(({ name, values, deltas }) =>
    row(
      name,
      values.map((value, index) => {
        const delta = deltas[index];
        return showMetric(value) + (delta ? ` (${showDelta(delta)})` : '');
      })
    )
  );
  const others = differences
    .filter(({ differs, kind }) => differs && kind !== 'code')
    .map(({ name, values }) => row(name, values.map(showScalar)));
  const quoted = pairs.flatMap((pair, index) =>
    pair.changes
      .map(({ name, diff, rows }) => ({
        name,
        quote: diff.length > 0 ? diff : (rows?.lines ?? [])
      }))
      .filter(({ quote }) => quote.length > 0)
      .map(({ name, quote }) => {
        const lines = quote.map(({ op, text }) => SIGNS[op] + text);
        const fence = '`'.repeat(Math.max(3, longestRun(lines.join('\n')) + 1));
        return `\n${letters[0]} → ${letters[index + 1]}: ${escape(name)}\n\n${fence}diff\n${lines.join('\n')}\n${fence}`;
      })
  );
  const sides = runs.map(
    ({ name, run_id, session_name, started_at }, index) =>
      `- **${letters[index]}** ${escape(name)} (${run_id.slice(0, 8)}) · ${escape(session_name)} · ${showInstant(started_at)}`
  );
  const table = [...numbers, ...others].length > 0 ? [...head, ...numbers, ...others] : [];
  const says = trends.map(trend => escape(trend.sentence));
  return [escape(sentence), ...says, '', ...sides, '', ...table, ...quoted, ''].join('\n');
}

const SIGNS = { same: '  ', removed: '- ', added: '+ ', gap: '  …' } as const;

function row(name: string, values: readonly string[]): string {
  return `| ${[name, ...values].map(escape).join(' | ')} |`;
}

/** What comes from a run is text, whatever it holds. */
function escape(text: string): string {
  return text.replace(/[\\`*_[\]<>|#]/g, sign => `\\${sign}`).replace(/\s*\n\s*/g, ' ');
}

function longestRun(text: string): number {
  return Math.max(0, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length));
}
