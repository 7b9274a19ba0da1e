"""Processes that the server started for someone, from their start to their answer.

A request never waits for a notebook: it is told the task's id, and asks how it goes.
"""

import atexit
import contextlib
import os
import re
import secrets
import signal
import subprocess
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any, Literal, cast

import msgspec
from msgspec.structs import replace

from nbops.errors import NbopsError, NotFound, UsageError
from nbops.records import FORMAT, Record

MOST_AT_ONCE = 8
_KEPT_S = 600.0
_GRACE_S = 5.0
_MOST_BYTES = 20_000_000
_LINE_END = re.compile(rb"[\r\n]+")

State = Literal["running", "done", "failed", "cancelled"]


class TaskState(Record, frozen=True, kw_only=True):
    """How a task goes, and once it is done what its command printed."""

    format: int = FORMAT
    id: str
    state: State
    seconds: float
    progress: str = ""  # the last line that it told on stderr
    answer: Any = None  # JSON, or text where the command prints none
    message: str = ""  # why it failed
    hint: str = ""


class Failed(NbopsError):
    """A command failed; the message is what it said."""


class Task:
    """One process.

    Parameters
    ----------
    limit_s
        After which it is ended; None: never.
    """

    def __init__(self, words: Sequence[str], folder: Path, limit_s: float | None) -> None:
        self.id = secrets.token_hex(8)
        self._started = time.monotonic()
        self._ended: float | None = None
        self._reason = ""
        self._is_cancelled = False
        self._said: list[bytes] = [b""]
        self._process = subprocess.Popen(
            list(words),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,  # so that it ends with all that it started
        )
        self._stdout = b""
        self._over = threading.Event()
        self._limit_s = limit_s
        self._limit = threading.Timer(limit_s, self._end_late) if limit_s else None
        if self._limit:
            self._limit.daemon = True
            self._limit.start()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        threading.Thread(target=self._read, daemon=True).start()

    @property
    def is_over(self) -> bool:
        return self._over.is_set()

    @property
    def idle_s(self) -> float:
        """Since it ended."""
        return 0.0 if self._ended is None else time.monotonic() - self._ended

    def wait(self, timeout_s: float | None = None) -> bool:
        return self._over.wait(timeout_s)

    def cancel(self) -> None:
        """End it, with its children; what is over stays as it is."""
        self._is_cancelled = self._is_cancelled or not self.is_over
        self._end()

    def describe(self) -> TaskState:
        seconds = (self._ended or time.monotonic()) - self._started
        told = TaskState(
            id=self.id, state="running", seconds=round(seconds, 1), progress=self._progress
        )
        if not self.is_over:
            return told
        if self._is_cancelled:
            return replace(told, state="cancelled")
        try:
            return replace(told, state="done", answer=self.answer())
        except NbopsError as error:
            return replace(told, state="failed", message=error.message, hint=error.hint)

    def answer(self) -> Any:
        """What the command printed.

        Raises
        ------
        UsageError, Failed
            It did not do what it was asked; the message is its own.
        """
        if self._reason:
            raise Failed(self._reason)
        code = self._process.returncode
        document = _read_json(self._stdout)
        if code == 0 or (code == 1 and document is not None):
            return self._stdout.decode("utf-8", "replace") if document is None else document
        raise (UsageError if code == 2 else Failed)(self._complaint(code))

    @property
    def _progress(self) -> str:
        lines = [line for line in self._said if line.strip()]
        return lines[-1].decode("utf-8", "replace").strip()[:300] if lines else ""

    def _complaint(self, code: int) -> str:
        lines = [line.decode("utf-8", "replace").strip() for line in self._said if line.strip()]
        ours = [line for line in lines if line.startswith(("nbops: ", "Error: "))]
        text = (ours or lines or [f"nbops ended with the exit code {code}."])[-1]
        return text.removeprefix("nbops: ").removeprefix("Error: ")

    def _listen(self) -> None:
        """Keep the last lines of stderr, whose ends may be carriage returns."""
        stream = cast("IO[bytes]", self._process.stderr)
        while chunk := os.read(stream.fileno(), 65536):
            first, *more = _LINE_END.split(chunk)
            self._said = [*self._said[:-1], self._said[-1] + first, *more][-50:]
        stream.close()

    def _read(self) -> None:
        stream = cast("IO[bytes]", self._process.stdout)
        self._stdout = stream.read(_MOST_BYTES)
        if stream.read(1):
            self._reason = "The answer is too long to be shown."
            self._end()
        stream.close()
        self._process.wait()
        self._listener.join(_GRACE_S)  # what it started may still hold its stderr
        if self._limit:
            self._limit.cancel()
        self._ended = time.monotonic()
        self._over.set()

    def _end_late(self) -> None:
        self._reason = f"It was ended after {self._limit_s:.0f} s."
        self._end()

    def _end(self) -> None:
        if self.is_over:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGTERM)
        if not self._over.wait(_GRACE_S):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)


class Tasks:
    """All tasks of one server."""

    def __init__(self) -> None:
        self._tasks: dict[str, tuple[Task, bool]] = {}
        self._lock = threading.Lock()
        atexit.register(self.end)

    def start(
        self, words: Sequence[str], folder: Path, limit_s: float | None, *, outlives: bool = False
    ) -> Task:
        """Start a process, unless too many run.

        Parameters
        ----------
        outlives
            Whether it goes on when the server ends.

        Raises
        ------
        UsageError
            Too many run.
        """
        with self._lock:
            self._tasks = {
                key: each for key, each in self._tasks.items() if each[0].idle_s < _KEPT_S
            }
            if sum(not task.is_over for task, _ in self._tasks.values()) >= MOST_AT_ONCE:
                raise UsageError(
                    f"{MOST_AT_ONCE} things are under way already.", "Wait until one is done."
                )
            task = Task(words, folder, limit_s)
            self._tasks[task.id] = task, outlives
        return task

    def find(self, key: str) -> Task:
        """A task by its id.

        Raises
        ------
        NotFound
            There is none, or it was over long ago.
        """
        if key not in self._tasks:
            raise NotFound("This task is not known any more.", "Ask for it again.")
        return self._tasks[key][0]

    def end(self) -> None:
        """End what does not outlive the server."""
        for task, outlives in self._tasks.values():
            if not outlives and not task.is_over:
                task.cancel()


def _read_json(printed: bytes) -> Any:
    try:
        return msgspec.json.decode(printed)
    except msgspec.DecodeError:
        return None
