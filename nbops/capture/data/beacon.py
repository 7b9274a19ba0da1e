"""Which cell of a session runs, told to other processes without a word being written.

In this user's runtime folder lies one file a session, called after the cell that began last; as that cell ends
it is made as long as the cell's number, and a byte. Renaming costs ten microseconds, truncating two; who watches
the folder is told of either, in order with what was opened.
"""

import contextlib
import mmap
import os
import shutil
import struct
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from nbops.workspace import runtime_home

_MEMORY = Path("/dev/shm")  # noqa: S108 - in a folder of ours, whose owner is checked

_NUMBER = struct.Struct("Q")
_TRIES = 3

Sign = Literal["began", "ended", "aside", ""]
"""`aside`: what is opened now is opened by nbops itself."""


def beacons_folder() -> Path:
    """Where those of all sessions lie, each in a folder of its session's id.

    In memory where that can be: on a disk's file system the same takes five times as long.
    """
    home = runtime_home()
    if home.parent == Path(tempfile.gettempdir()) and os.access(_MEMORY, os.W_OK):
        in_memory = _MEMORY / f"nbops-{os.getuid()}"
        with contextlib.suppress(OSError):
            in_memory.mkdir(mode=0o700, exist_ok=True)
            if in_memory.stat().st_uid == os.getuid():
                home = in_memory
    return home / "cells"


class Beacon:
    """That of one session.

    Parameters
    ----------
    session
        Its id.
    """

    def __init__(self, session: str) -> None:
        self.session = session
        self.folder = str(beacons_folder() / session)
        self._path = os.path.join(self.folder, "none")
        self._fd = -1
        self._seq = 0
        self._changes = 0
        self._shared: mmap.mmap | None = None  # with workers that this process forks

    def make(self) -> None:
        """Make the file: no cell has begun."""
        self._shared = mmap.mmap(-1, _NUMBER.size)
        with contextlib.suppress(OSError):
            for folder in (os.path.dirname(self.folder), self.folder):  # both private
                os.makedirs(folder, mode=0o700, exist_ok=True)
            self._fd = os.open(self._path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)

    def begin(self, seq: int) -> None:
        self._seq = seq
        self._rename(f"{self.folder}/{seq}.began")

    def end(self, seq: int) -> None:
        """Tell that the cell ended whose name the file has."""
        self._count()
        try:
            os.ftruncate(self._fd, seq + 1)
        except OSError:  # nobody is told, and nothing else is lost
            return

    @contextlib.contextmanager
    def set_aside(self) -> Iterator[None]:
        """What is opened meanwhile is no doing of the cell that runs."""
        self._rename(f"{self.folder}/{self._seq}.aside")
        try:
            yield
        finally:
            self.begin(self._seq)

    def remove(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
        shutil.rmtree(self.folder, ignore_errors=True)

    def changed_at(self) -> int | None:
        """Another number after each cell that began; None when the session is over.

        A forked worker asks with each file that it opens: for it the number lies in memory.
        """
        if self._shared is not None:
            return int(_NUMBER.unpack(self._shared)[0])
        try:
            return os.stat(self.folder).st_mtime_ns
        except OSError:
            return None

    def running(self) -> int | None:
        """Number of the cell that runs; None between cells."""
        seq, word = self.sign()
        return seq if word in ("began", "aside") else None

    def latest(self) -> int | None:
        """Number of the cell that began last; None before the first, and when the session is over."""
        seq, word = self.sign()
        return seq if word else None

    def sign(self) -> tuple[int, Sign]:
        """Number of a cell and what happened to it last."""
        for _ in range(_TRIES):
            try:
                (sign,) = os.scandir(self.folder)
                seq, word = read_beacon(sign.name)
                is_over = word == "began" and sign.stat().st_size == seq + 1
            except FileNotFoundError:  # renamed meanwhile, or the session is over
                continue
            except (OSError, ValueError):
                break
            return seq, "ended" if is_over else word
        return 0, ""

    def _count(self) -> None:
        if self._shared is not None:
            self._changes += 1
            _NUMBER.pack_into(self._shared, 0, self._changes)

    def _rename(self, path: str) -> None:
        self._count()
        try:
            os.rename(self._path, path)
        except OSError:  # nobody is told, and nothing else is lost
            return
        self._path = path


def read_beacon(name: str) -> tuple[int, Sign]:
    """Number of a cell and what happened to it, as a beacon's name says.

    >>> read_beacon("7.began"), read_beacon("none")
    ((7, 'began'), (0, ''))
    """
    number, _, word = name.partition(".")
    for known in ("began", "aside"):
        if number.isdigit() and word == known:
            return int(number), known
    return 0, ""
