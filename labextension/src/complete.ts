/** What can be typed next in a condition such as `metrics.auc > 0.9 and status = 'finished'`. Pure. */

const COLUMNS = 'name status experiment notebook user origin session started duration'.split(' ');
const OPERATORS = ['=', '!=', '>', '>=', '<', '<=', 'like'];
const JOINTS = ['and', 'or'];
const MOST = 12;
const WORD = /((?:\w+\.)?`[^`]*`?|'[^']*'?|[\w./-]+|[<>!=]+)\s*/g;

export interface Completion {
  /** Where the word begins that is being typed. */
  readonly from: number;
  readonly options: readonly string[];
}

/** Complete a condition up to the cursor. */
export function complete(before: string, fields: readonly string[]): Completion {
  const words = [...before.matchAll(WORD)];
  const last = words.at(-1);
  const isTyping = last !== undefined && last[0] === last[1];
  const from = isTyping ? last.index : before.length;
  const done = (isTyping ? words.slice(0, -1) : words).map(word => word[1] ?? '');
  const typed = before.slice(from).toLowerCase();
  const fits = expected(done, fields).filter(
    option => option.toLowerCase().includes(typed) && option.toLowerCase() !== typed
  );
  const starting = (option: string) => (option.toLowerCase().startsWith(typed) ? 0 : 1);
  return { from, options: fits.sort((a, b) => starting(a) - starting(b)).slice(0, MOST) };
}

/** A condition goes: field, operator, value, then a joint. */
function expected(done: readonly string[], fields: readonly string[]): readonly string[] {
  const since = done.map(word => JOINTS.includes(word.toLowerCase())).lastIndexOf(true);
  switch (done.length - since - 1) {
    case 0:
      return [...fields.map(quote), ...COLUMNS];
    case 1:
      return OPERATORS;
    case 2:
      return [];
    default:
      return JOINTS;
  }
}

/** A name that is no plain word stands in quotes: metrics.`auc@1`. */
function quote(field: string): string {
  const dot = field.indexOf('.');
  const name = field.slice(dot + 1);
  return /^[\w/-]+(\.[\w/-]+)*$/.test(name) ? field : `${field.slice(0, dot)}.\`${name}\``;
}
