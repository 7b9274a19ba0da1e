"""`nbops.runs`, `show`, `why`, `compare`, `panel`: what was recorded."""

from typing import TYPE_CHECKING, Any

from nbops.api.session import find_shell
from nbops.errors import UsageError
from nbops.index.compared import compare_runs
from nbops.index.queries import Index
from nbops.index.why import explain
from nbops.recording.current import logbook
from nbops.records import last_value, to_float
from nbops.store import open_store
from nbops.views.compare import CompareView
from nbops.views.record import RecordView
from nbops.views.why import WhyView
from nbops.workspace import find_workspace

if TYPE_CHECKING:
    import pandas as pd


def runs(
    experiment: str | None = None,
    *,
    where: str | None = None,
    sort: str | None = None,
    limit: int | None = None,
) -> "pd.DataFrame":
    """Runs of this workspace as a frame of one row a run.

    Parameters
    ----------
    where, sort
        As on the command line: `"metrics.auc > 0.9 and params.model = 'rf'"`, `"metrics.auc"`.

    Returns
    -------
    Columns `run_id`, `name`, `status`, `experiment`-independent facts, then `metrics.*` (float),
    `params.*` and `tags.*`; empty when nothing was recorded.
    """
    import pandas as pd

    found = _index().runs(experiment=experiment, where=where, sort=sort, limit=limit)
    rows = [
        {
            "run_id": run.id,
            "name": run.name,
            "status": run.status,
            "origin": run.origin,
            "started_at": run.started_at,
            "ended_at": run.ended_at,
            "session_id": run.session_id,
            "mlflow_run_id": run.mlflow_run_id,
            **{f"metrics.{key}": to_float(last_value(v)) for key, v in run.metrics.items()},
            **{f"params.{key}": value for key, value in run.params.items()},
            **{f"tags.{key}": value for key, value in run.tags.items()},
        }
        for run in found
    ]
    return pd.DataFrame(rows, columns=None if rows else ["run_id", "name", "status"])


def show(run: str = "last") -> RecordView:
    """What was recorded of a run or session: an id, a name, `last`, `best:metrics.auc:max`."""
    index = _index()
    found = index.resolve(run)
    store = open_store(index.workspace)
    return RecordView(index.document(found), is_session=found.is_session, store=store)


def why(a: str | None = None, b: str | None = None) -> WhyView:
    """What differs between two runs; of one, since the run before it; of none, of the last."""
    words = [word for word in (a, b) if word is not None]
    return WhyView(explain(_index(), words))


def compare(*runs: str) -> CompareView:
    """What differs between 2 to 50 runs, the first of which is the baseline.

    Of one, with the run before it; of none, the last. The result shows itself, in a notebook as a widget,
    and has `.differences`, `to_markdown()` and `to_html()`.
    """
    index = _index()
    table, store = compare_runs(index, runs), open_store(index.workspace)
    if _kernel_shell() is None:
        return CompareView(table, store)
    from nbops.ipython.comparison import Comparison

    return Comparison(table, store, lambda json: _widget(index, json))


def panel() -> Any:
    """The panel as a widget, live: this notebook's cell runs, and all runs.

    It needs no server extension, so it also works where JupyterLab's sidebar is not, as in VS Code.

    Raises
    ------
    UsageError
        This is no notebook's kernel.
    """
    if _kernel_shell() is None:
        raise UsageError("There is no notebook to show it in.", "In a terminal: nbops ls.")
    return _widget(_index())


def _kernel_shell() -> Any:
    """The shell of a notebook's kernel; None elsewhere."""
    shell = find_shell()
    return shell if hasattr(shell, "kernel") else None


def _widget(index: Index, table: str | None = None) -> Any:
    from nbops.capture.notebook import read_kernel_id, read_notebook_path
    from nbops.ipython.widgets import RecordWidget

    path = read_notebook_path(_kernel_shell().user_ns)
    return RecordWidget(index, path, read_kernel_id(), table)


def _index() -> Index:
    recorder = logbook()
    index = Index(recorder.workspace if recorder else find_workspace())
    index.wait()
    return index
