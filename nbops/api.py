"""What `import nbops` offers; arguments come in MLflow's order.

In a kernel these act on its session. In a plain script the first of them opens one by itself, which
ends with the script.
"""

import atexit
import contextlib
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbops.errors import NotTracking, UsageError
from nbops.index.compared import compare_runs
from nbops.index.queries import Index
from nbops.index.why import explain
from nbops.recording import keeping
from nbops.recording.current import begin_block, current, end_block, is_worker, join, leave, logbook
from nbops.recording.current import start as start_recorder
from nbops.recording.current import stop as stop_recorder
from nbops.recording.logbook import Logbook
from nbops.recording.recorder import Plan, Recorder
from nbops.records import last_value, to_float
from nbops.store import open_store
from nbops.views.compare import CompareView
from nbops.views.record import RecordView
from nbops.views.why import WhyView
from nbops.workspace import find_workspace

if TYPE_CHECKING:
    import os

    import pandas as pd

_told: set[str] = set()
_SHIP_WITHIN_S = 60.0


def start(
    experiment: str | None = None,
    *,
    name: str | None = None,
    tags: Mapping[str, str] | None = None,
    uri: str | None = None,
) -> str:
    """Start tracking this process; while it is tracked, adopt name and tags.

    Parameters
    ----------
    experiment
        Where its runs go in MLflow; the notebook's or script's name when None.
    name
        What to call the session; made up when None.
    uri
        MLflow tracking URI; see `nbops.recording.destination` for the default.

    Returns
    -------
    The session's id.

    Raises
    ------
    UsageError
        `uri` is none, or nothing can be written.
    """
    texts = {str(key): str(value) for key, value in (tags or {}).items()}
    plan = Plan(experiment=experiment, name=name, tags=texts, uri=uri)
    return _start(plan).id


def stop() -> None:
    """Stop tracking; does nothing when nothing is tracked."""
    shell = _shell()
    if shell is not None:
        from nbops.ipython import load

        load(shell).stop()
        return
    leave()
    recorder = current()
    if recorder is not None:
        _end_script(recorder)


class TrackedRun:
    """A run that a `with nbops.track(...)` block makes.

    Its methods log to this run from any thread; the functions of the module do so within the block.
    """

    def __init__(self, recorder: Logbook | None, run_id: str) -> None:
        self._opened_in = recorder
        self.id = run_id

    @property
    def _recorder(self) -> Logbook | None:
        """Whom this process tells; a forked worker has the block, too."""
        return logbook() if self._opened_in and is_worker() else self._opened_in

    def log_metric(self, key: str, value: float, step: int | None = None) -> None:
        if self._recorder:
            _log_metric(self._recorder, key, value, step, run=self.id)

    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        for key, value in metrics.items():
            self.log_metric(key, value, step)

    def log_param(self, key: str, value: Any) -> None:
        if self._recorder:
            self._recorder.log_param(key, value, run=self.id)

    def set_tag(self, key: str, value: Any) -> None:
        if self._recorder:
            self._recorder.set_tag(key, value, run=self.id)

    def note(self, text: str) -> None:
        if self._recorder:
            self._recorder.note(text, run=self.id)


@contextlib.contextmanager
def track(name: str | None = None, **params: Any) -> Iterator[TrackedRun]:
    """Make what happens inside a run of its own.

    Parameters
    ----------
    name
        What to call the run.
    params
        Its parameters.

    Examples
    --------
    ::

        for depth in (2, 4, 8):
            with nbops.track("forest", depth=depth) as run:
                run.log_metric("auc", fit_and_score(depth))
    """
    recorder = _recorder("track")
    if recorder is None:
        yield TrackedRun(None, "")
        return
    run_id, token = begin_block(recorder, name or recorder.name, params)
    status = "failed"
    try:
        yield TrackedRun(recorder, run_id)
        status = "finished"
    finally:
        end_block(recorder, run_id, token, status)


def log_metric(key: str, value: float, step: int | None = None) -> None:
    """Log one value of a metric. What is no number is said once, and the code goes on.

    Parameters
    ----------
    value
        A number: Python's, a numpy scalar, a tensor of no dimension.
    step
        Place on its curve, a whole number; None for the next one.
    """
    recorder = logbook() or _recorder("log_metric")
    if recorder is not None:
        _log_metric(recorder, key, value, step)


def log_metrics(metrics: Mapping[str, float], step: int | None = None) -> None:
    """Log several metrics at one step."""
    for key, value in metrics.items():
        log_metric(key, value, step)


def log_param(key: str, value: Any) -> None:
    """Log a parameter; outside of a marked cell or a block it holds for the runs after it."""
    recorder = _recorder("log_param")
    if recorder is not None:
        recorder.log_param(key, value)


def log_params(params: Mapping[str, Any]) -> None:
    """Log several parameters."""
    for key, value in params.items():
        log_param(key, value)


def set_tag(key: str, value: Any) -> None:
    """Set a tag."""
    recorder = _recorder("set_tag")
    if recorder is not None:
        recorder.set_tag(key, value)


def note(text: str) -> None:
    """Write a note."""
    recorder = _recorder("note")
    if recorder is not None:
        recorder.note(text)


def log_data(data: Any, name: str | None = None) -> None:
    """Record data that the running cell uses.

    Parameters
    ----------
    data
        A path, a numpy array, or a pandas, polars or Arrow frame. All of it is hashed.

    Raises
    ------
    NotFound, UsageError
        No such file; or a value that has no digest of its content.
    """
    recorder = _recorder("log_data")
    if recorder is not None:
        recorder.log_data(keeping.see_data(recorder, data, name))


def log_file(local_path: "str | os.PathLike[str]", name: str | None = None) -> None:
    """Keep a copy of a file with the run, as it is now."""
    recorder = _recorder("log_file")
    if recorder is not None:
        _say_missing(keeping.keep_file(recorder, local_path, name))


def log_figure(figure: Any, artifact_file: str) -> None:
    """Keep a matplotlib or plotly figure with the run, named like `roc.png`."""
    recorder = _recorder("log_figure")
    if recorder is not None:
        _say_missing(keeping.keep_figure(recorder, figure, artifact_file))


def log_model(model: Any, name: str = "model") -> None:
    """Save a model by the MLflow flavour that knows it, and log it with the run."""
    recorder = _recorder("log_model")
    if recorder is not None:
        from nbops.tracking.flavors import save_model

        _say_missing(recorder.keep_model(*save_model(model, name, recorder.folder)))


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
    if _find_shell() is None:
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
    if _find_shell() is None:
        raise UsageError("There is no notebook to show it in.", "In a terminal: nbops ls.")
    return _widget(_index())


def run(  # noqa: PLR0913 - an argument an option of the command
    notebook: "str | os.PathLike[str]",
    parameters: Mapping[str, Any] | None = None,
    *,
    output: "str | os.PathLike[str] | None" = None,
    timeout: float | None = None,
    cell_timeout: float | None = None,
    retries: int = 0,
    workdir: "str | os.PathLike[str] | None" = None,
    resume: str | None = None,
    expect_env: str | None = None,
    warm: bool = False,
) -> str:
    """Run a notebook headless, in a process of its own, as `nbops run` does.

    Parameters
    ----------
    parameters
        Of the cell tagged `parameters`; checked before anything runs.
    output
        Where to write the executed notebook; with the session's record when None.
    timeout, cell_timeout
        Seconds that it, or one of its cells, may take.
    resume
        Run that failed, and is to go on at the cell that did.
    expect_env
        Run whose environment there must be, or a lock's path.
    warm
        Fork its kernel from a process that has imported what the notebook imported before.

    Returns
    -------
    Id of the session that recorded it: `nbops.show(id)`.

    Raises
    ------
    UsageError, NotFound
        What was given cannot be meant; nothing was run.
    NotebookFailed
        A cell failed, its kernel died, or its time was up.
    """
    from nbops.jobs.run import run_apart

    paths = [None if path is None else Path(path).resolve() for path in (output, workdir)]
    return run_apart(
        Path(notebook).resolve(),
        parameters or {},
        output=paths[0],
        workdir=paths[1],
        timeout_s=timeout,
        cell_timeout_s=cell_timeout,
        retries=retries,
        resume=resume,
        expect_env=expect_env,
        is_warm=warm,
    )


def sweep(  # noqa: PLR0913 - an argument an option of the command
    notebook: "str | os.PathLike[str]",
    space: Mapping[str, Any],
    parameters: Mapping[str, Any] | None = None,
    *,
    random: int | None = None,
    optimize: str | None = None,
    trials: int | None = None,
    seed: int = 0,
    workers: int = 1,
    timeout: float | None = None,
    cell_timeout: float | None = None,
    retries: int = 0,
    rerun: bool = False,
    warm: bool = False,
) -> "pd.DataFrame":
    """Run a notebook at many points, a job each, as `nbops sweep` does.

    Parameters
    ----------
    space
        What to try, by parameter: a list of values, a `range` of whole numbers, or text as the command
        takes it: `{"depth": range(2, 11), "rate": "1e-4..1:log", "model": ["forest", "boosted"]}`.
    parameters
        What is the same at every point.
    random
        Try so many points at random instead of all combinations.
    optimize, trials
        Have Optuna choose the points, by a metric and its direction (`"metrics.auc:max"`); 50 of them.
    seed
        Of what is drawn.
    workers
        How many jobs run at once, as far as memory allows.
    timeout, cell_timeout
        Seconds that a job, or one of its cells, may take.
    rerun
        Run points again that are recorded.
    warm
        Fork kernels from a process that has imported what the notebook imported before.

    Returns
    -------
    A row a point, in the order in which they were tried: `outcome` (finished, failed, pruned), `is_best`,
    `is_reused` (it came from the record), `session_id`, `problem`, `params.*` and `metrics.*` (float).

    Raises
    ------
    UsageError, NotFound
        What was given cannot be meant; nothing was run.
    NotebookFailed
        It was interrupted; the same call goes on where it was.
    """
    import pandas as pd

    from nbops.jobs.apart import run_sweep

    done = run_sweep(
        Path(notebook).resolve(),
        space,
        fixed=parameters,
        drawn=random,
        optimize=optimize,
        trials=trials,
        seed=seed,
        workers=workers,
        is_forced=rerun,
        options={
            "timeout_s": timeout,
            "cell_timeout_s": cell_timeout,
            "retries": retries,
            "is_warm": warm,
        },
    )
    best = done.best.number if done.best else None
    rows = [
        {
            "outcome": result.outcome,
            "is_best": result.number == best,
            "is_reused": result.is_reused,
            "session_id": result.session_id,
            "problem": result.problem,
            **{f"params.{name}": value for name, value in result.point.items()},
            **{f"metrics.{name}": value for name, value in result.metrics.items()},
        }
        for result in done.results
    ]
    return pd.DataFrame(rows)


def pipeline(
    place: "str | os.PathLike[str]" = ".",
    parameters: Mapping[str, Mapping[str, Any]] | None = None,
    *,
    steps: Sequence[str] = (),
    workers: int = 1,
    rerun: bool = False,
) -> dict[str, str]:
    """Run a pipeline's steps that changed, in a process of its own, as `nbops pipeline run` does.

    Parameters
    ----------
    place
        The pipeline's file, or its folder.
    parameters
        By step and name, over those of the file.
    steps
        Only these, with those that they need.
    workers
        How many may run side by side.
    rerun
        Run steps though nothing changed.

    Returns
    -------
    Id of the session that recorded each step, now or before: `nbops.show(id)`.

    Raises
    ------
    UsageError, NotFound
        What was given cannot be meant; nothing was run.
    NotebookFailed
        A step failed; what does not depend on it ran to its end.
    """
    from nbops.jobs.apart import run_pipeline

    return run_pipeline(
        Path(place).resolve(), parameters or {}, tuple(steps), workers=workers, is_forced=rerun
    )


# ---- inside -----------------------------------------------------------------------------------------


def _shell() -> Any:
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython else None


def _start(plan: Plan) -> Logbook:
    shell = _shell()
    if shell is not None:
        from nbops.ipython import load

        return load(shell).start(plan)[0]
    return _start_script(plan)


def _start_script(plan: Plan) -> Logbook:
    """Join the session of the cell that started this script, or open its own, which counts as one cell."""
    from dataclasses import replace

    joined = join(plan) if current() is None else None
    if joined is not None:
        return joined
    main = getattr(sys.modules.get("__main__"), "__file__", None)
    path = str(Path(main).resolve()) if main else None
    recorder, is_new = start_recorder(replace(plan, kind="script", notebook=path))
    if is_new:
        recorder.begin_cell(keeping.script_source() or "")
        atexit.register(_end_script, recorder)
    return recorder


def _end_script(recorder: Recorder) -> None:
    """Close a script's session, and wait a while for its runs to reach MLflow."""
    if current() is not recorder:
        return
    failed = getattr(sys, "last_value", None)
    cell = recorder.open_cell
    if cell is not None and failed:
        recorder.end_cell(cell, status="error")
    stop_recorder("end of script", "failed" if failed else "finished")
    atexit.unregister(_end_script)
    index = Index(recorder.workspace)
    if not index.wait_for_shipping(recorder.id, _SHIP_WITHIN_S):
        _say("not everything is in MLflow yet; `nbops sync` carries it on.")


def _log_metric(recorder: Logbook, key: str, value: Any, step: Any, run: str | None = None) -> None:
    try:
        recorder.log_metric(key, value, step, run)
    except UsageError as error:  # hours of training are not lost for a metric
        _say_once(f"log_metric: {error}")
        recorder.warn(str(error.message))


def _recorder(what: str) -> Logbook | None:
    """The session to log to; in a kernel without one, say so once."""
    recorder = logbook()
    if recorder is not None:
        return recorder
    if is_worker():
        problem = (
            "what this worker process logs is not recorded: log in the process that started it."
        )
    elif _shell() is None:
        try:
            return _start_script(Plan())
        except UsageError as error:
            problem = str(error)
    else:
        problem = str(NotTracking("Nothing is tracked in this kernel.", "Run %track start first."))
    _say_once(f"{what}: {problem}")
    return None


def _say_once(text: str) -> None:
    if text not in _told:
        _told.add(text)
        _say(text)


def _say_missing(text: str | None) -> None:
    if text is not None:
        _say(text)


def _say(text: str) -> None:
    print(f"nbops: {text}", file=sys.stderr)  # noqa: T201 - one line to the person at the script


def _find_shell() -> Any:
    """The shell of a notebook's kernel; None elsewhere."""
    shell = _shell()
    return shell if hasattr(shell, "kernel") else None


def _widget(index: Index, table: str | None = None) -> Any:
    from nbops.capture.notebook import read_kernel_id, read_notebook_path
    from nbops.ipython.widgets import RecordWidget

    path = read_notebook_path(_find_shell().user_ns)
    return RecordWidget(index, path, read_kernel_id(), table)


def _index() -> Index:
    recorder = logbook()
    index = Index(recorder.workspace if recorder else find_workspace())
    index.wait()
    return index


__all__ = [
    "TrackedRun",
    "compare",
    "log_data",
    "log_figure",
    "log_file",
    "log_metric",
    "log_metrics",
    "log_model",
    "log_param",
    "log_params",
    "note",
    "panel",
    "run",
    "runs",
    "set_tag",
    "show",
    "start",
    "stop",
    "track",
    "why",
]
