/** Two texts, line by line. Pure. */

import { diffLines } from 'diff';

import type { DiffLine } from './compared';

/** Unchanged lines that are shown around a change. */
const CONTEXT = 3;

/** What makes the second text of the first; unchanged lines far from any change are left out. */
export function compareLines(before: string, after: string): readonly DiffLine[] {
  const parts = diffLines(endLine(before), endLine(after));
  return parts.flatMap((part, index): readonly DiffLine[] => {
    const lines = part.value.replace(/\n$/, '').split('\n');
    if (part.added || part.removed) {
      const op = part.added ? 'added' : 'removed';
      return lines.map(text => ({ op, text }));
    }
    return shorten(lines, index === 0, index === parts.length - 1);
  });
}

function shorten(lines: readonly string[], isFirst: boolean, isLast: boolean): readonly DiffLine[] {
  const head = isFirst ? 0 : CONTEXT;
  const tail = isLast ? 0 : CONTEXT;
  const same = (text: string): DiffLine => ({ op: 'same', text });
  if (lines.length <= head + tail + 1) {
    return lines.map(same);
  }
  return [
    ...lines.slice(0, head).map(same),
    { op: 'gap', text: '' },
    ...lines.slice(lines.length - tail).map(same)
  ];
}

/** A text that does not end its last line differs from one that does, and nobody cares. */
function endLine(text: string): string {
  return text.endsWith('\n') ? text : `${text}\n`;
}
