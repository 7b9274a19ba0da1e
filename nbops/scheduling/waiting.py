"""Jobs that wait for their time, whatever waits for them: cron, systemd, or jupyter-scheduler in a server that runs.

One job has one place that waits for it: scheduling it with another system moves it there.
"""

from pathlib import Path
from typing import Any, Protocol

from nbops.errors import NotFound
from nbops.scheduling.jupyter.defined import SYSTEM, list_defined
from nbops.scheduling.local.install import name_is_taken
from nbops.scheduling.local.kept import Kept, find_kept, jobs_home, list_kept
from nbops.scheduling.local.waiting import LocalJob


class WaitingJob(Protocol):
    """What a person does with a job."""

    @property
    def name(self) -> str: ...

    @property
    def source(self) -> Path:
        """Its notebook, or pipeline."""

    def describe(self) -> dict[str, Any]:
        """The job with its next times and newest runs, as JSON has it."""

    def runs(self) -> list[dict[str, Any]]:
        """All its runs that are known, newest first."""

    def run(self) -> tuple[int, dict[str, Any] | None]:
        """Run it now; returns its exit code and that run, None when the job was removed meanwhile."""

    def start(self) -> None:
        """Run it now, and do not wait."""

    def pause(self) -> None: ...

    def resume(self) -> None: ...

    def remove(self) -> None: ...


def list_waiting() -> list[WaitingJob]:
    """All jobs of this user on this machine."""
    return [*map(LocalJob, list_kept()), *list_defined()]


def find_waiting(name: str) -> WaitingJob:
    """The job of a name: of cron or systemd first.

    Raises
    ------
    NotFound
        There is none.
    """
    try:
        return LocalJob(find_kept(name))
    except NotFound:
        defined = next((job for job in list_defined() if job.name == name), None)
        if defined is None:
            raise
        return defined


def check_free(name: str, source: Path, system: str) -> None:
    """Refuse a name that another notebook's job has in the other kind of system.

    Raises
    ------
    UsageError
        It has; verbs take a job by its name.
    """
    for other in _find_elsewhere(name, system):
        if other.source.resolve() != source.resolve():
            raise name_is_taken(name, other.source)


def leave_elsewhere(name: str, source: Path, system: str) -> None:
    """Remove a job that was just installed from the other kind of system."""
    for other in _find_elsewhere(name, system):
        if other.source.resolve() == source.resolve():
            other.remove()


def _find_elsewhere(name: str, system: str) -> list[WaitingJob]:
    if system == SYSTEM:
        kept = Kept(jobs_home() / name)
        return [LocalJob(kept)] if kept.is_there else []
    return [job for job in list_defined() if job.name == name]
