/**
 * Tables that cells showed, as text. They come from a record: their HTML is read in a document of its own,
 * in which nothing runs and nothing is fetched.
 */

import type { SavedOutput } from './answers';

export interface ShownTable {
  /** Column by column, what stands above it; names that are there twice are numbered. */
  readonly columns: readonly string[];
  /** By what the row is called; else by its place. */
  readonly rows: ReadonlyMap<string, readonly string[]>;
}

/** Larger ones are looked at side by side alone. */
const MOST_CELLS = 20_000;

type Forms = Readonly<Record<string, unknown>>;

/** All tables among outputs; those without a row, or too large, are none. */
export function tablesOf(outputs: readonly SavedOutput[]): readonly ShownTable[] {
  return outputs
    .flatMap(({ data }) => {
      const forms = (data ?? {}) as Forms;
      return forms['text/html'] === undefined
        ? [readResource(forms['application/vnd.dataresource+json'])]
        : readHtml(asText(forms['text/html']));
    })
    .filter(table => table !== null);
}

function asText(form: unknown): string {
  return Array.isArray(form) ? form.join('') : String(form);
}

function readHtml(html: string): readonly (ShownTable | null)[] {
  const page = new DOMParser().parseFromString(html, 'text/html');
  for (const silent of page.querySelectorAll('script, style, template')) {
    silent.remove();
  }
  return [...page.querySelectorAll('table')].map(readTable);
}

function readTable(table: HTMLTableElement): ShownTable | null {
  const all = [...table.rows];
  const lines = all.length > MOST_CELLS ? null : spread(all);
  if (lines === null) {
    return null;
  }
  const isHead = (row: HTMLTableRowElement) =>
    row.parentElement?.tagName === 'THEAD' || [...row.cells].every(cell => cell.tagName === 'TH');
  const firstOfBody = all.findIndex(row => !isHead(row));
  if (firstOfBody < 0) {
    return null;
  }
  const [head, body] = [lines.slice(0, firstOfBody), lines.slice(firstOfBody)];
  const labels = Math.min(
    ...body.map(line => {
      const end = line.findIndex(({ isLabel }) => !isLabel);
      return end < 0 ? line.length : end;
    })
  );
  const width = Math.max(...lines.map(line => line.length));
  const columns = Array.from({ length: width }, (_, place) =>
    join(head.map(line => (line[place]?.isLabel ? line[place].text : '')))
  ).slice(labels);
  return makeTable(
    columns,
    body.map(line => ({
      label: join(line.slice(0, labels).map(({ text }) => text)),
      cells: line.slice(labels).map(({ text }) => text)
    }))
  );
}

interface Cell {
  readonly text: string;
  readonly isLabel: boolean;
}

const NO_CELL: Cell = { text: '', isLabel: false };

/** Each row with a cell for each column: one that spans several is in all of them. Null: too many. */
function spread(rows: readonly HTMLTableRowElement[]): readonly (readonly Cell[])[] | null {
  const lines: Cell[][] = rows.map(() => []);
  let left = MOST_CELLS;
  for (const [place, row] of rows.entries()) {
    let column = 0;
    for (const element of row.cells) {
      while (lines[place]?.[column]) {
        column += 1;
      }
      const text = element.textContent.trim().replace(/\s+/g, ' ');
      const cell = { text, isLabel: element.tagName === 'TH' };
      const reached = lines.slice(place, place + Math.max(element.rowSpan, 1));
      left -= reached.length * element.colSpan;
      if (left < 0) {
        return null;
      }
      for (const line of reached) {
        for (let step = 0; step < element.colSpan; step += 1) {
          line[column + step] = cell;
        }
      }
    }
  }
  return lines.map(line => Array.from(line, (cell: Cell | undefined) => cell ?? NO_CELL));
}

/** A table as pandas and others give it beside the HTML. */
function readResource(form: unknown): ShownTable | null {
  const { schema, data } = (form ?? {}) as { schema?: Forms; data?: unknown };
  const fields = schema?.fields;
  if (!Array.isArray(fields) || !Array.isArray(data) || fields.length * data.length > MOST_CELLS) {
    return null;
  }
  const keys = [schema?.primaryKey ?? []].flat().map(String);
  const names = (fields as readonly (Forms | null)[]).map(field => String(field?.name));
  const columns = names.filter(name => !keys.includes(name));
  const show = (row: Forms | null) => (name: string) => {
    const value = row?.[name] ?? '';
    return typeof value === 'string' ? value : JSON.stringify(value);
  };
  return makeTable(
    columns,
    (data as readonly (Forms | null)[]).map(row => ({
      label: join(keys.map(show(row))),
      cells: columns.map(show(row))
    }))
  );
}

function makeTable(
  columns: readonly string[],
  rows: readonly { readonly label: string; readonly cells: readonly string[] }[]
): ShownTable | null {
  if (rows.length === 0) {
    return null;
  }
  const labels = unique(rows.map(({ label }) => label));
  return {
    columns: unique(columns),
    rows: new Map(labels.map((label, place) => [label, rows[place]?.cells ?? []]))
  };
}

/** Names by which each can be found: what has none is called by its place, what comes again is numbered. */
function unique(names: readonly string[]): readonly string[] {
  const taken = new Set<string>();
  const counts = new Map<string, number>();
  return names.map((name, place) => {
    const shown = name === '' ? `#${place + 1}` : name;
    let own = shown;
    while (taken.has(own)) {
      const count = (counts.get(shown) ?? 1) + 1;
      counts.set(shown, count);
      own = `${shown} (${count})`;
    }
    taken.add(own);
    return own;
  });
}

function join(parts: readonly string[]): string {
  return [...new Set(parts.filter(part => part !== ''))].join(' / ');
}
