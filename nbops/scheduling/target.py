"""Systems that a job can be exported to: the interface, and who offers one.

A package offers a target by an entry point of the group `nbops.targets`, whose value is a class without
arguments. This room imports no system's SDK, and neither do targets: what they emit is text.
"""

import difflib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from nbops.errors import NotFound, UsageError
from nbops.scheduling.preflight.findings import Finding

if TYPE_CHECKING:
    from nbops.scheduling.job import Job

GROUP = "nbops.targets"


@dataclass(frozen=True)
class Emission:
    """What a target made of a job.

    Parameters
    ----------
    files
        By path within the folder, with forward slashes.
    install, run_now, remove
        Commands, one a line, as typed in that folder.
    secrets
        Names of secrets that the system is to have, and what each is.
    notes
        What a person must know that does not stand in the files.
    again
        Commands after exporting again, where those that install it would refuse what is there.
    """

    files: Mapping[str, str | bytes]
    install: Sequence[str]
    run_now: Sequence[str]
    remove: Sequence[str]
    secrets: Mapping[str, str]
    notes: Sequence[str] = ()
    again: Sequence[str] = ()


@runtime_checkable
class Target(Protocol):
    """A system that runs jobs.

    Parameters
    ----------
    name
        As it is typed: `github-actions`.
    summary
        What is emitted, a few words.
    is_remote
        Whether it runs elsewhere, so that it reaches nothing that only this machine has.
    takes
        Which of `WISHES` it keeps to; the others are refused.
    """

    name: str
    summary: str
    is_remote: bool
    takes: Collection[str]

    def check(self, job: "Job") -> list[Finding]:
        """What of a job this system cannot do: errors, and warnings."""
        ...

    def emit(self, job: "Job") -> Emission:
        """Files and commands; the same for the same job.

        Raises
        ------
        UsageError
            The system cannot say something of it.
        """
        ...


WISHES = ("--image", "--on push", "--catch-up none", "--catch-up last", "--catch-up all")
"""What can be asked of an export that not every system keeps to."""


def check_export(job: "Job", target: Target) -> None:
    """Refuse what was asked of an export that its system does not keep to.

    Raises
    ------
    UsageError
        Something was, with what it does take.
    """
    if job.is_pipeline and (job.retries or job.timeout_s):
        raise UsageError(
            "An exported pipeline takes no --timeout and no --retries.",
            "Its file has both, for each step: timeout, retries.",
        )
    wishes = [f"--on {event}" for event in job.events]
    wishes += ["--image"] * bool(job.image) + [f"--catch-up {job.catch_up}"] * bool(job.catch_up)
    for wish in wishes:
        if wish not in target.takes:
            others = [other.name for other in list_targets() if wish in other.takes]
            raise UsageError(
                f"{target.name} cannot keep to {wish}.",
                f"These can: {', '.join(others)}." if others else "Leave it out.",
            )


OWN = {
    "airflow": "nbops.scheduling.targets.airflow:Airflow",
    "argo": "nbops.scheduling.targets.argo:Argo",
    "azureml": "nbops.scheduling.targets.azureml:AzureML",
    "cron": "nbops.scheduling.targets.cron:Cron",
    "github-actions": "nbops.scheduling.targets.github_actions:GitHubActions",
    "jupyter-scheduler": "nbops.scheduling.targets.jupyter_scheduler:JupyterScheduler",
    "kubeflow": "nbops.scheduling.targets.kubeflow:Kubeflow",
    "kubernetes": "nbops.scheduling.targets.kubernetes:Kubernetes",
    "sagemaker": "nbops.scheduling.targets.sagemaker:SageMaker",
    "script": "nbops.scheduling.targets.script:Script",
    "systemd": "nbops.scheduling.targets.systemd:Systemd",
}
"""Targets that come with nbops."""


@cache
def _offered() -> dict[str, Target]:
    points = [EntryPoint(name, place, GROUP) for name, place in OWN.items()]
    others = sorted(entry_points(group=GROUP), key=lambda point: point.name)
    return {point.name: _load(point) for point in [*points, *others]}


def _load(point: EntryPoint) -> Target:
    try:
        target = point.load()()
    except Exception as error:
        raise UsageError(
            f"The target {point.name!r} of {point.value} cannot be loaded: {error}.",
            "Mend or remove the package that offers it.",
        ) from error
    if not isinstance(target, Target) or target.name != point.name:
        raise UsageError(
            f"{point.value} is no target {point.name!r}.",
            "It has name, summary, is_remote, takes, check and emit.",
        )
    return target


def list_targets() -> list[Target]:
    """All targets that are installed, by name."""
    return list(_offered().values())


def find_target(name: str) -> Target:
    """The target of this name.

    Raises
    ------
    NotFound
        There is none.
    """
    known = _offered()
    if name not in known:
        near = difflib.get_close_matches(name, known, 1)
        hint = f"Did you mean {near[0]}?" if near else f"There are {', '.join(known)}."
        raise NotFound(f"There is no target {name!r}.", hint)
    return known[name]
