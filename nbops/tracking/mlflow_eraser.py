"""Takes runs, and parts of runs, out of one MLflow store; doing it twice changes nothing."""

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbops.errors import StoreUnreachable, UsageError
from nbops.recording.destination import read_access
from nbops.tracking.context import TAG_ID
from nbops.tracking.errors import Forbidden, Refusal, is_too_old, mlflow_errors
from nbops.tracking.metric_names import to_mlflow_name
from nbops.tracking.sqlite_rows import SqliteRows
from nbops.tracking.store import be_quiet, open_store
from nbops.tracking.trims import Trim
from nbops.workspace import Workspace

if TYPE_CHECKING:
    from mlflow.entities import LoggedModel, Run

_SQLITE = "sqlite:///"


class MlflowEraser:
    """One MLflow store.

    An SQLite file loses the rows; of a server, only its API can be asked, and `left` says what that
    cannot take away.

    Parameters
    ----------
    shown_uri
        Tracking URI as records name it.

    Raises
    ------
    StoreUnreachable, UsageError
        It cannot be opened.
    """

    def __init__(self, workspace: Workspace, shown_uri: str) -> None:
        be_quiet()
        self.left: list[str] = []
        self._uri = read_access(workspace).get(shown_uri, {}).get("uri", shown_uri)
        self._client = open_store(workspace, shown_uri)
        path = Path(self._uri.removeprefix(_SQLITE))
        is_file = self._uri.startswith(_SQLITE) and path.is_file()
        self._rows = SqliteRows(path) if is_file else None

    def close(self) -> None:
        if self._rows is not None:
            with mlflow_errors():
                self._rows.close()

    def refuse_registered(self, runs: Sequence[str]) -> None:
        """See that no registered model would lose its files.

        Raises
        ------
        UsageError
            One would.
        """
        for run_id in runs:
            with mlflow_errors():
                found = self._client.search_model_versions(f"run_id = '{run_id}'")
            for version in found:
                raise UsageError(
                    f"Version {version.version} of the registered model {version.name!r} is this run's.",
                    "Delete that version in MLflow first.",
                )

    def erase(self, runs: Sequence[str], keys: Sequence[str]) -> None:
        """Erase runs.

        Parameters
        ----------
        keys
            Their ids as nbops gave them: a run that was created twice is found by it.
        """
        twins = self._rows.runs_tagged(TAG_ID, keys) if self._rows else set()
        gone = list(dict.fromkeys([*runs, *sorted(twins)]))
        for run_id in gone:
            run = self._get(run_id)
            if run is not None:
                self._erase_files(run)
                if self._rows is None:
                    self._hide(run)
        if self._rows is not None:
            with mlflow_errors():
                self._rows.delete_runs(gone)

    def trim(self, trim: Trim) -> None:
        """Take away what a run has no more, and nbops' own record of it."""
        run = self._get(trim.mlflow_id)
        if run is None:
            return
        for name in (*trim.files, "nbops"):
            self._delete_artifacts(run.info.artifact_uri, name)
        for label in trim.models:
            for model in self._models(run, f"tags.`{TAG_ID}` = '{label}'"):
                self._erase_model(model)
        metrics = [to_mlflow_name(name) for name in trim.metrics]
        params = [to_mlflow_name(name) for name in trim.params]
        if self._rows is not None:
            with mlflow_errors():
                self._rows.delete_values(trim.mlflow_id, "metrics", metrics)
                self._rows.delete_values(trim.mlflow_id, "params", params)
                self._rows.delete_values(trim.mlflow_id, "tags", trim.tags)
                self._rows.delete_datasets(trim.mlflow_id, trim.datasets)
            return
        self._delete_tags(run, trim.tags)
        digests = {found.dataset.digest for found in run.inputs.dataset_inputs}
        stays = [f"metric {name}" for name in metrics if name in run.data.metrics]
        stays += [f"parameter {name}" for name in params if name in run.data.params]
        stays += ["its datasets"] if digests & set(trim.datasets) else []
        if stays:
            self.left.append(
                f"The server has no way to take {', '.join(stays)} from run {trim.mlflow_id}; "
                "forgetting that run hides it."
            )

    # ---- inside -------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _allowed(self, what: str) -> Iterator[None]:
        """Go on where the server lets us not delete something, and say what stays."""
        try:
            yield
        except Forbidden:
            self.left.append(f"The server does not let you delete {what}: ask who may.")

    def _get(self, run_id: str) -> "Run | None":
        try:
            with mlflow_errors():
                return self._client.get_run(run_id)
        except Refusal:
            return None

    def _erase_files(self, run: "Run") -> None:
        for model in self._models(run, f"source_run_id = '{run.info.run_id}'"):
            self._erase_model(model)
        self._delete_artifacts(run.info.artifact_uri, None)

    def _models(self, run: "Run", wanted: str) -> "list[LoggedModel]":
        """Logged models; an older server has none, and keeps a model among its run's files."""
        try:
            with mlflow_errors():
                experiment = [run.info.experiment_id]
                return list(self._client.search_logged_models(experiment, filter_string=wanted))
        except StoreUnreachable as error:
            if is_too_old(error.__cause__):
                return []
            raise

    def _erase_model(self, model: "LoggedModel") -> None:
        self._delete_artifacts(model.artifact_location, None)
        with self._allowed(f"model {model.model_id}"), mlflow_errors():
            if self._rows is not None:
                self._rows.delete_model(model.model_id)
            else:
                self._client.delete_logged_model(model.model_id)

    def _delete_artifacts(self, uri: str, path: str | None) -> None:
        from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

        what = f"the files under {uri}" + (f"/{path}" if path else "")
        try:
            with self._allowed(what), mlflow_errors():
                repository: Any = get_artifact_repository(uri, tracking_uri=self._uri)
                repository.delete_artifacts(path)
        except Refusal:  # there is none
            return
        except NotImplementedError:
            self.left.append(f"The files under {uri} cannot be deleted from here.")

    def _hide(self, run: "Run") -> None:
        """All that the API of a server offers; what it has deleted already, it does not touch again."""
        if run.info.lifecycle_stage == "deleted":
            return
        run_id = run.info.run_id
        self._delete_tags(run, list(run.data.tags))
        with mlflow_errors():
            self._client.update_run(run_id, name="forgotten")
        with self._allowed(f"run {run_id} with its parameters and metrics"):
            with mlflow_errors():
                self._client.delete_run(run_id)
            self.left.append(
                f"The server keeps parameters and metrics of run {run_id}, hidden, "
                f"until `mlflow gc --run-ids {run_id}` is run there."
            )

    def _delete_tags(self, run: "Run", names: Sequence[str]) -> None:
        for name in names:
            if name in run.data.tags:
                try:
                    with mlflow_errors():
                        self._client.delete_tag(run.info.run_id, name)
                except Refusal:
                    self.left.append(f"The server keeps the tag {name} of run {run.info.run_id}.")
