/** How much of what a session's cells read was seen, and by what: the sentence that nbops prints elsewhere. Pure. */

import type { Translation } from './tokens';
import type { Session } from './wire';

const KNOWN = ['audit', 'wrapper', 'monitor', 'user'];

/** 12 reads: 9 by audit, 3 by wrapper, 0 only by the net, 0 unexplained; all with a digest. */
export function sayCoverage(
  { coverage, net_problem }: Pick<Session, 'coverage' | 'net_problem'>,
  trans: Translation
): string {
  const count = (how: string): number => coverage?.[how] ?? 0;
  const known = KNOWN.filter(how => count(how) > 0);
  const net = count('net') + count('name');
  const total = known.reduce((sum, how) => sum + count(how), net);
  const besides = sayBesides(count, trans);
  if (total === 0 && count('unexplained') === 0) {
    return [trans.__('no data was read'), ...besides].join('; ');
  }
  const by = [
    ...known.map(how => trans.__('%1 by %2', String(count(how)), sayLayer(how, trans))),
    trans.__('%1 only by the net', String(net)),
    // Else nobody measured.
    ...(coverage && 'unexplained' in coverage
      ? [trans.__('%1 unexplained', String(count('unexplained')))]
      : [])
  ];
  return [
    `${trans._n('%1 read', '%1 reads', total)}: ${by.join(', ')}`,
    sayDigests(count, trans),
    ...besides,
    ...(net_problem ? [trans.__('the net was not out everywhere: %1', net_problem)] : [])
  ].join('; ');
}

function sayDigests(count: (how: string) => number, trans: Translation): string {
  const [missing, waiting] = [count('missing'), count('waiting')];
  const gaps = [
    missing > 0 ? trans.__('%1 without a digest', String(missing)) : '',
    waiting > 0 ? trans.__('%1 not hashed yet', String(waiting)) : ''
  ].filter(text => text !== '');
  return gaps.join(', ') || trans.__('all with a digest');
}

/** What is no read that a cell is known to have made. */
function sayBesides(count: (how: string) => number, trans: Translation): readonly string[] {
  const [named, outside] = [count('code'), count('uncredited')];
  return [
    named > 0 ? trans.__('%1 more named in the code, and not seen to be read', String(named)) : '',
    outside > 0
      ? trans._n('%1 file opened by no running cell', '%1 files opened by no running cell', outside)
      : ''
  ].filter(text => text !== '');
}

function sayLayer(how: string, trans: Translation): string {
  return how === 'user' ? trans.__('hand') : how === 'monitor' ? trans.__('monitoring') : how;
}
