"""How many jobs fit into memory at once."""

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psutil

from nbops.errors import UsageError
from nbops.records import Document

_SPARE = 0.1
"""Of the machine's memory: what is left to others."""
_UNITS = {"": 1, "k": 1_000, "M": 1_000_000, "G": 1_000_000_000}


def peak_of(document: Document) -> int | None:
    """Most memory that a job's kernel held, as far as it is recorded."""
    peaks = [run.peak_memory_bytes for run in document.cell_runs if run.peak_memory_bytes]
    return max(peaks, default=None)


def read_size(text: str | None) -> int | None:
    """Bytes of a size such as 4GB.

    Raises
    ------
    UsageError
        It is none.
    """
    if text is None:
        return None
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kMG]?)B?\s*", text)
    if not found:
        raise UsageError(f"{text!r} is no size.", "Such as 500MB or 4GB.")
    return int(float(found[1]) * _UNITS[found[2]])


def available_bytes() -> int:
    """Bytes that jobs may take on this machine."""
    about = psutil.virtual_memory()
    return int(about.available - _SPARE * about.total)


class Admission:
    """Lets jobs begin as long as their memory is there; one at least always runs.

    Parameters
    ----------
    need
        Bytes that a job will take; None when nobody knows: until the first one has told, it runs alone.
    available
        Gives the bytes that are free now, jobs that run already counted as taken.
    """

    def __init__(self, need: int | None, available: Callable[[], int] = available_bytes) -> None:
        self.need = need
        self._available = available
        self._running: list[int | None] = []
        self._room: int | None = None
        self._changed = threading.Condition()

    @contextmanager
    def admitted(self, is_over: Callable[[], bool], need: int | None = None) -> Iterator[bool]:
        """Wait until there is room; gives False when it is all over before that.

        Parameters
        ----------
        need
            Bytes that this job takes; as much as the others when None.
        """
        with self._changed:
            while not is_over() and not self._has_room(need):
                self._changed.wait(0.5)
            is_in = not is_over()
            if is_in:
                self._running.append(need)
        try:
            yield is_in
        finally:
            with self._changed:
                if is_in:
                    self._running.remove(need)
                self._changed.notify_all()

    def learn(self, peak: int | None) -> None:
        """Take note of what a job took."""
        with self._changed:
            if peak is not None:
                self.need = max(self.need or 0, peak)
            elif self.need is None:
                self.need = 0  # not recorded here: nothing to go by
            self._changed.notify_all()

    def _has_room(self, need: int | None = None) -> bool:
        if not self._running:
            # What all jobs together may take is measured while none runs.
            self._room = self._available()
            return True
        needs = [self.need if each is None else each for each in (*self._running, need)]
        known = [each for each in needs if each is not None]
        return self._room is not None and len(known) == len(needs) and sum(known) <= self._room
