/** Running in a kernel what a person would type there. */

import { KernelMessage } from '@jupyterlab/services';
import type { Kernel } from '@jupyterlab/services';

import type { Failure } from './tokens';

export const START = '%load_ext nbops\n%track start';
export const STOP = '%track stop';

/** What nbops itself has to say, it says on stderr behind its name. */
const SAID = /^nbops: (.*)$/m;

/**
 * Run a magic; the request is sent before this returns.
 *
 * @returns Why it did not do what it says, or null when it did.
 */
export async function runMagic(
  kernel: Kernel.IKernelConnection,
  code: string
): Promise<Failure | null> {
  const first = await request(kernel, code);
  // A cell that fails takes with it what waits behind it; by now the queue is empty.
  return first === 'aborted' ? asFailure(await request(kernel, code)) : first;
}

async function request(
  kernel: Kernel.IKernelConnection,
  code: string
): Promise<Failure | 'aborted' | null> {
  let said = '';
  try {
    const future = kernel.requestExecute({
      code,
      silent: false,
      store_history: false,
      allow_stdin: false,
      // Where nbops is not installed this fails, and the user's cells behind it have to run on.
      stop_on_error: false
    });
    future.onIOPub = message => {
      said += readErrorOutput(message);
    };
    return readReply((await future.done).content, said);
  } catch (reason) {
    return { kind: 'said', text: reason instanceof Error ? reason.message : String(reason) };
  }
}

function asFailure(outcome: Failure | 'aborted' | null): Failure | null {
  return outcome === 'aborted' ? { kind: 'unconfirmed' } : outcome;
}

function readErrorOutput(message: KernelMessage.IIOPubMessage): string {
  const isError = KernelMessage.isStreamMsg(message) && message.content.name === 'stderr';
  return isError ? message.content.text : '';
}

function readReply(
  reply: KernelMessage.IExecuteReplyMsg['content'],
  said: string
): Failure | 'aborted' | null {
  if (reply.status === 'error') {
    const isMissing = reply.ename === 'ModuleNotFoundError' && reply.evalue.includes('nbops');
    return isMissing
      ? { kind: 'not-installed' }
      : { kind: 'said', text: `${reply.ename}: ${reply.evalue}` };
  }
  // Kernels send `aborted` too, as the protocol says; the types call it `abort`.
  if (reply.status !== 'ok') {
    return 'aborted';
  }
  const line = SAID.exec(said)?.[1];
  return line === undefined ? null : { kind: 'said', text: line };
}
