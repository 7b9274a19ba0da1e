import * as React from 'react';

import { h } from '../h';

interface AnchoredProps {
  readonly children: React.ReactNode;
  readonly scrollRef: React.RefObject<HTMLDivElement>;
}

interface Anchor {
  readonly element: Element;
  readonly top: number;
}

/**
 * A scrolling area whose content may grow above what someone looks at: what the pointer is on, or the
 * first thing in sight once scrolled, stays where it is. Browsers do so only away from the top, and
 * know nothing of the pointer.
 *
 * A class, for only a class can look at the page right before it changes.
 */
export class Anchored extends React.Component<AnchoredProps> {
  override getSnapshotBeforeUpdate(): Anchor | null {
    const element = this.findAnchor();
    return element && { element, top: element.getBoundingClientRect().top };
  }

  override componentDidUpdate(_: AnchoredProps, __: unknown, anchor: Anchor | null): void {
    const area = this.props.scrollRef.current;
    if (!area || !anchor?.element.isConnected) {
      return;
    }
    const moved = anchor.element.getBoundingClientRect().top - anchor.top;
    if (moved !== 0) {
      this.wasAtTop ||= area.scrollTop === 0;
      this.scrollTo(area, area.scrollTop + moved);
    }
  }

  override render(): React.JSX.Element {
    return (
      <div
        className="nbops-Scroll"
        ref={this.props.scrollRef}
        onPointerMove={event => {
          this.pointed = (event.target as Element).closest('[data-key]');
        }}
        onPointerLeave={this.onPointerLeave}
        onWheel={() => {
          this.wasAtTop = false;
        }}
      >
        {this.props.children}
        <div ref={this.filler} aria-hidden />
      </div>
    );
  }

  private findAnchor(): Element | null {
    const area = this.props.scrollRef.current;
    if (this.pointed?.isConnected) {
      return this.pointed;
    }
    if (!area || area.scrollTop === 0) {
      return null;
    }
    const { top } = area.getBoundingClientRect();
    const rows = [...area.querySelectorAll('[data-key]')];
    return rows.find(row => row.getBoundingClientRect().bottom > top) ?? null;
  }

  /** Scroll, and make room below where there is not enough content to scroll that far. */
  private scrollTo(area: HTMLDivElement, scrollTop: number): void {
    const filler = this.filler.current;
    if (filler) {
      const content = area.scrollHeight - filler.offsetHeight;
      const lacking = scrollTop + area.clientHeight - content;
      filler.style.height = `${Math.max(0, lacking)}px`;
    }
    area.scrollTop = scrollTop;
  }

  private readonly onPointerLeave = (): void => {
    const area = this.props.scrollRef.current;
    this.pointed = null;
    if (area && this.wasAtTop) {
      this.scrollTo(area, 0);
    }
    this.wasAtTop = false;
  };

  private readonly filler = React.createRef<HTMLDivElement>();
  private pointed: Element | null = null;
  /** Whether the newest was in sight before it was held back for the pointer. */
  private wasAtTop = false;
}
