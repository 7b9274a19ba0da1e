"""Who carries a session on: one process at a time.

On one machine a file lock decides. A machine that cannot see the session's kernel (another host, another
container) takes a session over only once its owner has not been heard of for two minutes.
"""

import contextlib
import os
import time
from pathlib import Path

from nbops.capture.environment.machine import process_of, this_process
from nbops.journal.facts import SessionStarted
from nbops.journal.reader import JOURNAL
from nbops.locks import Lock
from nbops.workspace import runtime_home

_HEARTBEAT_S = 5.0
_SILENCE_S = 120.0


class Lease:
    """The right to judge and to ship one session.

    A file in the session's folder names the namespace whose process has it, and is touched while that
    one lives. Who can see the kernel comes first: it asks for the lease, and who cannot lets go.
    """

    def __init__(self, folder: Path) -> None:
        self._beat = folder / "lease"
        self._wanted = folder / "lease.wanted"
        self._journal = folder / JOURNAL
        self._lock = Lock(runtime_home() / f"session-{folder.name}.lock")
        self._beaten = 0.0
        self._is_guest = False  # the kernel cannot be seen from here

    def take(self, started: SessionStarted | None) -> bool:
        """Take it over, unless another process has it or may have it."""
        if not self._lock.acquire():
            return False
        self._is_guest = started is not None and not can_see(started)
        if started is not None and not self._is_free():
            self._lock.release()
            if not self._is_guest:
                self._put(self._wanted)
            return False
        self._wanted.unlink(missing_ok=True)
        self._beaten = time.monotonic()
        self._put(self._beat)
        return True

    def renew(self) -> bool:
        """Say that the owner lives; returns whether it still is the owner."""
        now = time.monotonic()
        if now - self._beaten < _HEARTBEAT_S:
            return True
        self._beaten = now
        if self._is_guest and self._wanted.exists():
            self._beat.unlink(missing_ok=True)
            return False
        if self._owner() not in ("", _namespace()):  # it was taken from us while we slept
            return False
        self._put(self._beat)
        return True

    def sign(self) -> None:
        """Name its owner in the session's folder, which was not there yet when it was taken."""
        self._put(self._beat)

    def release(self) -> None:
        self._lock.release()

    def _is_free(self) -> bool:
        owner = self._owner()
        if owner == _namespace() or (not owner and not self._is_guest):
            return True
        return time.time() - self._heard_at() > _SILENCE_S

    def _heard_at(self) -> float:
        """When its owner, or its kernel, was last heard of."""
        heard = [0.0]
        for path in (self._beat, self._journal) if self._is_guest else (self._beat,):
            with contextlib.suppress(OSError):
                heard.append(path.stat().st_mtime)
        return max(heard)

    def _owner(self) -> str:
        try:
            return self._beat.read_text()
        except OSError:
            return ""

    def _put(self, path: Path) -> None:
        with contextlib.suppress(OSError):
            fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            with os.fdopen(fd, "w") as file:
                file.write(_namespace())


def _namespace() -> str:
    """What processes share that can see one another."""
    here = this_process()
    return f"{here.host} {here.boot_id} {here.pid_namespace}"


def can_see(started: SessionStarted) -> bool:
    """Whether this process can tell if the session's kernel lives.

    It can when both share a pid namespace, and when the machine was booted since: then it does not.
    """
    there = process_of(started)
    return there.is_local or there.is_of_earlier_boot


def is_alive(started: SessionStarted) -> bool:
    process = process_of(started)
    return process.is_local and process.is_alive()
