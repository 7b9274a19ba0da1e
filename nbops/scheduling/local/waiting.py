"""A job that cron or systemd waits for, as people handle it; see `nbops.scheduling.waiting`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbops.scheduling.local.execution import execute
from nbops.scheduling.local.history import read_runs
from nbops.scheduling.local.install import pause_job, remove_job, resume_job, start_apart
from nbops.scheduling.local.kept import Kept
from nbops.scheduling.local.listing import describe_job, describe_run


@dataclass(frozen=True)
class LocalJob:
    """One that is kept on this machine."""

    kept: Kept

    @property
    def name(self) -> str:
        return self.kept.folder.name

    @property
    def source(self) -> Path:
        return Path(self.kept.read().source)

    def describe(self) -> dict[str, Any]:
        return describe_job(self.kept)

    def runs(self) -> list[dict[str, Any]]:
        return [describe_run(self.kept, run) for run in read_runs(self.kept.runs)]

    def run(self) -> tuple[int, dict[str, Any] | None]:
        code = execute(self.kept, "asked")
        return code, next((run for run in self.runs() if run["reason"] == "asked"), None)

    def start(self) -> None:
        start_apart(self.kept)

    def pause(self) -> None:
        pause_job(self.kept)

    def resume(self) -> None:
        resume_job(self.kept)

    def remove(self) -> None:
        remove_job(self.kept)
