"""`nbops.track`, `nbops.log_*`: what a notebook or a script says of its runs, in MLflow's words."""

import contextlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from nbops.api.session import begin, end_script, find_shell, recorder_for, say_missing, say_once
from nbops.errors import UsageError
from nbops.recording import keeping
from nbops.recording.current import begin_block, current, end_block, is_worker, leave, logbook
from nbops.recording.logbook import Logbook
from nbops.recording.recorder import Plan

if TYPE_CHECKING:
    import os


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
    return begin(plan).id


def stop() -> None:
    """Stop tracking; does nothing when nothing is tracked."""
    shell = find_shell()
    if shell is not None:
        from nbops.ipython import load

        load(shell).stop()
        return
    leave()
    recorder = current()
    if recorder is not None:
        end_script(recorder)


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
    recorder = recorder_for("track")
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
    recorder = logbook() or recorder_for("log_metric")
    if recorder is not None:
        _log_metric(recorder, key, value, step)


def log_metrics(metrics: Mapping[str, float], step: int | None = None) -> None:
    """Log several metrics at one step."""
    for key, value in metrics.items():
        log_metric(key, value, step)


def log_param(key: str, value: Any) -> None:
    """Log a parameter; outside of a marked cell or a block it holds for the runs after it."""
    recorder = recorder_for("log_param")
    if recorder is not None:
        recorder.log_param(key, value)


def log_params(params: Mapping[str, Any]) -> None:
    """Log several parameters."""
    for key, value in params.items():
        log_param(key, value)


def set_tag(key: str, value: Any) -> None:
    """Set a tag."""
    recorder = recorder_for("set_tag")
    if recorder is not None:
        recorder.set_tag(key, value)


def note(text: str) -> None:
    """Write a note."""
    recorder = recorder_for("note")
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
    recorder = recorder_for("log_data")
    if recorder is not None:
        recorder.log_data(keeping.see_data(recorder, data, name))


def log_file(local_path: "str | os.PathLike[str]", name: str | None = None) -> None:
    """Keep a copy of a file with the run, as it is now."""
    recorder = recorder_for("log_file")
    if recorder is not None:
        say_missing(keeping.keep_file(recorder, local_path, name))


def log_figure(figure: Any, artifact_file: str) -> None:
    """Keep a matplotlib or plotly figure with the run, named like `roc.png`."""
    recorder = recorder_for("log_figure")
    if recorder is not None:
        say_missing(keeping.keep_figure(recorder, figure, artifact_file))


def log_model(model: Any, name: str = "model") -> None:
    """Save a model by the MLflow flavour that knows it, and log it with the run."""
    recorder = recorder_for("log_model")
    if recorder is not None:
        from nbops.tracking.flavors import save_model

        say_missing(recorder.keep_model(*save_model(model, name, recorder.folder)))


def _log_metric(recorder: Logbook, key: str, value: Any, step: Any, run: str | None = None) -> None:
    try:
        recorder.log_metric(key, value, step, run)
    except UsageError as error:  # hours of training are not lost for a metric
        say_once(f"log_metric: {error}")
        recorder.warn(str(error.message))
