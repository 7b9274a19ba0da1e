"""Jobs of this machine as people and the panel see them."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nbops.scheduling.local.history import JobRun, read_runs
from nbops.scheduling.local.kept import Kept, KeptJob
from nbops.scheduling.times import next_times
from nbops.scheduling.wording import show_words


def describe_job(kept: Kept, *, times: int = 3, runs: int = 20) -> dict[str, Any]:
    """A job with its next times and newest runs, as JSON has it."""
    job = kept.read()
    found = read_runs(kept.runs)
    coming = [] if job.is_paused else next_times(job.schedule, datetime.now(UTC), times)
    told = [describe_run(kept, run) for run in found[:runs]]
    return {
        "name": job.name,
        "source": job.source,
        "project": job.project,
        "notebook": Path(job.source).name,
        "when": job.when,
        "words": show_words(job.schedule),
        "timezone": job.timezone,
        "watched": list(job.schedule.watched),
        "params": list(job.params),
        "system": job.system,
        "is_paused": job.is_paused,
        "catch_up": job.catch_up,
        "max_parallel": job.max_parallel,
        "timeout_s": job.timeout_s,
        "retries": job.retries,
        "credentials": _name_source(job),
        "host": job.host,
        "created_at": job.created_at,
        "next_times": [moment.isoformat() for moment in coming],
        "last": told[0] if told else None,
        "runs": told,
    }


def describe_run(kept: Kept, run: JobRun) -> dict[str, Any]:
    log = kept.runs / f"{run.id}.log"
    return {
        "id": run.id,
        "reason": run.reason,
        "due_at": run.due_at,
        "started_at": run.started_at,
        "ended_at": run.ended_at,
        "duration_s": run.duration_s,
        "status": run.status,
        "exit_code": run.exit_code,
        "session_id": run.session_id,
        "message": run.message,
        "log": str(log) if log.exists() else None,
    }


def _name_source(job: KeptJob) -> str | None:
    """Where credentials are from; of a command only its program, since it may name secrets."""
    if job.credentials and job.credentials.startswith("command:"):
        return job.credentials.split()[0]
    return job.credentials
