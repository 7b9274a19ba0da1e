import * as React from 'react';

import type { CellRow } from '../rows';
import { showCount, showDuration } from '../wording';
import type { CellStatus } from '../wire';
import { Chips } from './Chips';
import { Elapsed } from './Elapsed';
import { useSurroundings } from './surroundings';

export interface ItemProps {
  readonly level: number;
  /** Whether the Tab key gets here; the arrows reach the others. */
  readonly isStop: boolean;
  readonly onFocus: () => void;
  readonly onKeyDown: (event: React.KeyboardEvent) => void;
}

interface CellItemProps extends ItemProps {
  readonly row: CellRow;
  readonly isSelected: boolean;
  readonly onOpen: (row: CellRow) => void;
  readonly onExplain: (b: string, a?: string) => void;
}

const FAILED: ReadonlySet<CellStatus> = new Set<CellStatus>(['error', 'interrupted', 'died']);

/** A cell run: count, first line and duration; below it what there is to say. */
export function CellItem(props: CellItemProps): React.JSX.Element {
  const { row, level, isStop, isSelected, onOpen, onExplain } = props;
  const { trans } = useSurroundings();
  const { status, execution_count, source, started_at, duration_s } = row.cellRun;
  const isRunning = status === 'running';
  const runId = isRunning ? null : row.runId;
  const count = isRunning ? '[*]' : showCount(execution_count);
  const classes = ['nbops-Item', 'nbops-Cell', `nbops-mod-level${level}`];
  return (
    <div
      className={[...classes, FAILED.has(status) ? 'nbops-mod-failed' : ''].join(' ')}
      role="treeitem"
      data-key={row.key}
      aria-level={level}
      aria-selected={isSelected}
      aria-label={describeRow(row, count)}
      aria-keyshortcuts={runId === null ? undefined : 'w'}
      tabIndex={isStop ? 0 : -1}
      onClick={() => {
        onOpen(row);
      }}
      onFocus={props.onFocus}
      onKeyDown={props.onKeyDown}
    >
      <span className="nbops-Cell-count">{count}</span>
      <code className="nbops-Cell-line" title={source}>
        {row.line}
      </code>
      <span className="nbops-Cell-time">
        {isRunning ? <Elapsed since={started_at} /> : showDuration(duration_s)}
      </span>
      {row.chips.length > 0 && (
        <span className="nbops-Cell-chips">
          <Chips chips={row.chips} onExplain={onExplain} />
        </span>
      )}
      {runId !== null && (
        <button
          className="nbops-Why"
          type="button"
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
    </div>
  );
}

function describeRow({ line, chips }: CellRow, count: string): string {
  const facts = chips.map(chip => [chip.label, chip.value, chip.move].join(' ').trim());
  return [`${count} ${line}`, ...facts].join(', ');
}
