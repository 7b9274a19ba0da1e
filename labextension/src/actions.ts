/** What a person does in the panel, and who does it. */

import type { RunRow } from './answers';
import type { OutputRenderer } from './components/surroundings';
import type { JobDesk } from './desk';
import { orderJobs } from './jobActions';
import type { Models } from './models';
import type { Topic } from './navigation';
import { inOrder } from './picks';
import { saveHtml } from './saving';
import type { Actions, DataSource, NotebookSwitch, Translation } from './tokens';

/** The notebook on the screen, as far as it is in reach. */
export interface Screen {
  readonly switch: NotebookSwitch | null;
  /** Show a cell; whether there is such a cell. */
  reveal(cellId: string | null): boolean;
  /** Give a cell another code; whether there is such a cell. */
  putBack(cellId: string, source: string): boolean;
  /** Save it, where there is something to be saved. */
  save(): Promise<void>;
}

/** Everyone who does something, or is needed to show it. */
export interface Cast extends Models {
  readonly source: DataSource;
  /** null where nobody can be asked for jobs. */
  readonly desk: JobDesk | null;
  readonly front: Screen;
  readonly trans: Translation;
  readonly renderOutputs: OutputRenderer;
  /** Show a comparison in the main area; null where there is none. */
  readonly openWide: ((runIds: readonly string[]) => void) | null;
  /** Open a notebook; null where there is no place for one. */
  readonly openNotebook: ((path: string) => void) | null;
  readonly copy: (text: string) => void;
  /** Open the notebook that a job executed; null where there is none to open it. */
  readonly openExecuted: ((row: RunRow, path: string) => void) | null;
}

/** @param say - Tells a person something once; empty: nothing any more. */
export function actionsOf(cast: Cast, say: (text: string) => void): Actions {
  const { source, model, runs, navigation, layout, picks, front, trans } = cast;
  const path = () => model.state.notebook?.path ?? '';
  const open = (topic: Topic) => {
    say('');
    void navigation.open(path(), topic);
  };
  const find = (isThere: boolean) => {
    say(isThere ? '' : trans.__('This cell is no longer in the notebook.'));
  };
  const startOf = (id: string) => {
    const listed = [...runs.state.rows.values()].find(row => row.id === id);
    return (listed ?? model.state.history?.runs.get(id))?.started_at ?? null;
  };
  return {
    flip: isOn => void front.switch?.flip(isOn),
    choose: tab => {
      say('');
      navigation.choose(tab);
    },
    arrange: change => {
      layout.arrange(change);
    },
    unfold: key => {
      layout.toggle(key);
    },
    reveal: ({ cell_id }) => {
      find(front.reveal(cell_id));
    },
    open: ({ id }) => {
      open({ kind: 'cell-run', id });
    },
    explain: (b, a) => {
      open(a === undefined ? { kind: 'why', b } : { kind: 'compare', ids: [a, b] });
    },
    listVersions: cellId => {
      open({ kind: 'versions', cellId });
    },
    trace: digest => {
      open({ kind: 'lineage', digest });
    },
    pick: runId => {
      picks.toggle(runId);
    },
    unpick: () => {
      picks.clear();
    },
    compare: picked => {
      open({ kind: 'compare', ids: inOrder(picked, startOf) });
    },
    setBaseline: runId => {
      picks.setBaseline(runId);
    },
    openRun: row => {
      open({ kind: 'run', row });
    },
    ask: change => {
      runs.ask(change);
    },
    look: (first, last) => {
      runs.look(first, last);
    },
    edit: async (runId, edit) => {
      const run = await source.edit(path(), runId, edit);
      void runs.refresh();
      return run;
    },
    session: id => source.session(path(), id),
    details: id => source.cellRun(path(), id),
    copy: text => {
      cast.copy(text);
      say(trans.__('Copied.'));
    },
    saveHtml: shown => {
      saveHtml(shown, trans.__('nbops comparison'));
    },
    openWide: cast.openWide,
    openNotebook: cast.openNotebook,
    putBack: (cellId, text) => {
      find(front.putBack(cellId, text));
    },
    back: () => {
      say('');
      navigation.back();
    },
    ...orderJobs(cast, say)
  };
}
