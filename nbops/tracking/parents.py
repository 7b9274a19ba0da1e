"""An MLflow run that many jobs hang below: a sweep's, a pipeline's."""

import contextlib
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from nbops.capture.secrets.redaction import redact
from nbops.errors import NbopsError
from nbops.index.open_parents import (
    HEARTBEAT_S,
    OpenParent,
    find_abandoned,
    note_making,
    note_open,
    note_status,
    say_alive,
)
from nbops.recording.destination import choose_destination, remember_access
from nbops.recording.scalars import as_scalar
from nbops.records import DataRef
from nbops.tracking.datasets import as_input
from nbops.tracking.errors import Refusal, mlflow_errors
from nbops.tracking.experiments import find_or_create_experiment
from nbops.tracking.metric_names import to_mlflow_name
from nbops.tracking.store import be_quiet, open_store
from nbops.workspace import Workspace

if TYPE_CHECKING:
    from mlflow import MlflowClient

PARENT = "mlflow.parentRunId"


class ParentRun:
    """A run of its own in MLflow, made by whoever is the first to need it.

    It is a help for people who look at MLflow: when the store is away there is none, `problem` says so,
    and the jobs are recorded all the same. When its process is killed, whoever comes next ends it.

    Parameters
    ----------
    tags, params
        What it is made with.
    """

    def __init__(
        self,
        workspace: Workspace,
        notebook: str,
        name: str,
        tags: Mapping[str, str],
        params: Mapping[str, Any] | None = None,
    ) -> None:
        self.id: str | None = None
        self.problem: str | None = None
        self._workspace = workspace
        self._notebook = notebook
        self._name = name
        self._tags = dict(tags)
        self._params = dict(params or {})
        self._is_open = False
        self._opening = threading.Lock()
        self._client: Any = None
        self._note: Path | None = None
        self._over = threading.Event()

    def __enter__(self) -> Self:
        be_quiet()  # before there are threads that start processes
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self.end("FAILED" if kind else "FINISHED")

    @property
    def tags(self) -> dict[str, str]:
        """Tags that hang a job below it; may be asked for by several threads."""
        self.open()
        return {PARENT: self.id} if self.id else {}

    def open(self) -> None:
        """Make it, unless it was made before: seconds, the first time, in which MLflow is loaded."""
        with self._opening:
            if self._is_open:
                return
            self._is_open = True
            try:
                self._open()
                if self._params:
                    self.log(self._params, {})
            except NbopsError as error:
                self.problem = str(error)
            except Exception as error:  # noqa: BLE001 - no job fails of it
                self.problem = redact(f"{type(error).__name__}: {error}")

    def log(self, params: Mapping[str, Any], metrics: Mapping[str, float]) -> None:
        """Write params and metrics, as far as MLflow takes them."""
        from mlflow.entities import Metric, Param

        if self.id is None:
            return
        try:
            with mlflow_errors():
                self._client.log_batch(
                    self.id,
                    metrics=[Metric(to_mlflow_name(k), v, 0, 0) for k, v in metrics.items()],
                    params=[
                        Param(to_mlflow_name(k), str(as_scalar(k.rpartition(".")[2], v))[:6000])
                        for k, v in params.items()
                    ],
                )
        except NbopsError as error:
            self.problem = str(error)

    def describe(
        self,
        tags: Mapping[str, str],
        data: Sequence[tuple[DataRef, str]],
        files: Mapping[str, str],
    ) -> None:
        """Write tags, data with what it is to the run, and text files, as far as MLflow takes them.

        Parameters
        ----------
        files
            By their path among the artifacts.
        """
        from mlflow.entities import RunTag

        if self.id is None:
            return
        try:
            with mlflow_errors():
                own = [RunTag(to_mlflow_name(k)[:250], v[:5000]) for k, v in tags.items()]
                self._client.log_batch(self.id, tags=own)
                if data:
                    inputs = [as_input(ref, context) for ref, context in data]
                    self._client.log_inputs(self.id, inputs)
                for name, text in files.items():
                    self._client.log_text(self.id, text, name)
        except NbopsError as error:
            self.problem = str(error)

    def end(self, status: Literal["FINISHED", "FAILED", "KILLED"]) -> None:
        """Close it; once."""
        if self.id is None or self._client is None:
            return
        self._over.set()
        try:
            with mlflow_errors():
                self._client.set_terminated(self.id, status)
        except NbopsError as error:
            self.problem = str(error)
            if self._note is not None:
                note_status(self._note, status)
        else:
            if self._note is not None:
                self._note.unlink(missing_ok=True)
        self._client = None

    def _open(self) -> None:
        chosen = choose_destination(
            self._workspace, uri=None, experiment=None, notebook=self._notebook
        )
        self._workspace.prepare()
        shown_uri = remember_access(self._workspace, chosen.uri)
        client = open_store(self._workspace, shown_uri)
        root = self._workspace.artifacts if chosen.is_embedded else None
        with mlflow_errors():
            experiment = find_or_create_experiment(client, chosen.experiment, root)
            with self._noted_making(shown_uri, experiment):
                created = client.create_run(experiment, run_name=self._name, tags=self._tags)
                self._client, self.id = client, created.info.run_id
                with contextlib.suppress(OSError):
                    self._note = note_open(self._workspace, created.info.run_id, shown_uri)
        if self._note is not None:
            threading.Thread(target=self._say_alive, name="nbops-parent", daemon=True).start()

    @contextlib.contextmanager
    def _noted_making(self, shown_uri: str, experiment_id: str) -> Iterator[None]:
        """Let the run be found of a process that is killed before it knows its id."""
        note: Path | None = None
        with contextlib.suppress(OSError):
            note = note_making(self._workspace, shown_uri, experiment_id, self._tags)
        try:
            yield
        finally:
            if note is not None:
                note.unlink(missing_ok=True)

    def _say_alive(self) -> None:
        while self._note is not None and not self._over.wait(HEARTBEAT_S):
            say_alive(self._note)


def end_abandoned(workspace: Workspace, shown_uri: str, client: "MlflowClient") -> None:
    """End the runs in this store whose process is gone: it was killed, which is a failure.

    Raises
    ------
    StoreUnreachable
    """
    for path, note, lived_at in find_abandoned(workspace):
        if note.tracking_uri != shown_uri:
            continue
        try:
            with mlflow_errors():
                for run_id in [note.run_id] if note.run_id else _find_made(client, note):
                    if note.status is None:
                        client.set_tag(run_id, "nbops.status", "died")
                    at = int(lived_at * 1000)
                    client.set_terminated(run_id, note.status or "FAILED", end_time=at)
        except Refusal:
            pass  # somebody has deleted it
        path.unlink(missing_ok=True)


def _find_made(client: "MlflowClient", note: OpenParent) -> list[str]:
    """The run that was being made, when it was."""
    tags = {key: value for key, value in note.tags.items() if "'" not in value}
    wanted = " and ".join(f"tags.`{key}` = '{value}'" for key, value in tags.items())
    found = client.search_runs([note.experiment_id], f"{wanted} and status = 'RUNNING'")
    return [run.info.run_id for run in found] if tags else []
