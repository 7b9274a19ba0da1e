/** The runs that someone picked to compare, in the order in which they were picked. */

import { Signal } from '@lumino/signaling';
import type { ISignal } from '@lumino/signaling';

import type { Instant } from './wire';

/** Beyond so many a comparison tells nobody anything. */
export const MOST_PICKED = 50;

export interface Picked {
  readonly ids: readonly string[];
  /** What the others are compared with; null: the one that started first. */
  readonly baseline: string | null;
}

/**
 * The runs to compare: A, what the others are compared with, comes first.
 *
 * @param startOf - When a run started; null where that is not known.
 */
export function inOrder(
  { ids, baseline }: Picked,
  startOf: (id: string) => Instant | null
): readonly string[] {
  const time = (id: string) => (id === baseline ? -Infinity : Date.parse(startOf(id) ?? ''));
  return [...ids].sort((one, other) => {
    const [a, b] = [time(one), time(other)];
    return a === b || Number.isNaN(a) || Number.isNaN(b) ? 0 : a - b;
  });
}

export class Picks {
  get state(): Picked {
    return this._state;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  toggle(id: string): void {
    const { ids, baseline } = this._state;
    if (ids.includes(id)) {
      this.become({
        ids: ids.filter(each => each !== id),
        baseline: baseline === id ? null : baseline
      });
    } else if (ids.length < MOST_PICKED) {
      this.become({ ids: [...ids, id], baseline });
    }
  }

  /** Make a run what the others are compared with, or no longer. */
  setBaseline(id: string): void {
    const { ids, baseline } = this._state;
    this.become({
      ids: ids.includes(id) ? ids : [...ids, id],
      baseline: baseline === id ? null : id
    });
  }

  clear(): void {
    this.become({ ids: [], baseline: null });
  }

  private become(state: Picked): void {
    this._state = state;
    this._changed.emit();
  }

  private _state: Picked = { ids: [], baseline: null };
  private readonly _changed = new Signal<this, void>(this);
}
