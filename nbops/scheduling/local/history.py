"""Runs of a job: one file each, begun before it starts, so that a loss of power leaves a trace."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import msgspec

from nbops.capture.environment.machine import ProcessId, this_process
from nbops.records import FORMAT, from_json, to_json
from nbops.writing import write_whole

_KEPT = 50  # runs whose logs are kept
Status = Literal["running", "finished", "failed", "died", "skipped"]
Reason = Literal["schedule", "missed", "files", "asked"]


class JobRun(msgspec.Struct, frozen=True, kw_only=True):
    """One run of a job.

    Parameters
    ----------
    reason
        What started it: its time, a time that was missed, files that changed, a person.
    due_at
        The time that it is for; None when it has none.
    status
        `died` when its process was gone without having said how it ended.
    session_id
        What was recorded of it: `nbops show` takes it.
    message
        Why it failed, or was skipped; one line.
    """

    format: int = FORMAT
    id: str
    reason: Reason
    due_at: datetime | None
    started_at: datetime
    process: ProcessId
    ended_at: datetime | None = None
    status: Status = "running"
    exit_code: int | None = None
    session_id: str | None = None
    message: str = ""

    @property
    def duration_s(self) -> float | None:
        return None if self.ended_at is None else (self.ended_at - self.started_at).total_seconds()


def begin_run(folder: Path, reason: Reason, due_at: datetime | None) -> JobRun:
    """Note that a run begins."""
    now = datetime.now(UTC)
    run = JobRun(
        id=f"{now:%Y%m%d-%H%M%S-%f}",
        reason=reason,
        due_at=due_at,
        started_at=now,
        process=this_process(),
    )
    write_run(folder, run)
    return run


def write_run(folder: Path, run: JobRun) -> None:
    write_whole(folder / f"{run.id}.json", to_json(run))


def read_runs(folder: Path) -> list[JobRun]:
    """Runs of a job, newest first; one whose process is gone is noted as having died."""
    found = []
    for path in sorted(folder.glob("*.json"), reverse=True):
        try:
            run = from_json(path.read_bytes(), JobRun)
        except (OSError, msgspec.DecodeError):  # being removed, or damaged by a loss of power
            continue
        if run.status == "running" and run.process.has_ended:
            log = path.with_suffix(".log")
            ended = log.stat().st_mtime if log.exists() else run.started_at.timestamp()
            run = msgspec.structs.replace(
                run,
                status="died",
                ended_at=datetime.fromtimestamp(ended, UTC),
                message="its process was gone without a word: killed, or the machine was switched off",
            )
            write_run(folder, run)
        found.append(run)
    return found


def drop_old(folder: Path) -> None:
    """Remove all runs but the newest, with their logs."""
    for run in read_runs(folder)[_KEPT:]:
        if run.status != "running":
            for ending in ("json", "log"):
                (folder / f"{run.id}.{ending}").unlink(missing_ok=True)
