import * as React from 'react';

import { HERE } from '../formState';
import type { Filled, FormState } from '../formState';
import { h } from '../h';
import type { FireTimes } from '../jobs';
import { Section } from './Section';
import { useSurroundings } from './surroundings';

interface WhenFieldProps {
  readonly state: FormState;
  readonly onFill: (change: Filled) => void;
}

/** When it runs, in words or as cron, with what that means said at once. */
export function WhenField({ state, onFill }: WhenFieldProps): React.JSX.Element {
  const { trans } = useSurroundings();
  const id = React.useId();
  const { schedule, timezone, times, place } = state;
  const problem = times?.problem ?? null;
  return (
    <Section title={trans.__('When')}>
      <div className={problem ? 'nbops-Form-field nbops-mod-invalid' : 'nbops-Form-field'}>
        <input
          className="nbops-Field"
          type="text"
          aria-label={trans.__('Schedule')}
          aria-invalid={problem !== null}
          aria-describedby={id}
          placeholder={trans.__('every weekday at 6:30')}
          spellCheck={false}
          autoComplete="off"
          value={schedule}
          onChange={event => {
            onFill({ schedule: event.target.value });
          }}
        />
        <input
          className="nbops-Field nbops-Form-zone"
          type="text"
          aria-label={trans.__('Time zone')}
          title={trans.__('Time zone, such as Europe/Berlin')}
          spellCheck={false}
          autoComplete="off"
          value={timezone}
          onChange={event => {
            onFill({ timezone: event.target.value });
          }}
        />
        <div id={id} className="nbops-Form-about" role="status">
          {times === null || schedule.trim() === '' ? (
            place === HERE ? (
              trans.__('In words, as cron (0 7 * * 1-5), or: when data/*.csv changes')
            ) : (
              trans.__('In words or as cron; left empty, it runs only when asked to')
            )
          ) : (
            <Meaning times={times} />
          )}
        </div>
      </div>
    </Section>
  );
}

function Meaning({ times }: { readonly times: FireTimes }): React.JSX.Element {
  const { trans } = useSurroundings();
  const { problem, words, local, timezone } = times;
  if (problem) {
    return <p className="nbops-Form-problem">{`${problem.message} ${problem.hint}`.trim()}</p>;
  }
  return (
    <>
      <p className="nbops-Form-words">{words}</p>
      {local.length > 0 && (
        <>
          <p>{trans.__('Next, in %1:', timezone)}</p>
          <ul className="nbops-Form-times" aria-label={trans.__('Next times')}>
            {local.map((time, place) => (
              <li key={place}>{time}</li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}
