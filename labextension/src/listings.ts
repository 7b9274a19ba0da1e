import type { Chip } from './chips';
import type { Translation } from './tokens';
import type { Listing } from './wire';

/** What names were asked for: `data/*.csv`. */
export function showListing({ name, patterns }: Listing): string {
  const [pattern = '', ...more] = patterns;
  return more.length === 0 ? name + pattern : name;
}

/** How many there were, or why that is not known. */
export function sayNames({ name_count, missing }: Listing, trans: Translation): string {
  return missing ?? trans._n('%1 name', '%1 names', name_count ?? 0);
}

/** What chips say of names, and whether they are others than before. */
export function describeNames(
  now: readonly Listing[],
  then: readonly Listing[],
  trans: Translation
): readonly (Partial<Chip> & Pick<Chip, 'key' | 'label'>)[] {
  const keyOf = ({ uri, patterns }: Listing) => `listed:${[uri, ...patterns].join(' ')}`;
  const earlier = new Map(then.map(each => [keyOf(each), each.digest]));
  return now.map(each => {
    const was = earlier.get(keyOf(each));
    return {
      key: keyOf(each),
      tone: each.missing ? 'warning' : 'plain',
      label: `↓ ${showListing(each)}`,
      value: sayNames(each, trans),
      move: was && each.digest && was !== each.digest ? trans.__('changed') : '',
      title: each.uri
    };
  });
}
