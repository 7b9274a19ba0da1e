"""Artifacts of a run: files the user kept, models, nbops' own record."""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from nbops.digests import for_mlflow
from nbops.index.executed import EXECUTED_NOTEBOOK
from nbops.records import ModelRef
from nbops.store import Store
from nbops.tracking.artifacts import write_artifacts
from nbops.tracking.context import TAG_ID
from nbops.tracking.errors import is_too_old
from nbops.tracking.shipments import Shipment
from nbops.workspace import Workspace

if TYPE_CHECKING:
    from mlflow import MlflowClient

_LONGEST_PARAM = 6000


def is_local(uri: str) -> bool:
    """Whether what goes there stays on this machine."""
    return uri.startswith(("sqlite:", "file:"))


class FileWriter:
    """Writes each artifact of a run once."""

    def __init__(self, workspace: Workspace, client: "MlflowClient", *, is_local: bool) -> None:
        self._workspace = workspace
        self._client = client
        self._is_local = is_local
        self._store = Store(workspace.store)
        self._sent: set[tuple[str, ...]] = set()

    def write(self, mlflow_id: str, experiment_id: str, shipment: Shipment) -> None:
        """Files the user kept, models, and nbops' own record of a run that is over."""
        self._write_files(mlflow_id, shipment)
        self._write_models(mlflow_id, experiment_id, shipment)

    def _write_files(self, mlflow_id: str, shipment: Shipment) -> None:
        run = shipment.run
        files = run.files if run else shipment.session.files
        if not files and not shipment.is_over and not shipment.stands_for_session:
            return
        share_all = self._is_local or self._workspace.settings.share == "all"
        with tempfile.TemporaryDirectory(dir=self._workspace.state) as scratch:
            folder = Path(scratch)
            for file in files:
                if file.name == EXECUTED_NOTEBOOK and not share_all:
                    continue
                mark = ("file", mlflow_id, file.name, file.digest or "")
                data = self._store.get(file.digest) if file.digest else None
                if mark in self._sent or data is None:
                    continue
                target = folder / file.name
                if not target.resolve().is_relative_to(folder.resolve()):  # "../x"
                    target = folder / target.name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(data)
                make_private(target)
                self._client.log_artifact(mlflow_id, str(target), _parent_of(target, folder))
                self._sent.add(mark)
            done = ("record", mlflow_id, shipment.state)
            if done not in self._sent:
                own = folder / "nbops"
                own.mkdir(exist_ok=True)
                write_artifacts(shipment, own, self._store, share_all=share_all)
                make_private(own)
                if any(own.iterdir()):
                    self._client.log_artifacts(mlflow_id, str(own), "nbops")
                self._sent.add(done)

    def _write_models(self, mlflow_id: str, experiment_id: str, shipment: Shipment) -> None:
        run = shipment.run
        for model in run.models if run else ():
            folder = shipment.model_folders.get(model.name)
            mark = ("model", mlflow_id, model.name, str(folder))
            if folder is None or mark in self._sent or not folder.exists():
                continue
            self._write_model(mlflow_id, experiment_id, model, folder)
            self._sent.add(mark)

    def _write_model(
        self, mlflow_id: str, experiment_id: str, model: ModelRef, folder: Path
    ) -> None:
        from mlflow.entities import LoggedModelOutput
        from mlflow.exceptions import MlflowException

        label = f"{mlflow_id}/{folder.name}"
        make_private(folder)
        try:
            found = self._client.search_logged_models(
                [experiment_id], filter_string=f"tags.`{TAG_ID}` = '{label}'"
            )
        except MlflowException as error:
            if not is_too_old(error):
                raise
            self._client.log_artifacts(
                mlflow_id, str(folder), model.name
            )  # as MLflow 2 keeps models
            return
        if any(str(logged.status) == "READY" for logged in found):
            return
        logged = (
            found[0]
            if found
            else self._client.create_logged_model(
                experiment_id,
                name=model.name,
                source_run_id=mlflow_id,
                tags={
                    TAG_ID: label,
                    "nbops.data": ",".join(map(for_mlflow, model.data_digests))[:5000],
                },
                params={key: str(value)[:_LONGEST_PARAM] for key, value in model.params.items()},
            )
        )
        self._client.log_model_artifacts(logged.model_id, str(folder))
        self._client.finalize_logged_model(logged.model_id, "READY")
        self._client.log_outputs(mlflow_id, [LoggedModelOutput(logged.model_id, 0)])


def make_private(path: Path) -> None:
    """Let nobody else read a file, or those in a folder: MLflow copies their mode into its store.

    A job is carried by its own process, whose umask is the user's and its kernel's.
    """
    for one in (path, *path.rglob("*")):
        if not one.is_symlink():
            one.chmod(0o700 if one.is_dir() else 0o600)


def _parent_of(path: Path, folder: Path) -> str | None:
    relative = path.relative_to(folder).parent.as_posix()
    return None if relative == "." else relative
