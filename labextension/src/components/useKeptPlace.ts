import * as React from 'react';

/** Where the list was scrolled to and which row had the focus, for when it comes back into sight. */
export function useKeptPlace(
  isHidden: boolean,
  tree: React.RefObject<HTMLDivElement>,
  active: string | null
): React.RefObject<HTMLDivElement> {
  const scroll = React.useRef<HTMLDivElement>(null);
  const kept = React.useRef(0);
  const wasHidden = React.useRef(isHidden);
  React.useLayoutEffect(() => {
    if (wasHidden.current && !isHidden && scroll.current) {
      scroll.current.scrollTop = kept.current;
      // Only where what was in its place took the focus with it: who chose a tab stays on it.
      if (document.activeElement === document.body) {
        findRow(tree.current, active)?.focus({ preventScroll: true });
      }
    }
    wasHidden.current = isHidden;
  }, [isHidden, tree, active]);
  React.useEffect(() => {
    const area = scroll.current;
    const keep = () => {
      if (!wasHidden.current) {
        kept.current = area?.scrollTop ?? 0;
      }
    };
    area?.addEventListener('scroll', keep, { passive: true });
    return () => {
      area?.removeEventListener('scroll', keep);
    };
  }, []);
  return scroll;
}

/** The element of a row, by the row's key. */
export function findRow(tree: HTMLElement | null, key: string | null): HTMLElement | undefined {
  const rows = [...(tree?.querySelectorAll<HTMLElement>('[data-key]') ?? [])];
  return rows.find(row => row.dataset.key === key);
}
