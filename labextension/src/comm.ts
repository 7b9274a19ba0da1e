/** Questions through a widget's comm: where no server knows of nbops, the kernel answers. */

import { RecordSource } from './source';
import type { Query } from './source';
import { Trouble } from './trouble';

/** A kernel that is busy answers when its cell is over. */
const PATIENCE_MS = 600_000;

/** What is used of an anywidget's model. */
export interface WidgetModel {
  get(name: string): unknown;
  send(content: unknown): void;
  on(event: 'msg:custom', listener: (message: unknown) => void): void;
  off(event: 'msg:custom', listener: (message: unknown) => void): void;
}

interface Answer {
  readonly number: number;
  /** JSON as the server would send it. */
  readonly json?: string;
  readonly error?: { readonly message: string; readonly hint: string };
}

export class CommSource extends RecordSource {
  constructor(private readonly model: WidgetModel) {
    super();
    model.on('msg:custom', this.onMessage);
  }

  dispose(): void {
    this.model.off('msg:custom', this.onMessage);
  }

  protected ask(name: string, query: Query, body?: unknown): Promise<unknown> {
    const number = ++this._count;
    return new Promise((resolve, reject) => {
      const timeout = setTimeout(() => {
        this._waiting.delete(number);
        reject(new Trouble('offline', 'the kernel does not answer'));
      }, PATIENCE_MS);
      this._waiting.set(number, ({ json, error }) => {
        clearTimeout(timeout);
        if (error) {
          reject(new Trouble('refused', error.message, error.hint));
        } else {
          resolve(JSON.parse(json ?? 'null'));
        }
      });
      this.model.send({ number, name, query, body: body ?? null });
    });
  }

  private readonly onMessage = (message: unknown): void => {
    const answer = message as Answer;
    const take = this._waiting.get(answer.number);
    this._waiting.delete(answer.number);
    take?.(answer);
  };

  private _count = 0;
  private readonly _waiting = new Map<number, (answer: Answer) => void>();
}
