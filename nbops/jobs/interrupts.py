"""Ctrl-C and SIGTERM while a job runs: its kernel is stopped, its record ended as any other's."""

import contextlib
import os
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Protocol, Self

_GRACE_S = 5.0


class Interrupted(KeyboardInterrupt):
    """A signal ended a job; everything that can be said about it is recorded.

    Parameters
    ----------
    where
        Says `in [3]`, for one; asked late, since a kernel tells only in time which number its cell has.
    """

    def __init__(self, number: int, where: Callable[[], str]) -> None:
        super().__init__()
        self.number = number
        self._where = where

    def __str__(self) -> str:
        return f"Interrupted {self._where()}"


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

    def __enter__(self) -> Self:
        if threading.current_thread() is not threading.main_thread():
            return self
        threading.Thread(target=self._watch, name="nbops-interrupts", daemon=True).start()
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

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        is_first = self._came is None
        self._came = self._came or Interrupted(number, self._job.place())
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
        if os.getpgid(pid) == pid:
            os.killpg(pid, number)
        else:
            os.kill(pid, number)
