"""All that is looked at before a job leaves, in the order in which a person reads it."""

from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from nbops.checks.silence import check_kinds, silenced_kinds
from nbops.scheduling.preflight.dry_run import LIMIT_S, try_job
from nbops.scheduling.preflight.findings import KINDS, Finding, say_job
from nbops.scheduling.preflight.interaction import check_interaction
from nbops.scheduling.preflight.kernel import check_kernel
from nbops.scheduling.preflight.modules import check_modules
from nbops.scheduling.preflight.packages import check_environment, check_packages, check_pins
from nbops.scheduling.preflight.reach import check_left_out, check_reach, check_tracking
from nbops.scheduling.preflight.subject import Subject, read_subjects
from nbops.scheduling.preflight.text import check_text
from nbops.scheduling.preflight.values import (
    check_secrets,
    check_values,
    check_variables,
    check_variables_of_modules,
)

if TYPE_CHECKING:
    from nbops.scheduling.job import Job
    from nbops.scheduling.target import Target

_CHECKS: tuple[Callable[[Subject], Iterator[Finding]], ...] = (
    check_kernel,
    check_values,
    check_text,
    check_packages,
    check_modules,
    check_reach,
    check_secrets,
    check_variables,
    check_interaction,
)


def check_job(
    job: "Job",
    target: "Target | None",
    *,
    dry_run: bool,
    ignore: Collection[str] = (),
    limit_s: float = LIMIT_S,
    tell: Callable[[str], None] = lambda _: None,
) -> list[Finding]:
    """Look for what would keep a job from running where it is to run, or its result from being sound.

    Parameters
    ----------
    target
        Where it is to run; None for any other machine, of which nothing is known.
    dry_run
        Whether to run it in a clean copy, too, unless something is found that would stop it anyway.
    ignore
        Kinds not to look for, beside those of `[tool.nbops] ignore_checks`.
    limit_s
        How long the dry run may take.
    tell
        Is told how the dry run goes on, a line each.

    Raises
    ------
    UsageError
        There is no such kind to ignore.
    """
    check_kinds(ignore, KINDS)
    ignored = {*ignore, *job.workspace.settings.ignore_checks}
    found = [one for one in _find(job, target) if one.kind not in ignored]
    if dry_run and "dry-run" not in ignored:
        if has_errors(found):
            message = "No dry run was made, since what was found would stop it."
            found.append(say_job("warning", "dry-run", message, "Mend that, and check again."))
        else:
            found += try_job(job, target, limit_s=limit_s, tell=tell)
    return found


def has_errors(findings: Collection[Finding]) -> bool:
    """Whether anything stands in the way."""
    return any(finding.level == "error" for finding in findings)


def _find(job: "Job", target: "Target | None") -> Iterator[Finding]:
    yield from check_tracking(job, target)
    yield from check_pins(job.lock)
    yield from check_environment(job)
    if target is not None:
        yield from target.check(job)
    travelling = {job.workspace.root / name for name in job.bundle.files}

    def travels(path: Path) -> bool:
        return path in travelling or any(path in other.parents for other in travelling)

    subjects = list(read_subjects(job, target, travels))
    yield from check_left_out(subjects)
    yield from check_variables_of_modules(subjects)
    for subject in subjects:
        found = [
            one for check in _CHECKS for one in check(subject) if not _is_silenced(subject, one)
        ]
        yield from sorted(found, key=lambda one: (one.position is not None, one.position or 0))


def _is_silenced(subject: Subject, finding: Finding) -> bool:
    if finding.position is None:
        return False
    cell = subject.cells[subject.places.index(finding.position)]
    return finding.kind in silenced_kinds(cell, KINDS)
