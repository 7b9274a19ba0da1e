"""Jobs that wait in jupyter-scheduler, as `nbops jobs` lists those of cron and systemd."""

import contextlib
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nbops.errors import NbopsError, UsageError
from nbops.scheduling.jupyter.order import ASKS
from nbops.scheduling.jupyter.server import JupyterServer, list_servers
from nbops.scheduling.schedule import read_schedule
from nbops.scheduling.times import next_times
from nbops.scheduling.wording import show_words

SYSTEM = "jupyter-scheduler"
_ENDED = {"COMPLETED": "finished", "FAILED": "failed", "STOPPED": "failed"}
_LOOKS_EVERY_S = 1.0


@dataclass(frozen=True)
class DefinedJob:
    """A job definition of a running server that asks for nbops.

    Parameters
    ----------
    definition
        As the server describes it.
    """

    server: JupyterServer
    definition: dict[str, Any]

    @property
    def name(self) -> str:
        return str(self.definition["name"])

    @property
    def source(self) -> Path:
        """Its notebook."""
        wishes = self.definition.get("runtime_environment_parameters") or {}
        below = wishes.get("nbops_notebook") or self.definition["input_filename"]
        return self.server.root / str(below)

    def describe(self, *, times: int = 3, runs: int = 20) -> dict[str, Any]:
        """The job with its next times and newest runs; see `nbops.scheduling.local.listing`."""
        definition = self.definition
        when, zone = definition.get("schedule") or "", definition.get("timezone") or "UTC"
        is_paused = not definition["active"]
        words, coming = "", []
        with contextlib.suppress(UsageError):  # croniter reads more than cron
            schedule = read_schedule(when, zone)
            words = show_words(schedule)
            coming = [] if is_paused else next_times(schedule, datetime.now(UTC), times)
        told = [_describe_run(each) for each in self._runs()[:runs]]
        values = definition.get("parameters") or {}
        return {
            "name": self.name,
            "source": str(self.source),
            "project": str(self.server.root),
            "notebook": self.source.name,
            "when": when,
            "words": words or when or "when asked",
            "timezone": zone,
            "watched": [],
            "params": [f"{name}={text}" for name, text in values.items()],
            "system": SYSTEM,
            "is_paused": is_paused,
            "created_at": _moment(definition["create_time"]),
            "next_times": [moment.isoformat() for moment in coming],
            "last": told[0] if told else None,
            "runs": told,
        }

    def pause(self) -> None:
        self.server.change_definition(self._id, active=False)

    def resume(self) -> None:
        self.server.change_definition(self._id, active=True)

    def remove(self) -> None:
        self.server.delete_definition(self._id)

    def run(self) -> tuple[int, dict[str, Any]]:
        """Run it now; returns its exit code and that run."""
        job_id = self.server.run_definition(self._id)
        while (told := _describe_run(self.server.read_job(job_id)))["status"] == "running":
            time.sleep(_LOOKS_EVERY_S)
        return int(told["status"] != "finished"), told

    def start(self) -> None:
        self.server.run_definition(self._id)

    def runs(self) -> list[dict[str, Any]]:
        """Its runs, newest first."""
        return [_describe_run(each) for each in self._runs()]

    @property
    def _id(self) -> str:
        return str(self.definition["job_definition_id"])

    def _runs(self) -> list[dict[str, Any]]:
        found = self.server.list_jobs(self._id)
        return sorted(found, key=lambda job: -int(job["create_time"]))


def list_defined() -> list[DefinedJob]:
    """Jobs that ask for nbops, of all servers of this user that run here and have jupyter-scheduler; by name."""
    found: list[DefinedJob] = []
    for server in list_servers():
        with contextlib.suppress(NbopsError):  # it has no such jobs, or is ending
            found += jobs_of(server)
    return sorted(found, key=lambda job: job.name)


def jobs_of(server: JupyterServer) -> list[DefinedJob]:
    """Jobs of a server that ask for nbops."""
    return [
        DefinedJob(server, definition)
        for definition in server.list_definitions()
        if ASKS in (definition.get("tags") or ())
    ]


def _describe_run(job: dict[str, Any]) -> dict[str, Any]:
    begun, ended = job.get("start_time"), job.get("end_time")
    is_stopped = job["status"] == "STOPPED"
    # A job that was just created is STOPPED, too, and has not started.
    has_ended = job["status"] in _ENDED and not (is_stopped and not begun)
    return {
        "id": job["job_id"],
        "reason": "schedule",
        "due_at": None,
        "started_at": _moment(begun or job["create_time"]),
        "ended_at": _moment(ended) if ended else None,
        "duration_s": (ended - begun) / 1000 if begun and ended else None,
        "status": _ENDED[job["status"]] if has_ended else "running",
        "exit_code": None,
        "session_id": None,
        "message": job.get("status_message") or ("stopped" if is_stopped and has_ended else ""),
        "log": None,
    }


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
