"""What MLflow asks inside the user's process: entry points, so definitions only.

The user's own runs get nbops' ids as tags, so that they can be found and linked, and land in the
session's experiment where the user set none.
"""

import os
import sys
from pathlib import Path

TAG_ID = "nbops.id"
TAG_SESSION = "nbops.session"
TAG_CELL_RUN = "nbops.cell_run"
TAG_STARTED_IN = "nbops.started_in"
"""Cell run in which the user's own code started an MLflow run."""


class NbopsRunContext:
    """`mlflow.run_context_provider`: tags for every run started while a session is open."""

    def __init__(self) -> None:
        _await_embedded_store()

    def in_context(self) -> bool:
        from nbops.recording.current import current

        return current() is not None

    def tags(self) -> dict[str, str]:
        from nbops.recording.current import current

        recorder = current()
        if recorder is None or not _starts_a_run():
            return {}
        recorder.mlflow_run_started()
        tags = {TAG_SESSION: recorder.id}
        if recorder.cell_run:
            tags[TAG_STARTED_IN] = recorder.cell_run
        if recorder.plan.notebook:
            tags["mlflow.source.name"] = recorder.workspace.name_of(recorder.plan.notebook)
        return tags


class NbopsExperiment:
    """`mlflow.default_experiment_provider`: the session's experiment, where the user set none."""

    def in_context(self) -> bool:
        from nbops.recording.current import current

        return current() is not None

    def get_experiment_id(self) -> str:
        import mlflow

        from nbops.recording.current import current
        from nbops.tracking.experiments import find_or_create_experiment

        recorder = current()
        if recorder is None:
            return "0"
        is_ours = mlflow.get_tracking_uri() == recorder.workspace.embedded_uri
        root = recorder.workspace.artifacts if is_ours else None
        return find_or_create_experiment(mlflow.MlflowClient(), recorder.experiment, root)


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
