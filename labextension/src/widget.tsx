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
import { h } from './h';
import { NO_STANDINGS } from './states';
import {
  disposeModels,
  followModels,
  makeModels,
  readModels,
  setNotebook,
  setSeen
} from './models';
import type { Notebook } from './tokens';

/** Cells are out of a widget's reach: its records name them. */
const NO_SCREEN = {
  switch: null,
  reveal: () => false,
  putBack: () => false,
  save: () => Promise.resolve()
};

/** Called by anywidget for each view; returns what ends it. */
function render({ model, el }: { model: WidgetModel; el: HTMLElement }): () => void {
  const source = new CommSource(model);
  const cast: Cast = {
    source,
    desk: null,
    ...makeModels(source),
    front: NO_SCREEN,
    trans: English,
    renderOutputs: renderPlain,
    openWide: null,
    openNotebook: null,
    openExecuted: null,
    copy: text => {
      void navigator.clipboard.writeText(text);
    }
  };
  const table = model.get('table');
  el.classList.add('nbops-Widget', table ? 'nbops-mod-compare' : 'nbops-mod-panel');
  setNotebook(cast, model.get('notebook') as Notebook);
  const root = createRoot(el);
  root.render(<Live cast={cast} table={typeof table === 'string' ? table : null} />);
  return () => {
    root.unmount();
    disposeModels(cast);
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
  const { navigation, trans, renderOutputs } = cast;
  React.useEffect(() => {
    const follow = () => {
      setSeen(cast, !answer);
      draw();
    };
    follow();
    return followModels(cast, follow);
  }, [cast, answer]);
  const surroundings = { trans, isVisible: true, now: () => new Date(), renderOutputs };
  return (
    <SurroundingsContext.Provider value={surroundings}>
      <div className="nbops-Panel">
        {answer && navigation.page === null ? (
          <WideComparison asked={{ answer, trouble: null }} remark={remark} actions={actions} />
        ) : (
          <Panel
            {...readModels(cast)}
            standings={NO_STANDINGS}
            isSwitchable={false}
            switchState={null}
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
