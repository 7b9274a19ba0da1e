"""One job has one place that waits for it: scheduling it with another system moves it there."""

from pathlib import Path

from nbops.errors import UsageError
from nbops.scheduling.jupyter.defined import SYSTEM, DefinedJob, list_defined
from nbops.scheduling.local.install import remove_job
from nbops.scheduling.local.kept import Kept, jobs_home


def check_free(name: str, source: Path, system: str) -> None:
    """Refuse a name that another notebook's job has in the other kind of system.

    Raises
    ------
    UsageError
        It has; verbs take a job by its name.
    """
    for other in _find_elsewhere(name, system):
        if _source_of(other) != source.resolve():
            raise UsageError(
                f"There is a job {name!r} already, of {_source_of(other)}.",
                "Call this one --name OTHER.",
            )


def leave_elsewhere(name: str, source: Path, system: str) -> None:
    """Remove a job that was just installed from the other kind of system."""
    for other in _find_elsewhere(name, system):
        if _source_of(other) == source.resolve():
            other.remove() if isinstance(other, DefinedJob) else remove_job(other)


def _find_elsewhere(name: str, system: str) -> list[Kept | DefinedJob]:
    if system == SYSTEM:
        kept = Kept(jobs_home() / name)
        return [kept] if kept.is_there else []
    return [job for job in list_defined() if job.name == name]


def _source_of(job: Kept | DefinedJob) -> Path:
    return (job.source if isinstance(job, DefinedJob) else Path(job.read().source)).resolve()
