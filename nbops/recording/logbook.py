"""What the user logs, made into facts: the same in the process of a session and in one that joined it."""

import time
from abc import ABC, abstractmethod
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from nbops.capture.secrets.redaction import redact, redact_name
from nbops.errors import UsageError
from nbops.journal import facts
from nbops.recording.scalars import as_number, as_scalar, as_step
from nbops.records import ModelRef
from nbops.store import Store
from nbops.workspace import Workspace

open_block: ContextVar[str | None] = ContextVar("nbops_block", default=None)
"""Run of the innermost `with nbops.track(...)` block of this thread or task."""


class Logbook(ABC):
    """Takes what is logged, for the session `id` in `folder`."""

    id: str
    name: str
    experiment: str
    folder: Path
    workspace: Workspace
    store: Store

    @abstractmethod
    def append(self, fact: facts.Fact) -> None: ...

    @property
    @abstractmethod
    def cell_run(self) -> str | None:
        """The running cell; between cells, for threads that go on, the last one."""

    @property
    def block(self) -> str | None:
        """Run of the innermost block, of this thread or task."""
        return open_block.get()

    @property
    def notebook(self) -> str | None:
        """Notebook whose code this process runs, by its name in the workspace."""
        return None

    @abstractmethod
    def warn(self, text: str) -> bool:
        """Note a problem of the running cell; False when it was noted before."""

    def log_metric(
        self,
        name: str,
        value: Any,
        step: int | None = None,
        run: str | None = None,
    ) -> None:
        """Write down one value of a metric: a few microseconds.

        Parameters
        ----------
        run
            The block's run it belongs to; that of the innermost block, or the cell's, when None.
        """
        self.append(
            facts.Metric(
                cell_run=self.cell_run,
                run=run or self.block,
                name=redact_name(name if type(name) is str else str(name)),
                value=as_number(name, value),
                at=time.time(),
                step=None if step is None else as_step(name, step),
            )
        )

    def log_param(self, name: str, value: Any, run: str | None = None) -> None:
        name = str(name)
        scalar = as_scalar(name, value)
        run = run or self.block
        name = redact_name(name)
        self.append(facts.Param(cell_run=self.cell_run, run=run, name=name, value=scalar))

    def set_tag(self, name: str, value: Any, run: str | None = None) -> None:
        name, text = str(name), str(as_scalar(str(name), str(value)))
        run = run or self.block
        name = redact_name(name)
        self.append(facts.Tag(cell_run=self.cell_run, run=run, name=name, value=text))

    def note(self, text: str, run: str | None = None) -> None:
        run = run or self.block
        self.append(facts.Note(cell_run=self.cell_run, run=run, text=redact(str(text))))

    def log_data(self, seen: facts.Seen) -> None:
        """Write down data that the user names as read."""
        cell_run = self.cell_run
        if cell_run is None:
            raise UsageError("Data is recorded for the cell that uses it, and no cell is running.")
        self.append(facts.DataSeen(cell_run=cell_run, reads=[seen]))

    def keep_file(
        self, name: str, digest: str, size_bytes: int, mime: str, missing: str | None = None
    ) -> None:
        self.append(
            facts.FileKept(
                cell_run=self.cell_run,
                run=self.block,
                name=redact_name(name),
                digest=digest,
                size_bytes=size_bytes,
                mime=mime,
                missing=missing,
            )
        )

    def keep_model(self, model: ModelRef, folder: str) -> str | None:
        """Write down a model that was saved; says what of it could not be kept."""
        self.append(
            facts.ModelSaved(cell_run=self.cell_run, run=self.block, model=model, folder=folder)
        )
        return f"{redact(model.name)} {model.missing}." if model.missing else None

    def mlflow_run_started(self) -> None:
        """The user's own code starts an MLflow run now."""
        self.append(facts.MlflowRunStarted(cell_run=self.cell_run, at=time.time()))
