import * as React from 'react';

import { h } from '../h';
import type { CellRow } from '../rows';
import { isFailed } from '../status';
import { showCount, showDuration } from '../wording';
import type { CellRun } from '../wire';
import { Chevron } from './Chevron';
import { Chips } from './Chips';
import { Elapsed } from './Elapsed';
import { PickBox } from './PickBox';
import { useSurroundings } from './surroundings';

export interface ItemProps {
  readonly level: number;
  /** Whether the Tab key gets here; the arrows reach the others. */
  readonly isStop: boolean;
  readonly onFocus: () => void;
  readonly onKeyDown: (event: React.KeyboardEvent) => void;
}

export interface CellActions {
  /** Show the cell in the notebook. */
  readonly onReveal: (row: CellRow) => void;
  readonly onOpen: (cellRun: CellRun) => void;
  readonly onExplain: (b: string, a?: string) => void;
  readonly onPick: (runId: string) => void;
  readonly onTrace: (digest: string) => void;
}

interface CellItemProps extends ItemProps, CellActions {
  readonly row: CellRow;
  readonly isSelected: boolean;
  readonly isPicked: boolean;
}

/** A cell run: count, first line and duration; below it what there is to say. */
export function CellItem(props: CellItemProps): React.JSX.Element {
  const { row, level, isStop, isSelected, isPicked } = props;
  const { status, execution_count, source, started_at, duration_s } = row.cellRun;
  const isRunning = status === 'running';
  const runId = isRunning ? null : row.runId;
  const count = isRunning ? '[*]' : showCount(execution_count);
  const buttons = (
    <ItemButtons row={row} runId={runId} onOpen={props.onOpen} onExplain={props.onExplain} />
  );
  const classes = ['nbops-Item', 'nbops-Cell', `nbops-mod-level${level}`];
  return (
    <div
      className={[...classes, isFailed(status) ? 'nbops-mod-failed' : ''].join(' ')}
      role="treeitem"
      data-key={row.key}
      aria-level={level}
      aria-selected={isSelected}
      aria-label={describeRow(row, count)}
      aria-keyshortcuts={runId === null ? 'd' : 'd w Space'}
      tabIndex={isStop ? 0 : -1}
      onClick={() => {
        props.onReveal(row);
      }}
      onFocus={props.onFocus}
      onKeyDown={props.onKeyDown}
    >
      {runId !== null && (
        <PickBox name={row.line} isPicked={isPicked} id={runId} onPick={props.onPick} />
      )}
      <span className="nbops-Cell-count">{count}</span>
      <code className="nbops-Cell-line" title={source}>
        {row.line}
      </code>
      <span className="nbops-Cell-time">
        {isRunning ? (
          <Elapsed since={started_at} expected={row.expected_s} />
        ) : (
          showDuration(duration_s)
        )}
      </span>
      {row.chips.length > 0 ? (
        <span className="nbops-Cell-chips">
          {buttons}
          <Chips chips={row.chips} onExplain={props.onExplain} onTrace={props.onTrace} />
        </span>
      ) : (
        buttons
      )}
    </div>
  );
}

interface ItemButtonsProps extends Pick<CellActions, 'onOpen' | 'onExplain'> {
  readonly row: CellRow;
  readonly runId: string | null;
}

function ItemButtons({ row, runId, onOpen, onExplain }: ItemButtonsProps): React.JSX.Element {
  const { trans } = useSurroundings();
  return (
    <span className="nbops-Cell-buttons">
      {runId !== null && (
        <button
          className="nbops-Why"
          tabIndex={-1}
          title={trans.__('What changed since the run before (w)')}
          onClick={event => {
            event.stopPropagation();
            onExplain(runId);
          }}
        >
          {trans.__('why?')}
        </button>
      )}
      <button
        className="nbops-Details"
        tabIndex={-1}
        aria-label={trans.__('Details')}
        title={trans.__('Code, data, outputs and environment as they were (d)')}
        onClick={event => {
          event.stopPropagation();
          onOpen(row.cellRun);
        }}
      >
        <Chevron />
      </button>
    </span>
  );
}

function describeRow({ line, chips }: CellRow, count: string): string {
  const facts = chips.map(chip => [chip.label, chip.value, chip.move].join(' ').trim());
  return [`${count} ${line}`, ...facts].join(', ');
}
