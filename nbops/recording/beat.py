"""A slow pulse while a long cell runs, so that what it read so far is known before it ends."""

import threading
from collections.abc import Callable

_PERIOD_S = 0.5


class Beat:
    """Calls back every half second from a thread of its own, only while a cell runs.

    The thread starts with the first cell, and sleeps when half a second went by without one.

    Parameters
    ----------
    call
        Called from that thread; what it raises is dropped.
    """

    def __init__(self, call: Callable[[], None]) -> None:
        self._call = call
        self._is_running = False
        self._wanted = threading.Event()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def begin(self) -> None:
        self._is_running = True
        if self._thread is None:
            self._thread = threading.Thread(target=self._pulse, name="nbops-beat", daemon=True)
            self._thread.start()
        if not self._wanted.is_set():  # seldom: this is called with every cell
            self._wanted.set()

    def end(self) -> None:
        self._is_running = False

    def stop(self) -> None:
        self._stopped.set()
        self._wanted.set()

    def _pulse(self) -> None:
        while not self._stopped.is_set():
            self._wanted.wait()
            if self._stopped.wait(_PERIOD_S):
                return
            if self._is_running:
                try:
                    self._call()
                except Exception:  # noqa: BLE001, S112 - the next beat tries again
                    continue
            else:
                self._wanted.clear()
                if self._is_running:  # it began between the two lines
                    self._wanted.set()
