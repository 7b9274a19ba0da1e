"""`nbops.export`, `schedule`: what the commands of these names do, checked the same."""

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from nbops.errors import UsageError

if TYPE_CHECKING:
    import os

    from nbops.scheduling.job import Job


def export(  # noqa: PLR0913 - an argument an option of the command
    source: "str | os.PathLike[str]",
    to: str,
    parameters: Mapping[str, Any] | None = None,
    *,
    schedule: str | None = None,
    timezone: str | None = None,
    on: Literal["push"] | None = None,
    output: "str | os.PathLike[str] | None" = None,
    name: str | None = None,
    lock: "str | os.PathLike[str] | None" = None,
    timeout: float | None = None,
    retries: int = 0,
    max_parallel: int = 1,
    catch_up: Literal["none", "last", "all"] | None = None,
    secrets: Sequence[str] = (),
    image: str | None = None,
    ignore: Sequence[str] = (),
    dry_run: bool = True,
    dry_run_limit: float = 600.0,
    force: bool = False,
) -> Path:
    """Write a notebook or pipeline as files that another system runs, as `nbops export` does.

    `nbops.export("report.ipynb", "argo", {"depth": 8}, schedule="every weekday at 6:30")`

    Parameters
    ----------
    to
        The system: a name that `nbops export --list` tells.
    parameters
        By name; of a pipeline by `step.name`.
    schedule, timezone
        When it runs, in words or as cron, and on whose clock, such as `Europe/Berlin`.
    output
        The folder; NAME-TARGET in this one when None.
    lock
        Requirements to run in; what the newest recorded run had when None.
    timeout, dry_run_limit
        Seconds that a notebook, or the run in a clean copy before, may take.
    catch_up
        Of the runs that were missed, which are made up for; what the system does by itself when None.
    secrets
        Names of variables that the notebook reads, given there by the system's own secrets.
    image
        Its container's name, such as `ghcr.io/me/report:1`.
    ignore
        Kinds of findings not to look for.
    force
        Write over files that others put there.

    Returns
    -------
    The folder; its README.md tells how to install, run and remove it.

    Raises
    ------
    UsageError, NotFound
        What was given cannot be meant, or must not leave so; nothing was written. What is only doubtful
        is a `UserWarning`.
    """
    from nbops.scheduling.folder import emit_files, write_export
    from nbops.scheduling.job import read_job
    from nbops.scheduling.target import check_export, find_target

    target = find_target(to)
    job = read_job(
        Path(source),
        parameters,
        schedule,
        timezone=timezone,
        name=name,
        lock=Path(lock) if lock else None,
        timeout_s=timeout,
        retries=retries,
        max_parallel=max_parallel,
        events=(on,) if on else (),
        catch_up=catch_up,
        secrets=secrets,
        image=image,
    )
    check_export(job, target)
    _inspect(job, to, ignore, dry_run=dry_run, limit_s=dry_run_limit)
    folder = Path(output or f"{job.name}-{to}").resolve()
    return write_export(emit_files(job, target), folder, is_forced=force).folder


def schedule(  # noqa: PLR0913 - an argument an option of the command
    source: "str | os.PathLike[str]",
    when: str,
    parameters: Mapping[str, Any] | None = None,
    *,
    timezone: str | None = None,
    on: Literal["cron", "systemd", "jupyter-scheduler"] | None = None,
    catch_up: Literal["none", "last", "all"] = "last",
    max_parallel: int = 1,
    name: str | None = None,
    credentials: str | None = None,
    lock: "str | os.PathLike[str] | None" = None,
    timeout: float | None = None,
    cell_timeout: float | None = None,
    retries: int = 0,
    ignore: Sequence[str] = (),
    dry_run: bool = True,
    dry_run_limit: float = 600.0,
) -> str:
    """Run a notebook or pipeline on this machine whenever `when` says, as `nbops schedule` does.

    `nbops.schedule("report.ipynb", "every weekday at 6:30", {"depth": 8})`

    Parameters
    ----------
    when
        In words, as cron, or `when data/*.csv changes`.
    parameters
        By name; of a pipeline by `step.name`.
    on
        What waits; cron where there is one, else systemd, when None.
    catch_up, max_parallel
        Of runs that were missed, which are made up for; how many may be under way at once.
    credentials
        Where its passwords are: a file, `command:COMMAND` or `environment`.
    timeout, cell_timeout, dry_run_limit
        Seconds that it, one of its cells, or the run in a clean copy before, may take.
    dry_run
        Whether to run it once in a clean copy before.

    Returns
    -------
    The job's name: `nbops jobs logs NAME`.

    Raises
    ------
    UsageError, NotFound
        What was given cannot be meant, or must not run so; nothing was installed. What is only doubtful
        is a `UserWarning`.
    """
    from nbops.scheduling.job import check_complete, read_job
    from nbops.scheduling.jupyter.install import install_job as install_in_jupyter
    from nbops.scheduling.local.credentials import list_names
    from nbops.scheduling.local.install import choose_system, install_job, plan_job
    from nbops.scheduling.waiting import check_free, leave_elsewhere

    system = on or choose_system()
    given = dict(parameters or {})
    job = read_job(
        Path(source),
        given,
        when,
        timezone=timezone,
        name=name,
        lock=Path(lock) if lock else None,
        timeout_s=timeout,
        retries=retries,
        catch_up=catch_up,
        max_parallel=max_parallel,
        secrets=list_names(credentials),
    )
    check_complete(job)
    check_free(job.name, job.source, system)
    if system == "jupyter-scheduler":
        if credentials:
            raise UsageError(
                "credentials go with cron and systemd.", "The Jupyter server gives a job its own."
            )
        _inspect(job, system, ignore, dry_run=dry_run, limit_s=dry_run_limit)
        install_in_jupyter(job)
        leave_elsewhere(job.name, job.source, system)
        return job.name
    texts = {
        f"{each.entry}.{each.parameter.name}" if job.is_pipeline else each.parameter.name: each.text
        for each in job.settings
    }
    pairs = [f"{key}={texts[key]}" for key in given]
    planned = plan_job(
        job, when, pairs, system, credentials=credentials, cell_timeout_s=cell_timeout
    )
    _inspect(job, system, ignore, dry_run=dry_run, limit_s=dry_run_limit)
    install_job(job, planned)
    leave_elsewhere(job.name, job.source, system)
    return planned.name


def _inspect(job: "Job", to: str, ignore: Sequence[str], *, dry_run: bool, limit_s: float) -> None:
    """Refuse what would not run there; warn of what is doubtful."""
    from nbops.scheduling.preflight import check_job
    from nbops.scheduling.target import find_target

    kinds = (ignore,) if isinstance(ignore, str) else ignore
    found = check_job(job, find_target(to), dry_run=dry_run, ignore=kinds, limit_s=limit_s)
    errors = [one for one in found if one.level == "error"]
    if errors:  # all of them, since each look may take a dry run
        first, *others = errors
        more = " ".join(f"{one.message} {one.hint}" for one in others)
        raise UsageError(first.message, f"{first.hint} {more}".rstrip())
    for one in found:
        warnings.warn(f"{one.message} {one.hint}", stacklevel=3)
