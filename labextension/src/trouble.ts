/** Why a question to the server got no answer that can be shown. */

export type TroubleKind =
  /** Nobody answered, or only a proxy in between. */
  | 'offline'
  /** There is a Jupyter server, but nbops is not part of it. */
  | 'not-enabled'
  /** nbops answered with an error of its own: its message and hint are for people. */
  | 'refused'
  /** The server's nbops is newer than this panel. */
  | 'too-new'
  | 'unreadable';

export class Trouble extends Error {
  constructor(
    readonly kind: TroubleKind,
    message: string,
    readonly hint = ''
  ) {
    super(message);
    this.name = 'Trouble';
  }
}

export function asTrouble(reason: unknown): Trouble {
  return reason instanceof Trouble ? reason : new Trouble('unreadable', String(reason));
}
