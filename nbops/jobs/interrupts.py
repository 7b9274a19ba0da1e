"""Ctrl-C, SIGTERM and the end of its time while a job runs: its kernel is stopped, its record ended as any other's."""

import contextlib
import functools
import os
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Any, Protocol, Self

_GRACE_S = 5.0
_HELPERS_END_WITHIN_S = 1.0
_LOOK_EVERY_S = 0.02


class Interrupted(KeyboardInterrupt):
    """Something from outside ended a job; everything that can be said about it is recorded.

    Parameters
    ----------
    exit_code
        What shells say of a process that ended so.
    where
        Says `in [3]`, for one; asked late, since a kernel tells only in time which number its cell has.
    """

    def __init__(self, exit_code: int, where: Callable[[], str], what: str = "Interrupted") -> None:
        super().__init__()
        self.exit_code = exit_code
        self.what = what
        self._where = where

    def __str__(self) -> str:
        return f"{self.what} {self._where()}"

    def __reduce__(self) -> tuple[Any, ...]:
        return Interrupted, (self.exit_code, functools.partial(str, self._where()), self.what)


class TimedOut(Interrupted):
    """A job, or one of its cells, took longer than it may."""

    def __init__(self, where: Callable[[], str], what: str) -> None:
        super().__init__(124, where, what)  # as timeout(1) does


class Job(Protocol):
    """What is interrupted."""

    def kernel_pid(self) -> int | None: ...

    def is_executing(self) -> bool:
        """Whether the kernel runs cells, so that an interrupt ends one; else it is killed."""

    def place(self) -> Callable[[], str]:
        """What will say where it is now."""


class Interrupts:
    """Turns signals into a kernel that stops.

    The first one interrupts the cell that runs; a kernel that is still there five seconds later, and
    one that is interrupted again, is killed. Once the kernel is gone a signal raises `Interrupted`.

    Handlers that somebody else installed are left alone, and so are signals that are ignored.
    """

    def __init__(self, job: Job) -> None:
        self._job = job
        self._came: Interrupted | None = None
        self._has_kernel = True
        self._asked = threading.Event()
        self._over = threading.Event()
        self._previous: dict[int, signal.Handlers] = {}

    @property
    def came(self) -> bool:
        return self._came is not None

    @property
    def reason(self) -> str | None:
        """What ended the job: `Interrupted`, for one."""
        return self._came.what if self._came else None

    def __enter__(self) -> Self:
        threading.Thread(target=self._watch, name="nbops-interrupts", daemon=True).start()
        if threading.current_thread() is not threading.main_thread():
            return self
        for number, usual in (
            (signal.SIGINT, signal.default_int_handler),
            (signal.SIGTERM, signal.SIG_DFL),
        ):
            if signal.getsignal(number) == usual:
                self._previous[number] = signal.signal(number, self._handle)  # type: ignore[assignment]
        return self

    def __exit__(self, *_: object) -> None:
        for number, previous in self._previous.items():
            signal.signal(number, previous)
        self.kernel_is_gone()

    def kernel_is_gone(self) -> None:
        self._has_kernel = False
        self._over.set()
        self._asked.set()

    def raise_if_any(self) -> None:
        if self._came is not None:
            raise self._came

    def end_after(self, seconds: float | None, what: str) -> threading.Timer:
        """End the job in a while, as a first Ctrl-C does, unless the timer is cancelled before."""
        timer = threading.Timer(seconds or 0.0, self._time_is_up, [what])
        timer.daemon = True
        if seconds is not None:
            timer.start()
        return timer

    def _time_is_up(self, what: str) -> None:
        if self._came is None and self._has_kernel:
            self._came = TimedOut(self._job.place(), what)
            self._send(signal.SIGINT if self._job.is_executing() else signal.SIGKILL)
            self._asked.set()

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        is_first = self._came is None
        self._came = self._came or Interrupted(128 + number, self._job.place())
        if not self._has_kernel or self._job.kernel_pid() is None:
            raise self._came
        if is_first and self._job.is_executing():
            self._send(signal.SIGINT)
            self._asked.set()
        else:
            self._send(signal.SIGKILL)

    def _watch(self) -> None:
        self._asked.wait()
        if not self._over.wait(_GRACE_S):
            self._send(signal.SIGKILL)

    def _send(self, number: signal.Signals) -> None:
        pid = self._job.kernel_pid()
        if pid is not None:
            send(pid, number)


def send(pid: int, number: signal.Signals) -> None:
    """Signal a kernel and the processes that it started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if group_of(pid) == pid:
            os.killpg(pid, number)
        else:
            os.kill(pid, number)


def group_of(pid: int | None) -> int | None:
    """The process group that a kernel leads; None when it leads none."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        return pid if pid is not None and os.getpgid(pid) == pid else None
    return None


def end_group(group: int | None) -> None:
    """End what a kernel that is gone has left in its process group; what it detached is not there.

    First they get time: some of Python's own helpers clean up when their pipe ends.
    """
    if group is None:
        return
    deadline = time.monotonic() + _HELPERS_END_WITHIN_S
    with contextlib.suppress(ProcessLookupError, PermissionError):
        while time.monotonic() < deadline:
            os.killpg(group, 0)
            time.sleep(_LOOK_EVERY_S)
        os.killpg(group, signal.SIGKILL)
