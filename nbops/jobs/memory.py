"""How many jobs fit into memory at once."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psutil

from nbops.records import Document

_SPARE = 0.1
"""Of the machine's memory: what is left to others."""


def peak_of(document: Document) -> int | None:
    """Most memory that a job's kernel held, as far as it is recorded."""
    peaks = [run.peak_memory_bytes for run in document.cell_runs if run.peak_memory_bytes]
    return max(peaks, default=None)


def _available() -> int:
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

    def __init__(self, need: int | None, available: Callable[[], int] = _available) -> None:
        self.need = need
        self._available = available
        self._running = 0
        self._room: int | None = None
        self._changed = threading.Condition()

    @contextmanager
    def admitted(self, is_over: Callable[[], bool]) -> Iterator[bool]:
        """Wait until there is room; gives False when it is all over before that."""
        with self._changed:
            while not is_over() and not self._has_room():
                self._changed.wait(0.5)
            is_in = not is_over()
            self._running += is_in
        try:
            yield is_in
        finally:
            with self._changed:
                self._running -= is_in
                self._changed.notify_all()

    def learn(self, peak: int | None) -> None:
        """Take note of what a job took."""
        with self._changed:
            if peak is not None:
                self.need = max(self.need or 0, peak)
            elif self.need is None:
                self.need = 0  # not recorded here: nothing to go by
            self._changed.notify_all()

    def _has_room(self) -> bool:
        if self._running == 0:
            # What all jobs together may take is measured while none runs.
            self._room = self._available()
            return True
        if self.need is None or self._room is None:
            return False
        return (self._running + 1) * self.need <= self._room
