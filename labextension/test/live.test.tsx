import { act, cleanup, fireEvent, render, screen } from '@testing-library/react';
import * as React from 'react';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { Anchored } from '../src/components/Anchored';
import { Elapsed } from '../src/components/Elapsed';
import { English, SurroundingsContext } from '../src/components/surroundings';
import { h } from '../src/h';
import { NOON } from './records';

beforeEach(() => {
  vi.useFakeTimers();
  vi.setSystemTime(Date.parse(NOON) + 41_000);
});

afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

function showElapsed(isVisible: boolean): void {
  const renderOutputs = () => ({ dispose: () => undefined });
  const surroundings = { trans: English, isVisible, now: () => new Date(), renderOutputs };
  render(
    <SurroundingsContext.Provider value={surroundings}>
      <Elapsed since={NOON} expected={null} />
    </SurroundingsContext.Provider>
  );
}

test('what runs ticks each second by itself', () => {
  showElapsed(true);
  expect(screen.getByText('0:41')).toBeTruthy();
  act(() => {
    vi.advanceTimersByTime(1000);
  });
  expect(screen.getByText('0:42')).toBeTruthy();
});

test('in a hidden panel nothing ticks', () => {
  showElapsed(false);
  expect(vi.getTimerCount()).toBe(0);
});

/** Height of a row; jsdom lays nothing out, so rows stand where their order puts them. */
const ROW = 50;

function List({ keys }: { readonly keys: readonly string[] }): React.JSX.Element {
  const scroll = React.useRef<HTMLDivElement>(null);
  return (
    <Anchored scrollRef={scroll}>
      {keys.map(key => (
        <div key={key} data-key={key}>
          {key}
        </div>
      ))}
    </Anchored>
  );
}

function layOut(): HTMLElement {
  const area = document.querySelector<HTMLElement>('.nbops-Scroll');
  if (!area) {
    throw new Error('not rendered');
  }
  const rows = () => [...area.querySelectorAll('[data-key]')];
  vi.spyOn(Element.prototype, 'getBoundingClientRect').mockImplementation(function (this: Element) {
    const top = this === area ? 0 : rows().indexOf(this) * ROW - area.scrollTop;
    return { top, bottom: top + ROW } as DOMRect;
  });
  vi.spyOn(area, 'scrollHeight', 'get').mockImplementation(() => rows().length * ROW);
  vi.spyOn(area, 'clientHeight', 'get').mockReturnValue(300);
  return area;
}

test('what the pointer is on stays where it is, and the newest shows when it leaves', () => {
  const { rerender } = render(<List keys={['b', 'a']} />);
  const area = layOut();
  fireEvent.pointerMove(screen.getByText('b'));
  rerender(<List keys={['c', 'b', 'a']} />);
  expect(area.scrollTop).toBe(ROW);
  expect((area.lastElementChild as HTMLElement).style.height).toBe(`${ROW + 300 - 3 * ROW}px`);
  fireEvent.pointerLeave(area);
  expect(area.scrollTop).toBe(0);
});

test('someone who scrolled meanwhile is left where they are', () => {
  const { rerender } = render(<List keys={['b', 'a']} />);
  const area = layOut();
  fireEvent.pointerMove(screen.getByText('b'));
  rerender(<List keys={['c', 'b', 'a']} />);
  fireEvent.wheel(area);
  fireEvent.pointerLeave(area);
  expect(area.scrollTop).toBe(ROW);
});

test('at the top, with the pointer elsewhere, the newest comes into sight', () => {
  const { rerender } = render(<List keys={['b', 'a']} />);
  const area = layOut();
  rerender(<List keys={['c', 'b', 'a']} />);
  expect(area.scrollTop).toBe(0);
});

test('scrolled away from the top, what is in sight stays', () => {
  const { rerender } = render(<List keys={['c', 'b', 'a']} />);
  const area = layOut();
  area.scrollTop = 60;
  rerender(<List keys={['d', 'c', 'b', 'a']} />);
  expect(area.scrollTop).toBe(60 + ROW);
});
