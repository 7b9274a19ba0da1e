"""What is kept of a job that this machine runs: its definition, its lock and its state.

$XDG_STATE_HOME/nbops/jobs/<name>/   private; a user's job names are unique on a machine
    job.json                         what was scheduled
    lock.txt                         the environment that it may run in
    state.json                       until when its times were seen to, files as they last were
    runs/<id>.json, <id>.log         one run: begun, ended, what it printed
"""

import contextlib
import difflib
import shutil
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Literal

import msgspec

from nbops.errors import NotFound, UsageError
from nbops.locks import Lock
from nbops.records import FORMAT, from_json, to_json
from nbops.scheduling.local.watching import Watched
from nbops.scheduling.schedule import CatchUp, Schedule, read_schedule
from nbops.workspace import state_home
from nbops.writing import write_whole


class KeptJob(msgspec.Struct, frozen=True, kw_only=True):
    """A job as it was scheduled.

    Parameters
    ----------
    source
        The notebook, or the pipeline's file.
    when, timezone
        The schedule as it was typed, and the zone whose clock it means.
    params
        As typed: `depth=8`; of a pipeline `train.depth=8`.
    system
        What does the waiting: `cron` or `systemd`.
    catch_up
        Which of the runs that were missed are made up for.
    credentials
        Where its credentials are, see `read_credentials`; never they themselves.
    environ
        Variables that say where programs and files are, as they were; cron sets none of them.
    """

    format: int = FORMAT
    name: str
    source: str
    project: str
    when: str
    timezone: str
    params: tuple[str, ...] = ()
    system: str
    python: str
    catch_up: CatchUp = "last"
    max_parallel: int = 1
    timeout_s: float | None = None
    cell_timeout_s: float | None = None
    retries: int = 0
    credentials: str | None = None
    environ: dict[str, str] = {}
    host: str = ""
    created_at: datetime
    is_paused: bool = False

    @property
    def schedule(self) -> Schedule:
        return read_schedule(self.when, self.timezone)

    @property
    def is_pipeline(self) -> bool:
        return self.source.endswith((".yaml", ".yml"))


class State(msgspec.Struct, kw_only=True):
    """What changes while a job is scheduled.

    Parameters
    ----------
    handled_until
        Times up to here were run, or left out on purpose.
    watched
        The files that it watches, as its last run saw them.
    left
        What started a process that found all places taken, and left its runs to who has one.
    told_at
        When a failure was last told; None when the last run went well.
    """

    handled_until: datetime
    watched: Watched = Watched()
    left: list[Literal["schedule", "missed", "files", "asked"]] = []
    told_at: datetime | None = None


class Kept:
    """The folder of one job."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def lock(self) -> Path:
        return self.folder / "lock.txt"

    @property
    def runs(self) -> Path:
        return self.folder / "runs"

    def read(self) -> KeptJob:
        """The job.

        Raises
        ------
        NotFound, UsageError
            There is none, or its file is damaged.
        """
        path = self.folder / "job.json"
        try:
            return from_json(path.read_bytes(), KeptJob)
        except FileNotFoundError as error:
            raise NotFound(
                f"There is no job {self.folder.name!r}.", "`nbops jobs` lists them."
            ) from error
        except (OSError, msgspec.DecodeError) as error:
            hint = f"nbops jobs remove {self.folder.name}, and schedule it again."
            raise UsageError(f"{path} cannot be read: {error}.", hint) from error

    def write(self, job: KeptJob) -> None:
        self.runs.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(self.folder / "job.json", to_json(job, indent=2))

    @contextlib.contextmanager
    def state(self) -> Iterator[State]:
        """Change the state, alone; what is changed is written at the end."""
        lock = Lock(self.folder / "state.lock")
        while not lock.acquire():  # held for moments only, and gone with its process
            time.sleep(0.02)
        try:
            path = self.folder / "state.json"
            state = from_json(path.read_bytes(), State)
            before = to_json(state)
            yield state
            if to_json(state) != before:
                write_whole(path, to_json(state))
        finally:
            lock.release()

    def begin(self, state: State) -> None:
        """Write a first state."""
        write_whole(self.folder / "state.json", to_json(state))

    def take_slot(self, count: int) -> Lock | None:
        """One of the places of runs that may be under way at once; None when all are taken."""
        for number in range(count):
            lock = Lock(self.folder / f"slot-{number}.lock")
            if lock.acquire():
                return lock
        return None

    @property
    def is_there(self) -> bool:
        """Whether it is still scheduled; a run that is under way may outlast that."""
        return (self.folder / "job.json").exists()

    def forget(self) -> None:
        """Have it listed no more."""
        (self.folder / "job.json").unlink(missing_ok=True)

    def erase(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


def jobs_home() -> Path:
    return state_home() / "jobs"


def find_kept(name: str) -> Kept:
    """The job of this name, or in this folder.

    Raises
    ------
    NotFound
        There is none.
    """
    kept = Kept(Path(name) if "/" in name else jobs_home() / name)
    if not (kept.folder / "job.json").exists():
        near = difflib.get_close_matches(name, [each.folder.name for each in list_kept()], 1)
        hint = f"Did you mean {near[0]}?" if near else "`nbops jobs` lists them."
        raise NotFound(f"There is no job {name!r}.", hint)
    return kept


def list_kept() -> list[Kept]:
    """All jobs of this user on this machine, by name."""
    home = jobs_home()
    return [Kept(path.parent) for path in sorted(home.glob("*/job.json"))]
