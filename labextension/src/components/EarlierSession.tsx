import * as React from 'react';

import { h } from '../h';
import { addAnswer } from '../history';
import type { History } from '../history';
import type { Arrangement } from '../layout';
import type { Asked } from '../navigation';
import { arrange } from '../rows';
import type { Actions } from '../tokens';
import { asTrouble } from '../trouble';
import { showStatus, showTime } from '../wording';
import type { Session } from '../wire';
import { CellList } from './CellList';
import { Chevron } from './Chevron';
import { Notice, TroubleNotice } from './Notice';
import { useSurroundings } from './surroundings';

interface EarlierSessionProps {
  readonly session: Session;
  readonly arrangement: Arrangement;
  readonly picked: readonly string[];
  readonly actions: Actions;
}

const UNASKED: Asked<History> = { answer: null, trouble: null };

/** An earlier session in one line; opened, its cell runs as they were, under the list's own filter. */
export function EarlierSession(props: EarlierSessionProps): React.JSX.Element {
  const { session, arrangement, picked, actions } = props;
  const { id, name, status, started_at } = session;
  const { trans } = useSurroundings();
  const [isOpen, setOpen] = React.useState(false);
  const [asked, setAsked] = React.useState(UNASKED);
  const content = React.useId();
  const toggle = () => {
    setOpen(!isOpen);
    if (!isOpen) {
      setAsked(({ answer }) => ({ answer, trouble: null }));
      void actions.session(id).then(
        answer => {
          setAsked({ answer: addAnswer(null, answer), trouble: null });
        },
        (reason: unknown) => {
          setAsked(({ answer }) => ({ answer, trouble: asTrouble(reason) }));
        }
      );
    }
  };
  return (
    <>
      <button
        className="nbops-Earlier-session"
        aria-expanded={isOpen}
        aria-controls={content}
        onClick={toggle}
      >
        <Chevron className="nbops-Fold-caret" />
        <span>{showTime(started_at)}</span>
        <span className="nbops-Earlier-name" title={name}>
          {name}
        </span>
        <span className={status === 'died' || status === 'failed' ? 'nbops-mod-bad' : ''}>
          {showStatus(status, trans)}
        </span>
      </button>
      <div id={content} hidden={!isOpen}>
        {isOpen && <Opened name={name} {...{ asked, arrangement, picked, actions }} />}
      </div>
    </>
  );
}

interface OpenedProps extends Omit<EarlierSessionProps, 'session'> {
  readonly name: string;
  readonly asked: Asked<History>;
}

function Opened({ name, asked, arrangement, ...rest }: OpenedProps): React.JSX.Element {
  const { trans } = useSurroundings();
  const { filter, unfolded } = arrangement;
  const { answer, trouble } = asked;
  const rows = React.useMemo(
    () => (answer ? arrange(answer, trans, filter) : []),
    [answer, trans, filter]
  );
  if (!answer) {
    return trouble ? (
      <TroubleNotice trouble={trouble} />
    ) : (
      <Notice text={trans.__('Loading…')} isLate />
    );
  }
  return rows.length === 0 ? (
    <Notice text={trans.__('No such cell run in this session.')} />
  ) : (
    <CellList
      rows={rows}
      label={trans.__('Cell runs of session %1', name)}
      unfolded={unfolded}
      {...rest}
    />
  );
}
