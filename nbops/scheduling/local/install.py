"""Scheduling a job on this machine, and what a person does with it later."""

import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from nbops.capture.secrets.redaction import redact
from nbops.errors import NbopsError, UsageError
from nbops.jobs.expected import check_environments
from nbops.scheduling.local import cron, systemd
from nbops.scheduling.local.credentials import check_source
from nbops.scheduling.local.history import read_runs
from nbops.scheduling.local.kept import Kept, KeptJob, State, jobs_home
from nbops.scheduling.local.notices import check_settings
from nbops.scheduling.local.watching import Watched, check_patterns, find_folders, read_watched
from nbops.scheduling.wording import show_words
from nbops.writing import write_whole

if TYPE_CHECKING:
    from nbops.scheduling.job import Job

SYSTEMS = ("cron", "systemd")
_ENVIRON = (
    *("PATH", "VIRTUAL_ENV", "CONDA_PREFIX", "LANG", "LC_ALL", "TZ", "NBOPS_WORKSPACE"),
    *("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"),
    *("JUPYTER_PATH", "JUPYTER_DATA_DIR", "JUPYTER_CONFIG_DIR", "IPYTHONDIR", "MPLBACKEND"),
    *("MLFLOW_TRACKING_URI", "MLFLOW_EXPERIMENT_NAME", "MLFLOW_DISABLE_TELEMETRY"),
)


def choose_system() -> str:
    """What does the waiting on this machine: cron, which runs though nobody is logged in, or systemd.

    Raises
    ------
    UsageError
        There is neither.
    """
    if cron.is_there():
        return "cron"
    if systemd.is_there():
        return "systemd"
    raise UsageError(
        "Nothing on this machine waits for a time: there is no crontab, and no systemd of yours.",
        "Install cron (Debian: apt install cron), or nbops export it to a system that runs it.",
    )


def plan_job(
    job: "Job",
    when: str,
    params: Sequence[str],
    system: str,
    *,
    credentials: str | None = None,
    cell_timeout_s: float | None = None,
) -> KeptJob:
    """What is going to be kept of a job; nothing is written.

    Raises
    ------
    NbopsError
        A value looks like a secret, credentials or watched files cannot be read, or another notebook's job
        has the name.
    """
    schedule = job.schedule
    if schedule is None:
        raise UsageError("When is it to run?", "Such as 'every day at 07:00'.")
    _read_before(Kept(jobs_home() / job.name), str(job.source))
    check_patterns(job.workspace.root, schedule.watched)
    check_settings(job.workspace.settings.notify)
    for pair in params:
        if redact(pair) != pair:
            name = pair.partition("=")[0]
            raise UsageError(
                f"The value of {name} looks like a secret, and would be kept in a file.",
                "Have the notebook read it from its environment, and name its --credentials.",
            )
    return KeptJob(
        name=job.name,
        source=str(job.source),
        project=str(job.workspace.root),
        when=when,
        timezone=schedule.timezone,
        params=tuple(params),
        system=system,
        python=sys.executable,
        catch_up=job.catch_up or "last",
        max_parallel=job.max_parallel,
        timeout_s=job.timeout_s,
        cell_timeout_s=cell_timeout_s,
        retries=job.retries,
        credentials=check_source(credentials) if credentials else None,
        environ=_keep_environ(os.environ),
        host=socket.gethostname(),
        created_at=datetime.now(UTC),
    )


def install_job(job: "Job", kept_job: KeptJob) -> Kept:
    """Keep a job, and have cron or systemd wait for it; in place of one of the same name and source.

    Raises
    ------
    NbopsError
        Another notebook has that name; it is another environment than its lock's; or the system refuses.
    """
    kept = Kept(jobs_home() / kept_job.name)
    before = _read_before(kept, kept_job.source)
    kept.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    beside = (kept.lock, kept.folder / "state.json")
    saved = {path: path.read_bytes() for path in beside if path.exists()}
    try:
        write_whole(kept.lock, job.lock.encode())
        _check_here(job, kept.lock)
        watched = read_watched(Path(kept_job.project), kept_job.schedule.watched, Watched())
        kept.begin(State(handled_until=datetime.now(UTC), watched=watched))
        kept.write(kept_job)
        if before is not None and before.system != kept_job.system:
            _remove(before)
        _install(kept, kept_job)
    except NbopsError:
        if before is None:
            kept.erase()
        else:
            kept.write(before)
            for path, content in saved.items():
                write_whole(path, content)
            if not before.is_paused:
                with contextlib.suppress(NbopsError):
                    _install(kept, before)
        raise
    return kept


def show_installed(kept: Kept, job: KeptJob) -> list[str]:
    """What is, or would be, put into the crontab or into systemd's folder, by lines."""
    if job.system == "cron":
        return cron.write_lines(job.schedule, _command(kept, job), job.catch_up)
    units = _units(kept, job)
    return [line for file, text in units.items() for line in (f"# {file}", *text.splitlines(), "")]


def pause_job(kept: Kept) -> KeptJob:
    """Have nothing wait for a job; times meanwhile are not made up for."""
    job = msgspec.structs.replace(kept.read(), is_paused=True)
    _remove(job)
    kept.write(job)
    return job


def resume_job(kept: Kept) -> KeptJob:
    """Have its system wait for a job again."""
    job = msgspec.structs.replace(kept.read(), is_paused=False)
    with kept.state() as state:
        before = state.watched
    watched = read_watched(Path(job.project), job.schedule.watched, before)
    with kept.state() as state:
        state.handled_until, state.watched = datetime.now(UTC), watched
    _install(kept, job)
    kept.write(job)
    return job


def watch_anew(kept: Kept) -> bool:
    """Have systemd watch folders that have come since; whether there were any.

    cron looks at all files each time.
    """
    if not kept.is_there:
        return False
    job = kept.read()
    if job.system != "systemd" or job.is_paused or not job.schedule.watched:
        return False
    return systemd.renew_watch(job.name, _units(kept, job))


def remove_job(kept: Kept) -> None:
    """Remove a job, its history and its logs; what it recorded stays.

    A run that is under way goes on, and removes the rest when it ends.
    """
    try:
        _remove(kept.read())
    except UsageError:  # its file is damaged: what waits for it must be gone all the same
        for system in (cron, systemd):
            if system.is_there():
                system.remove(kept.folder.name)
    kept.forget()
    if not any(run.status == "running" for run in read_runs(kept.runs)):
        kept.erase()


def start_apart(kept: Kept) -> None:
    """Run a job now, in a process that outlives this one."""
    job = kept.read()
    subprocess.Popen(
        [*_command(kept, job), "--now"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _read_before(kept: Kept, source: str) -> KeptJob | None:
    """The job that a new one replaces; one of another notebook is not replaced."""
    before = kept.read() if kept.is_there else None
    if before is not None and before.source != source:
        raise name_is_taken(before.name, before.source)
    return before


def name_is_taken(name: str, source: Path | str) -> UsageError:
    """That another notebook's job has a name."""
    return UsageError(
        f"There is a job {name!r} already, of {source}.", "Call this one --name OTHER."
    )


def _check_here(job: "Job", lock: Path) -> None:
    """Refuse an environment that the job would refuse at its time."""
    try:
        check_environments(job.workspace, str(lock), [step.notebook for step in job.steps])
    except UsageError as error:
        found = error.message.partition(": ")[2] or error.message
        raise UsageError(
            f"This environment is another one than {job.environment.source}: {found}",
            f"Run it here once (nbops run {job.source.name}), and schedule it then.",
        ) from error


def _install(kept: Kept, job: KeptJob) -> None:
    about = f"{Path(job.source).name}, {show_words(job.schedule)} ({job.timezone})"
    if job.system == "cron":
        lines = cron.write_lines(job.schedule, _command(kept, job), job.catch_up)
        cron.install(job.name, about, lines)
    else:
        systemd.install(job.name, _units(kept, job))


def _units(kept: Kept, job: KeptJob) -> dict[str, str]:
    return systemd.write_units(
        job.name,
        Path(job.source).name,
        job.schedule,
        _command(kept, job),
        folders=find_folders(Path(job.project), job.schedule.watched),
        catch_up=job.catch_up,
    )


def _remove(job: KeptJob) -> None:
    (cron if job.system == "cron" else systemd).remove(job.name)


def _command(kept: Kept, job: KeptJob) -> list[str]:
    return [job.python, "-m", "nbops", "jobs", "exec", str(kept.folder)]


def _keep_environ(environ: Mapping[str, str]) -> dict[str, str]:
    """Where programs and files are; a value that looks like a secret is left out."""
    kept = {name: environ[name] for name in _ENVIRON if environ.get(name)}
    return {name: value for name, value in kept.items() if redact(value) == value}
