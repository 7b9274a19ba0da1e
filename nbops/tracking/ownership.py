"""Who carries a session on: one process at a time.

On one machine a file lock decides. A machine that cannot see the session's kernel (another host, another
container) takes a session over only once its owner has not been heard of for two minutes.
"""

import contextlib
import fcntl
import os
import time
from pathlib import Path

from nbops.capture.machine import ProcessId, this_process
from nbops.journal.facts import SessionStarted
from nbops.workspace import runtime_home

_HEARTBEAT_S = 5.0
_SILENCE_S = 120.0


class Lock:
    """An exclusive lock that ends with the process at the latest.

    Parameters
    ----------
    path
        A file on this machine's own file system.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fd: int | None = None

    def acquire(self) -> bool:
        """Take the lock; False when someone else has it."""
        fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            is_it = os.path.samestat(os.fstat(fd), os.stat(self._path))
        except OSError:
            is_it = False
        if not is_it:  # taken, or removed by who had it, since we opened it
            os.close(fd)
            return False
        self._fd = fd
        return True

    def release(self) -> None:
        if self._fd is not None:
            self._path.unlink(missing_ok=True)
            os.close(self._fd)
            self._fd = None


class Lease:
    """The right to judge and to ship one session."""

    def __init__(self, folder: Path) -> None:
        self._beat = folder / "lease"
        self._lock = Lock(runtime_home() / f"session-{folder.name}.lock")
        self._beaten = 0.0

    def take(self, started: SessionStarted | None) -> bool:
        """Take it over, unless another process has it or may have it."""
        if not self._lock.acquire():
            return False
        if started is not None and not can_see(started) and not self._is_abandoned():
            self._lock.release()
            return False
        self.renew()
        return True

    def renew(self) -> None:
        """Say that the owner lives."""
        now = time.monotonic()
        if now - self._beaten >= _HEARTBEAT_S:
            self._beaten = now
            with contextlib.suppress(OSError):
                self._beat.touch(mode=0o600)

    def release(self) -> None:
        self._lock.release()

    def _is_abandoned(self) -> bool:
        try:
            return time.time() - self._beat.stat().st_mtime > _SILENCE_S
        except FileNotFoundError:
            return True


def process_of(started: SessionStarted) -> ProcessId:
    return ProcessId(
        started.host, started.boot_id, started.pid_namespace, started.pid, started.pid_started
    )


def can_see(started: SessionStarted) -> bool:
    """Whether this process can tell if the session's kernel lives.

    It can when both share a pid namespace, and when the machine was booted since: then it does not.
    """
    here, there = this_process(), process_of(started)
    return there.is_local or (there.host == here.host and there.boot_id != here.boot_id)


def is_alive(started: SessionStarted) -> bool:
    process = process_of(started)
    return process.is_local and process.is_alive()
