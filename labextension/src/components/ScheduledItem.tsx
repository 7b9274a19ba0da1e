import * as React from 'react';

import { h } from '../h';
import type { ScheduledJob } from '../jobs';
import type { Asked } from '../navigation';
import { isFailedRun } from '../status';
import type { Actions, Translation } from '../tokens';
import { asTrouble } from '../trouble';
import { showDuration, showMoment, showStatus } from '../wording';
import { useSurroundings } from './surroundings';

interface ScheduledItemProps {
  readonly job: ScheduledJob;
  /** Something is being done to it. */
  readonly isBusy: boolean;
  readonly actions: Pick<Actions, 'orderJob' | 'readLog'>;
}

const UNASKED: Asked<string> = { answer: null, trouble: null };

/** A job that waits for its time: when that comes, how the last went, and what can be done with it. */
export function ScheduledItem({ job, isBusy, actions }: ScheduledItemProps): React.JSX.Element {
  const { trans, now } = useSurroundings();
  const [isAsking, setAsking] = React.useState(false);
  const [log, setLog] = React.useState<Asked<string> | null>(null);
  const [problem, setProblem] = React.useState('');
  const { name, words, timezone, is_paused, next_times, last, system } = job;
  const [next] = next_times;
  const order = (verb: Parameters<Actions['orderJob']>[1]) => {
    setProblem('');
    setAsking(false);
    void actions.orderJob(name, verb).catch((reason: unknown) => {
      setProblem(sayTrouble(reason));
    });
  };
  const toggleLog = () => {
    setLog(log ? null : UNASKED);
    if (!log) {
      void actions.readLog(name).then(
        answer => {
          setLog({ answer, trouble: null });
        },
        (reason: unknown) => {
          setLog({ answer: null, trouble: asTrouble(reason) });
        }
      );
    }
  };
  return (
    <li className={last && isBad(last.status) ? 'nbops-Job nbops-mod-failed' : 'nbops-Job'}>
      <p className="nbops-Job-head">
        {isBusy && <span className="nbops-Spinner" aria-hidden />}
        <span className="nbops-Job-name" title={job.source}>
          {name}
        </span>
        <span className="nbops-Soft">
          {is_paused ? trans.__('paused') : next ? showMoment(next, now(), trans) : ''}
        </span>
      </p>
      <p className="nbops-Job-facts">{`${words} · ${timezone} · ${system}`}</p>
      {last && (
        <p
          className={`nbops-Job-facts nbops-Job-last ${isBad(last.status) ? 'nbops-mod-bad' : ''}`}
          title={last.message}
        >
          {sayLast(last, now(), trans)}
        </p>
      )}
      <Orders
        {...{ name, is_paused, isBusy, isAsking, setAsking, order, toggleLog }}
        hasLog={log !== null}
      />
      {problem !== '' && (
        <p className="nbops-Form-problem" role="alert">
          {problem}
        </p>
      )}
      {log && (
        <pre
          className="nbops-Source nbops-Job-log"
          tabIndex={0}
          aria-label={trans.__('Log of %1', name)}
        >
          {log.answer ?? (log.trouble ? sayTrouble(log.trouble) : trans.__('Loading…'))}
        </pre>
      )}
    </li>
  );
}

interface OrdersProps {
  readonly name: string;
  readonly is_paused: boolean;
  readonly isBusy: boolean;
  /** Whether it is really to be deleted is asked. */
  readonly isAsking: boolean;
  readonly hasLog: boolean;
  readonly setAsking: (isAsking: boolean) => void;
  readonly order: (verb: Parameters<Actions['orderJob']>[1]) => void;
  readonly toggleLog: () => void;
}

function Orders(props: OrdersProps): React.JSX.Element {
  const { name, is_paused, isBusy, isAsking, hasLog, setAsking, order, toggleLog } = props;
  const { trans } = useSurroundings();
  const button = (text: string, label: string, act: () => void, isPressed?: boolean) => (
    <button
      className="nbops-Link"
      aria-label={label}
      aria-expanded={isPressed}
      disabled={isBusy}
      onClick={act}
    >
      {text}
    </button>
  );
  if (isAsking) {
    return (
      <p className="nbops-Job-actions" role="alert">
        <span>{trans.__('Delete it, with its logs? What its runs recorded stays.')}</span>
        {button(trans.__('Delete'), trans.__('Delete %1', name), () => {
          order('remove');
        })}
        {button(trans.__('Keep'), trans.__('Keep %1', name), () => {
          setAsking(false);
        })}
      </p>
    );
  }
  return (
    <p className="nbops-Job-actions">
      {button(trans.__('Run now'), trans.__('Run %1 now', name), () => {
        order('run');
      })}
      {is_paused
        ? button(trans.__('Resume'), trans.__('Resume %1', name), () => {
            order('resume');
          })
        : button(trans.__('Pause'), trans.__('Pause %1', name), () => {
            order('pause');
          })}
      {button(trans.__('Log'), trans.__('Log of %1', name), toggleLog, hasLog)}
      {button(trans.__('Delete…'), trans.__('Delete %1…', name), () => {
        setAsking(true);
      })}
    </p>
  );
}

function sayLast(
  { status, started_at, duration_s, message }: NonNullable<ScheduledJob['last']>,
  now: Date,
  trans: Translation
): string {
  const how = status === 'skipped' ? trans.__('skipped') : showStatus(status, trans);
  const when = showMoment(started_at, now, trans);
  return [trans.__('last %1 %2', how, when), showDuration(duration_s), message]
    .filter(part => part !== '')
    .join(' · ');
}

function isBad(status: NonNullable<ScheduledJob['last']>['status']): boolean {
  return status !== 'skipped' && isFailedRun(status);
}

function sayTrouble(reason: unknown): string {
  const { message, hint } = asTrouble(reason);
  return `${message} ${hint}`.trim();
}
