/** The panel, and a comparison, as a widget: in any front end that shows anywidgets, without our server. */

import * as React from 'react';
import { createRoot } from 'react-dom/client';

import { actionsOf } from './actions';
import type { Cast } from './actions';
import { parseTable } from './answers';
import { CommSource } from './comm';
import type { WidgetModel } from './comm';
import { Panel } from './components/Panel';
import { English, renderPlain, SurroundingsContext } from './components/surroundings';
import { WideComparison } from './components/WideComparison';
import { Layout } from './layout';
import { PanelModel } from './model';
import { Navigation } from './navigation';
import { Picks } from './picks';
import { RunsModel } from './runs';
import type { Notebook } from './tokens';

/** Cells are out of a widget's reach: its records name them. */
const NO_SCREEN = { switch: null, reveal: () => false, putBack: () => false };
const NO_STATES: readonly [] = [];

/** Called by anywidget for each view; returns what ends it. */
function render({ model, el }: { model: WidgetModel; el: HTMLElement }): () => void {
  const source = new CommSource(model);
  const cast: Cast = {
    source,
    model: new PanelModel(source),
    runs: new RunsModel(source),
    navigation: new Navigation(source),
    layout: new Layout(),
    picks: new Picks(),
    front: NO_SCREEN,
    trans: English,
    renderOutputs: renderPlain,
    openWide: null,
    copy: text => {
      void navigator.clipboard.writeText(text);
    }
  };
  const table = model.get('table');
  el.classList.add('nbops-Widget', table ? 'nbops-mod-compare' : 'nbops-mod-panel');
  const notebook = model.get('notebook') as Notebook;
  cast.model.setNotebook(notebook);
  cast.runs.setPath(notebook.path);
  cast.model.setVisible(!table);
  const root = createRoot(el);
  root.render(<Live cast={cast} table={typeof table === 'string' ? table : null} />);
  return () => {
    root.unmount();
    cast.model.dispose();
    cast.runs.dispose();
    source.dispose();
  };
}

interface LiveProps {
  readonly cast: Cast;
  /** A comparison as JSON; null: the panel is wanted. */
  readonly table: string | null;
}

/** What is known, drawn again whenever more is. */
function Live({ cast, table }: LiveProps): React.JSX.Element {
  const [remark, say] = React.useState('');
  const [, draw] = React.useReducer((count: number) => count + 1, 0);
  const actions = React.useMemo(() => actionsOf(cast, say), [cast]);
  const answer = React.useMemo(() => (table ? parseTable(JSON.parse(table)) : null), [table]);
  const { model, runs, navigation, layout, picks, trans, renderOutputs } = cast;
  React.useEffect(() => {
    const follow = () => {
      runs.setVisible(navigation.tab === 'runs');
      draw();
    };
    const told = [model, runs, navigation, layout, picks];
    told.forEach(({ changed }) => changed.connect(follow));
    follow();
    return () => {
      told.forEach(({ changed }) => changed.disconnect(follow));
    };
  }, [model, runs, navigation, layout, picks]);
  const surroundings = { trans, isVisible: true, now: () => new Date(), renderOutputs };
  return (
    <SurroundingsContext.Provider value={surroundings}>
      <div className="nbops-Panel">
        {answer && navigation.page === null ? (
          <WideComparison asked={{ answer, trouble: null }} remark={remark} actions={actions} />
        ) : (
          <Panel
            state={model.state}
            runs={runs.state}
            states={NO_STATES}
            tab={navigation.tab}
            page={navigation.page}
            arrangement={layout.state}
            picked={picks.state}
            isSwitchable={false}
            switchState={null}
            isTracking={model.isTracking}
            remark={remark}
            actions={actions}
            sourceOf={() => null}
          />
        )}
      </div>
    </SurroundingsContext.Provider>
  );
}

export default { render };
