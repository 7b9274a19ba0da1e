r"""Append facts: one line a fact, one small write, each line chained to the one before.

A line is `<link> <json>\\n`, where link is the first 16 bytes of
BLAKE3(previous link + json) in hex. Whoever alters, drops or reorders a line breaks the chain.
"""

import errno
import os
import threading
from collections import deque
from pathlib import Path

from blake3 import blake3

from nbops.journal.facts import Fact, Gap, encode

SEED = "0" * 32
"""Link before the first line."""

_KEPT_BYTES = 64_000_000
"""What cannot be written stays in memory up to here; beyond it the oldest are dropped, and a gap is stated."""


def link_of(previous: str, line: bytes) -> str:
    return blake3(previous.encode() + line).hexdigest(length=16)


class Journal:
    """A chained, append-only file with one writing process.

    `append` never raises, never blocks on another thread, and may be called from anywhere, a
    `__del__` in the middle of another append included: lines go through a queue that whoever comes
    first drains. Ctrl-C may strike between any two steps of it without harm.

    Parameters
    ----------
    path
        File to create, with mode 0600. It must not exist.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problem: str | None = None
        """Why lines are waiting in memory; None while all is well."""
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        self._waiting: deque[bytes] = deque()
        self._draining = threading.Lock()
        # One tuple, so that it changes as a whole: head, length of the file, the line written last.
        self._written = (SEED.encode(), 0, b"")
        self._lost = 0
        self._pid = os.getpid()

    @property
    def head(self) -> str:
        """Link of the last line written."""
        return self._written[0].decode()

    @property
    def length(self) -> int:
        """Bytes written: what a reader must have seen to know everything up to now."""
        return self._written[1]

    def append(self, fact: Fact) -> None:
        waiting = self._waiting
        waiting.append(encode(fact))
        # A line that arrives between another thread's last look and its release is taken here.
        while waiting and self._draining.acquire(False):
            try:
                self._drain()
            finally:
                self._draining.release()
            if self.problem:
                break

    @property
    def waiting(self) -> int:
        """Facts that are not written: lost, once it is closed."""
        return len(self._waiting) + self._lost

    def close(self) -> None:
        if self._fd >= 0 and os.getpid() == self._pid:
            if self._waiting and self._draining.acquire(False):  # one last time
                self._drain()
                self._draining.release()
            os.close(self._fd)
        self._fd = -1

    def _drain(self) -> None:
        if self._fd < 0 or os.getpid() != self._pid:  # closed, or a forked child: not its file
            self._waiting.clear()
            return
        waiting = self._waiting
        while waiting:
            if self._lost:
                gap = Gap(lost=self._lost, reason=self.problem or "unknown")
                if not self._write(encode(gap)):
                    return
                self._lost = 0
            line = waiting[0]
            # The very object: Ctrl-C may have come after it was written, before it was taken out.
            if line is not self._written[2] and not self._write(line):
                self._bound_memory()
                return
            waiting.popleft()
        self.problem = None

    def _write(self, line: bytes) -> bool:
        head, length, _ = self._written
        link = blake3(head + line).hexdigest(length=16).encode()
        data = b"".join((link, b" ", line, b"\n"))
        try:  # at its place: a line that Ctrl-C left uncounted is written over by itself
            written = os.pwrite(self._fd, data, length)
        except OSError as error:
            self._cut(error.strerror or str(error))
            return False
        if written != len(data):  # a full disk takes part of a line without an error
            self._cut("No space left on device")
            return False
        self._written = (link, length + written, line)
        return True

    def _cut(self, problem: str) -> None:
        """Take a torn end back, so that the next line starts on its own."""
        self.problem = problem
        length = self._written[1]
        try:
            os.ftruncate(self._fd, length)
        except OSError as error:
            self.problem = f"{problem}; {error}"

    def _bound_memory(self) -> None:
        size = sum(len(line) for line in self._waiting)
        while size > _KEPT_BYTES:
            size -= len(self._waiting.popleft())
            self._lost += 1


class Findings:
    """Plain JSON lines of the background process; everything but MLflow's ids can be found again."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self._mend_end()

    def append(self, fact: Fact) -> None:
        """Write one line.

        Raises
        ------
        OSError
            The disk is full or gone; nothing of the line is left behind.
        """
        data = encode(fact) + b"\n"
        with self._lock:
            before = os.fstat(self._fd).st_size
            if os.write(self._fd, data) != len(data):
                os.ftruncate(self._fd, before)
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def close(self) -> None:
        with self._lock:  # whoever still has something to say must not say it to another file
            os.close(self._fd)
            self._fd = -1

    def _mend_end(self) -> None:
        """End a line that a killed process left torn; readers skip it."""
        size = os.fstat(self._fd).st_size
        if size and os.pread(self._fd, 1, size - 1) != b"\n":
            os.write(self._fd, b"\n")
