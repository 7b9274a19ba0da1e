import * as React from 'react';

/** Where an area was scrolled to and what in it had the focus, for when it comes back into sight. */
export function useKeptPlace(isHidden: boolean): React.RefObject<HTMLDivElement> {
  const scroll = React.useRef<HTMLDivElement>(null);
  const keptTop = React.useRef(0);
  const keptFocus = React.useRef<HTMLElement | null>(null);
  const wasHidden = React.useRef(isHidden);
  React.useLayoutEffect(() => {
    if (wasHidden.current && !isHidden && scroll.current) {
      scroll.current.scrollTop = keptTop.current;
      // Only where what was in its place took the focus with it: who chose a tab stays on it.
      if (document.activeElement === document.body) {
        (keptFocus.current ?? scroll.current).focus({ preventScroll: true });
      }
    }
    wasHidden.current = isHidden;
  }, [isHidden]);
  React.useEffect(() => {
    const area = scroll.current;
    const keepTop = () => {
      if (!wasHidden.current) {
        keptTop.current = area?.scrollTop ?? 0;
      }
    };
    const keepFocus = ({ target }: FocusEvent) => {
      const focused = target as HTMLElement;
      keptFocus.current = focused.closest<HTMLElement>('[data-key]') ?? focused; // a row, not its buttons
    };
    area?.addEventListener('scroll', keepTop, { passive: true });
    area?.addEventListener('focusin', keepFocus);
    return () => {
      area?.removeEventListener('scroll', keepTop);
      area?.removeEventListener('focusin', keepFocus);
    };
  }, []);
  return scroll;
}
