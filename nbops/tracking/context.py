"""What MLflow asks inside the user's process: entry points, so definitions only.

The user's own runs get nbops' ids as tags, so that they can be found and linked, and land in the
session's experiment where the user set none.
"""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nbops.recording.logbook import Logbook

TAG_ID = "nbops.id"
TAG_SESSION = "nbops.session"
TAG_CELL_RUN = "nbops.cell_run"
TAG_RECORD = "nbops.record"
"""Head of the chain of the session's record, as it was when the run was sent."""
TAG_STARTED_IN = "nbops.started_in"
"""Cell run in which the user's own code started an MLflow run."""


class NbopsRunContext:
    """`mlflow.run_context_provider`: tags for every run started while a session is open."""

    def __init__(self) -> None:
        _await_embedded_store()

    def in_context(self) -> bool:
        return _logbook() is not None

    def tags(self) -> dict[str, str]:
        book = _logbook()
        if book is None or not _starts_a_run():
            return {}
        book.mlflow_run_started()
        tags = {TAG_SESSION: book.id}
        if book.cell_run:
            tags[TAG_STARTED_IN] = book.cell_run
        if book.notebook:
            tags["mlflow.source.name"] = book.notebook
        return tags


class NbopsExperiment:
    """`mlflow.default_experiment_provider`: the session's experiment, where the user set none."""

    def in_context(self) -> bool:
        return _logbook() is not None

    def get_experiment_id(self) -> str:
        import mlflow

        from nbops.tracking.experiments import find_or_create_experiment

        book = _logbook()
        if book is None:
            return "0"
        is_ours = mlflow.get_tracking_uri() == book.workspace.embedded_uri
        root = book.workspace.artifacts if is_ours else None
        return find_or_create_experiment(mlflow.MlflowClient(), book.experiment, root)


def _logbook() -> "Logbook | None":
    """The session of this process, or of the cell that started this script."""
    from nbops.recording.current import join, logbook

    return logbook() or (join() if _is_script() else None)


def _is_script() -> bool:
    ipython = sys.modules.get("IPython")
    return ipython is None or ipython.get_ipython() is None


def _starts_a_run() -> bool:
    """Whether `mlflow.start_run` asks; MLflow describes data sets and traces by these tags, too."""
    frame = sys._getframe(2)  # noqa: SLF001 - tags <- resolve_tags <- who asks
    for _ in range(2):
        if frame.f_back is None:
            break
        if frame.f_code.co_name == "start_run":
            return True
        frame = frame.f_back
    return frame.f_code.co_name == "start_run"


def _await_embedded_store() -> None:
    """Wait, while MLflow is being imported, until the embedded store is sound.

    MLflow would create a missing SQLite file in place, and two processes that do so break it.
    """
    from nbops.recording.background import prepare_embedded_store
    from nbops.tracking import embedded

    if embedded.is_making:
        return
    uri = os.environ.get("MLFLOW_TRACKING_URI", "")
    database = Path(uri.removeprefix("sqlite:///"))
    if uri.startswith("sqlite:///") and database.parent.name == ".nbops" and not database.exists():
        prepare_embedded_store(database.parent.parent)
