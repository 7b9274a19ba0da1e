"""A job that its time, a change of files, or a person has started: `nbops jobs exec`.

What waits may start it too often: it runs for times that are due and not yet seen to, for files whose content is
another one, and not while as many runs are under way as there may be.
"""

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from nbops.errors import NbopsError, NotFound, UsageError
from nbops.jobs.plan import JOB_VARIABLE
from nbops.scheduling.local.credentials import mask, read_credentials
from nbops.scheduling.local.history import JobRun, Reason, begin_run, drop_old, read_runs, write_run
from nbops.scheduling.local.kept import Kept, KeptJob
from nbops.scheduling.local.notices import send_notice, write_notice
from nbops.scheduling.local.watching import Watched, find_watched, read_made, read_watched
from nbops.scheduling.process import find_record
from nbops.scheduling.times import times_between
from nbops.workspace import find_workspace

_LATE = timedelta(minutes=10)  # what is started later was missed
_AGAIN = timedelta(days=1)  # a failure that lasts is told once a day
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_OUT_OF_TIME = 124
_PATIENCE_S = 5.0

Due = tuple[Reason, datetime | None]


def execute(kept: Kept, start: Reason) -> int:
    """Run a job for what is due; returns 0, or the code of the last run that failed.

    Parameters
    ----------
    start
        What started this process; `asked` runs in any case.
    """
    job = kept.read()
    settle(kept, job)
    try:
        code = _run_asked(kept, job) if start == "asked" else _run_due(kept, job, start)
        while code is not None and (left := _take_left(kept)):
            more = _run_due(kept, job, left)
            code = code if start == "asked" else more or code  # who asked is told of that run
    except Stopped as stop:
        code = stop.exit_code
    if kept.is_there:
        drop_old(kept.runs)
    else:  # removed while it ran
        kept.erase()
    return code or 0


def _run_due(kept: Kept, job: KeptJob, start: Reason) -> int | None:
    """Run what is due of one kind; None when that is left to a run that has the place."""
    code = 0
    while _is_due(kept, start):
        slot = kept.take_slot(job.max_parallel)
        if slot is None:
            _leave(kept, job, start)
            # Who has the place may have looked for what is left just before.
            slot = kept.take_slot(job.max_parallel)
        if slot is None:
            return None
        try:
            for reason, due_at in _claim(kept, job, start):
                code = _run(kept, job, reason, due_at) or code
        finally:
            slot.release()
        # What came due meanwhile was left to this process, since it had the place.
    return code


class Stopped(NbopsError):
    """A signal ended the job, and with it this process."""


def settle(kept: Kept, job: KeptJob) -> None:
    """Note, and tell, which runs died without a word."""
    for run in read_runs(kept.runs)[:1]:
        if run.status == "died":
            secrets: dict[str, str] = {}
            with contextlib.suppress(NbopsError):  # what is wrong with them, the next run says
                secrets = read_credentials(job.credentials)
            _tell(kept, job, run, secrets, kept.runs / f"{run.id}.log")


def find_due(job: KeptJob, until: datetime, now: datetime) -> list[datetime]:
    """Times that are to be run now, after `until`, as the job's `catch_up` says."""
    due = times_between(job.schedule, until, now)
    if job.catch_up == "none":
        due = [moment for moment in due if now - moment <= _LATE]
    return due if job.catch_up == "all" else due[-1:]


def _claim(kept: Kept, job: KeptJob, start: Reason) -> list[Due]:
    """What is due; from here on it counts as seen to."""
    if start == "files":
        return [("files", None)] if _look(kept, job, is_claimed=True) else []
    now = datetime.now(UTC)
    with kept.state() as state:
        # One of many at a time: where the machine is switched off, the others are due again.
        due = find_due(job, state.handled_until, now)[:1]
        state.handled_until = due[0] if due and job.catch_up == "all" else now
    return [("schedule" if now - at <= _LATE else "missed", at) for at in due]


def _see_own(kept: Kept, job: KeptJob, run: JobRun) -> None:
    """Count files that a run wrote as seen to: they do not start the job again."""
    if not job.schedule.watched or not kept.is_there:
        return
    project = Path(job.project)
    with contextlib.suppress(NbopsError, OSError):
        made = read_made(project, job.name, run.started_at)
        paths = {
            path.relative_to(project).as_posix()
            for path in find_watched(project, job.schedule.watched)
        }
        own = {path: digest for path, digest in made.items() if path in paths}
        with kept.state() as state:
            stats = {path: stat for path, stat in state.watched.stats.items() if path not in own}
            state.watched = Watched(state.watched.digests | own, stats)


def _take_left(kept: Kept) -> Reason | None:
    """A kind of start that came while a run, perhaps of another kind, had the place."""
    with kept.state() as state:
        return state.left.pop() if state.left else None


def _is_due(kept: Kept, start: Reason) -> bool:
    try:
        job = kept.read()
    except NotFound:  # removed while it ran
        return False
    if job.is_paused:
        return False
    if start == "files":
        return _look(kept, job, is_claimed=False)
    with kept.state() as state:
        until = state.handled_until
    return bool(find_due(job, until, datetime.now(UTC)))


def _look(kept: Kept, job: KeptJob, *, is_claimed: bool) -> bool:
    """Whether watched files hold something else than when a run last saw them.

    Parameters
    ----------
    is_claimed
        Whether a run sees to what they hold now.
    """
    with kept.state() as state:
        before = state.watched
    found = read_watched(Path(job.project), job.schedule.watched, before)
    with kept.state() as state:
        has_changed = found.digests != state.watched.digests
        if is_claimed or not has_changed:
            state.watched = found  # a touched file is read once
    return has_changed


def _run_asked(kept: Kept, job: KeptJob) -> int:
    slot = kept.take_slot(job.max_parallel)
    if slot is None:
        raise UsageError(
            f"{job.name} was not started: {_count(job)} under way.", f"nbops jobs logs {job.name}"
        )
    try:
        return _run(kept, job, "asked", None)
    finally:
        slot.release()


def _count(job: KeptJob) -> str:
    return "one run is" if job.max_parallel == 1 else f"{job.max_parallel} runs are"


def _leave(kept: Kept, job: KeptJob, start: Reason) -> None:
    """What to do while as many runs are under way as there may be."""
    if start == "files" or job.catch_up != "none":
        with kept.state() as state:  # the run that has the place looks there when it ends
            state.left = sorted({*state.left, start})
        return
    for reason, due_at in _claim(kept, job, start):
        run = begin_run(kept.runs, reason, due_at)
        ended = msgspec.structs.replace(
            run, status="skipped", ended_at=run.started_at, message=f"{_count(job)} under way"
        )
        write_run(kept.runs, ended)


def _run(kept: Kept, job: KeptJob, reason: Reason, due_at: datetime | None) -> int:
    run = begin_run(kept.runs, reason, due_at)
    log = kept.runs / f"{run.id}.log"
    secrets: dict[str, str] = {}
    was_stopped = False
    try:
        secrets = read_credentials(job.credentials)
        child = _Child(kept, job, run, secrets, log)
        code, message = child.finish()
        was_stopped = child.was_signalled
    except (NbopsError, OSError) as error:  # OSError: the project, or its Python, is not there
        code = error.exit_code if isinstance(error, NbopsError) else 1
        message = str(error)
        _write(log, f"nbops: {message}\n")
    said = log.read_text("utf-8", "replace") if log.exists() else ""
    run = msgspec.structs.replace(
        run,
        ended_at=datetime.now(UTC),
        status="failed" if code else "finished",
        exit_code=code,
        session_id=find_record(said),
        message=message,
    )
    write_run(kept.runs, run)
    _see_own(kept, job, run)
    _tell(kept, job, run, secrets, log)
    if was_stopped:
        raise Stopped(message)
    return code


class _Child:
    """The process that runs the notebook, and its log."""

    def __init__(
        self, kept: Kept, job: KeptJob, run: JobRun, secrets: Mapping[str, str], log: Path
    ) -> None:
        self._kept, self._job, self._secrets, self._log = kept, job, secrets, log
        self._reason = run.reason
        self._environment = {
            **os.environ,
            **job.environ,
            **secrets,
            JOB_VARIABLE: job.name,
            "NBOPS_JOB_DUE_AT": run.due_at.isoformat() if run.due_at else "",
        }
        self._stopped_by: str | None = None
        self.was_signalled = False
        self._is_late = False
        self._last = ""

    def finish(self) -> tuple[int, str]:
        """Run it to its end; returns its exit code, and why it failed."""
        job = self._job
        tries = 1 + (job.retries if job.is_pipeline else 0)
        code, last = 0, ""
        for number in range(tries):
            # What comes at its time may fetch something else than the last time; a file that changed is told by itself.
            is_whole = number == 0 and self._reason != "files"
            code, last = self._once(command_of(job, self._kept, is_whole=is_whole))
            if not code or self._stopped_by:
                break
        if self._stopped_by:
            return code or 1, f"stopped by {self._stopped_by}"
        return code, last.removeprefix("nbops: ") if code else ""

    def _once(self, words: list[str]) -> tuple[int, str]:
        process = subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=self._job.project,
            env=self._environment,
            text=True,
            errors="replace",
        )
        undo = self._pass_on_signals(process)
        limit = self._job.timeout_s if self._job.is_pipeline else None
        timer = threading.Timer(limit or 0, self._end, (process,))
        if limit:
            timer.start()
        reader = threading.Thread(target=self._keep_log, args=(process,), daemon=True)
        reader.start()
        try:
            code = process.wait()
        finally:
            timer.cancel()
            undo()
        reader.join(_PATIENCE_S)  # a process that the notebook left behind may hold it open
        return (_OUT_OF_TIME if self._is_late else code), self._last

    def _keep_log(self, process: subprocess.Popen[str]) -> None:
        if process.stdout is None:
            return
        with process.stdout as output:
            for line in output:
                shown = mask(line, self._secrets)
                _write(self._log, shown)
                self._last = shown.strip() or self._last

    def _end(self, process: subprocess.Popen[str]) -> None:
        self._stopped_by, self._is_late = f"its limit of {self._job.timeout_s} s", True
        process.terminate()

    def _pass_on_signals(self, process: subprocess.Popen[str]) -> Callable[[], None]:
        """A machine that shuts down, or `systemctl stop`, ends the notebook, and that is noted."""

        def pass_on(number: int, _frame: Any) -> None:
            self._stopped_by, self.was_signalled = signal.Signals(number).name, True
            process.send_signal(signal.SIGTERM)

        if threading.current_thread() is not threading.main_thread():
            return lambda: None
        before = {number: signal.signal(number, pass_on) for number in _SIGNALS}

        def undo() -> None:
            for number, handler in before.items():
                signal.signal(number, handler)

        return undo


def command_of(job: KeptJob, kept: Kept, *, is_whole: bool) -> list[str]:
    """What runs the notebook, or the pipeline, with its values and limits.

    Parameters
    ----------
    is_whole
        Whether a pipeline's steps run, too, in which nothing changed.
    """
    values = [word for pair in job.params for word in ("-p", pair)]
    expected = ["--expect-env", str(kept.lock)]
    if job.is_pipeline:
        words = [job.python, "-m", "nbops", "pipeline", "run", "-f", job.source]
        return [*words, *values, *expected, *(["--rerun"] if is_whole else [])]
    limits = ["--timeout", str(job.timeout_s)] if job.timeout_s else []
    if job.cell_timeout_s:
        limits += ["--cell-timeout", str(job.cell_timeout_s)]
    if job.retries:
        limits += ["--retries", str(job.retries)]
    return [job.python, "-m", "nbops", "run", job.source, *values, *expected, *limits, "--log"]


def _tell(kept: Kept, job: KeptJob, run: JobRun, secrets: Mapping[str, str], log: Path) -> None:
    """Tell a failure, at first and once a day while it lasts, and that it is over."""
    now = datetime.now(UTC)
    has_failed = run.status in ("failed", "died")
    with kept.state() as state:
        told = state.told_at
        if has_failed:
            if told is not None and now - told < _AGAIN:
                return
            state.told_at = now
        else:
            state.told_at = None
            if told is None:
                return
    settings = find_workspace(job.project).settings.notify
    if not settings:
        return
    notice = write_notice(
        job.name,
        job.source,
        run.status,
        run.message,
        started_at=run.started_at,
        ended_at=run.ended_at,
        due_at=run.due_at,
        exit_code=run.exit_code,
        session_id=run.session_id,
        host=job.host,
    )
    for problem in send_notice(settings, notice, {**job.environ, **secrets}):
        _write(log, f"nbops: {mask(problem, secrets)}\n")


def _write(log: Path, text: str) -> None:
    with os.fdopen(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a") as file:
        file.write(text)
