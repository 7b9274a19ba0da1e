import * as React from 'react';

/** Rows drawn above and below what is in sight, so that a quick hand sees no gap. */
const SPARE = 8;

interface RowsInSight {
  readonly first: number;
  readonly last: number;
  readonly width: number;
  readonly rowHeight: number;
  /** Scroll until a row is in sight. */
  readonly reveal: (place: number) => void;
}

/** Which rows of a scrolling area are in sight; all rows of one width are of one height. */
export function useWindow(
  area: React.RefObject<HTMLDivElement>,
  total: number,
  heightFor: (width: number) => number
): RowsInSight {
  const [box, setBox] = React.useState({ top: 0, height: 600, width: 0 });
  React.useLayoutEffect(() => {
    const element = area.current;
    if (!element) {
      return;
    }
    const measure = () => {
      const { scrollTop: top, clientHeight: height, clientWidth: width } = element;
      setBox(now =>
        now.top === top && now.height === height && now.width === width
          ? now
          : { top, height, width }
      );
    };
    measure();
    element.addEventListener('scroll', measure, { passive: true });
    const observer = typeof ResizeObserver === 'undefined' ? null : new ResizeObserver(measure);
    observer?.observe(element);
    return () => {
      element.removeEventListener('scroll', measure);
      observer?.disconnect();
    };
  }, [area]);
  const rowHeight = heightFor(box.width);
  const first = Math.max(0, Math.floor(box.top / rowHeight) - SPARE);
  const last = Math.min(total - 1, Math.ceil((box.top + box.height) / rowHeight) + SPARE);
  const reveal = (place: number) => {
    const element = area.current;
    if (element) {
      const top = place * rowHeight;
      const lowest = top + rowHeight - element.clientHeight;
      element.scrollTop = Math.max(lowest, Math.min(top, element.scrollTop));
    }
  };
  return { first, last, width: box.width, rowHeight, reveal };
}
