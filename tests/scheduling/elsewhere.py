"""A place that knows nothing of this one: an export is run there, and what it left is read back."""

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nbformat
from logged import metrics_of
from mlflow import MlflowClient
from projects import clean_environment

_PATIENCE_S = 1500.0
"""A whole job runs in it, with all that it imports, on a machine that others load."""


class Elsewhere:
    """A folder, a home and a tracking store.

    Parameters
    ----------
    store
        An MLflow SQLite file that is migrated.
    """

    def __init__(self, folder: Path, store: Path) -> None:
        self.folder = folder
        folder.mkdir()
        shutil.copyfile(store, folder / "tracking.db")
        self.uri = f"sqlite:///{folder / 'tracking.db'}"
        self.environment = clean_environment(folder / "home", MLFLOW_TRACKING_URI=self.uri)

    def run(
        self, words: Sequence[str], cwd: Path, code: int = 0, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            list(words),
            cwd=cwd,
            env={**self.environment, **variables},
            capture_output=True,
            text=True,
            timeout=_PATIENCE_S,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done

    def runs(self) -> list[Any]:
        """Runs of the store, the first one first; where MLflow was slow, the rest is carried there."""
        for state in self.folder.parent.rglob(".nbops"):
            self.run([sys.executable, "-m", "nbops", "sync"], state.parent)
        client = MlflowClient(tracking_uri=self.uri)
        ids = [each.experiment_id for each in client.search_experiments()]
        return sorted(client.search_runs(ids), key=lambda run: run.info.start_time)

    def metrics(self) -> dict[str, float]:
        """All metrics, the newest value of each."""
        return {name: value for run in self.runs() for name, value in metrics_of(run).items()}


def printed(path: Path) -> str:
    """What the cells of an executed notebook printed."""
    notebook = nbformat.read(path, as_version=4)
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return "".join(output.get("text", "") for output in outputs)
