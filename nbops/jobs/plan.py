"""What one run of a notebook is to be."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from nbops.digests import digest_bytes
from nbops.workspace import Workspace


class Listener(Protocol):
    """Is told how a job goes on, from the thread that runs it."""

    def begun(self, cells: list[Any]) -> None:
        """Tell which code cells there are; those that are skipped are not among them."""

    def cell_begun(self, cell: Any) -> None: ...

    def cell_ended(self, cell: Any) -> None: ...

    def wrote(self, text: str) -> None:
        """Tell what the running cell has printed."""

    def ended(self) -> None: ...


@dataclass(frozen=True)
class Errand:
    """A job that is run for another machine, which ships its record: here nothing is told to MLflow.

    Parameters
    ----------
    root
        The project's folder here: its own, or a copy of what the job needs of it.
    state
        Where the record lies until it is brought home.
    tracking_uri
        Where it will be shipped to.
    """

    root: Path
    state: Path
    tracking_uri: str

    @property
    def workspace(self) -> Workspace:
        return Workspace(self.root, self.state)


def id_of_try(session_id: str, number: int) -> str:
    """Id of the session of a try: whoever ordered the first one, 0, can tell those of the others."""
    if not number:
        return session_id
    return digest_bytes(f"{session_id} {number}".encode()).partition(":")[2][: len(session_id)]


@dataclass(frozen=True)
class JobPlan:
    """One run of a notebook.

    Parameters
    ----------
    parameters
        As `check_parameters` gave them.
    timeout_s, cell_timeout_s
        How long the notebook, or one cell, may run; None for as long as it takes.
    skipped
        Cells that are not run, by id, with the outputs that they had.
    experiment
        Where its runs go in MLflow; the notebook's own, or the workspace's, when None.
    workdir
        Folder to work in; the notebook's own when None.
    notebook
        Its file, where papermill reads another one: what was made of a percent script, or kept of it.
    is_warm
        Whether its kernel is forked from a process that has imported what it will import.
    errand
        Whom it is run for, when that is another machine.
    """

    session_id: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    timeout_s: float | None = None
    cell_timeout_s: float | None = None
    skipped: Mapping[str, list[Any]] = field(default_factory=dict)
    listener: Listener | None = None
    experiment: str | None = None
    workdir: Path | None = None
    notebook: Path | None = None
    is_warm: bool = False
    errand: Errand | None = None


JOB_VARIABLE = "NBOPS_JOB"
"""Names the scheduled job that a process runs for."""


def tags_of_job() -> dict[str, str]:
    """Tag of all that a scheduled job runs; none elsewhere."""
    name = os.environ.get(JOB_VARIABLE)
    return {"nbops.job": name} if name else {}


@dataclass(frozen=True)
class RunOptions:
    """How a notebook is to be run; see `JobPlan`.

    Parameters
    ----------
    output
        Where to write the executed notebook; with the session's record when None.
    workdir
        Folder to work in; the notebook's own when None, or that of the run that is resumed.
    retries
        How often to try again when it fails.
    resume
        Run, or session, that failed, and is to go on at the cell that did.
    expect_env
        Run whose environment there must be, or a file of locked requirements.
    session_id
        Id of the session that will record it; made up when None.
    needs
        Files that it is declared to read, as absolute paths: they travel with it.
    content
        The notebook as `read_notebook` gave it, when it is not to be read anew: its file may be saved meanwhile.
    """

    output: Path | None = None
    workdir: Path | None = None
    timeout_s: float | None = None
    cell_timeout_s: float | None = None
    retries: int = 0
    resume: str | None = None
    expect_env: str | None = None
    session_id: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    listener: Listener | None = None
    experiment: str | None = None
    is_warm: bool = False
    needs: tuple[str, ...] = ()
    content: Any = field(default=None, repr=False)
    errand: Errand | None = None
