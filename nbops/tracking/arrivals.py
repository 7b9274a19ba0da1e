"""Sessions that were recorded on other machines for this one: they are shipped from here, one after the other."""

import contextlib
import queue
import threading
import time

from nbops.tracking.courier import Courier
from nbops.tracking.ownership import Lease
from nbops.tracking.store import be_quiet
from nbops.workspace import Workspace

_TICK_S = 0.05
_SHIP_WITHIN_S = 120.0
_MOST_WAITING = 100
"""Sessions that wait, each with its lock's file open; who brings more waits until there is room."""


class Arrivals:
    """Ships what is brought to a workspace, in a thread of its own.

    A session is claimed before it appears among the others, so that nobody else takes it for one whose
    machine does not answer; its journal names that machine, which gave it away.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._waiting: queue.Queue[tuple[str, Lease] | None] = queue.Queue(_MOST_WAITING)
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._left: list[str] = []
        self._give_up_at: float | None = None

    def claim(self, session_id: str) -> Lease:
        """Take the right to ship a session."""
        lease = Lease(self._workspace.sessions / session_id)
        lease.take(None)
        return lease

    def ship(self, session_id: str, lease: Lease) -> None:
        """Have a session shipped that lies among the others by now."""
        lease.sign()
        with self._starting:  # each of a crew's threads brings some
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._serve, name="nbops-arrivals", daemon=True
                )
                self._thread.start()
        self._waiting.put((session_id, lease))

    def finish(self, within_s: float = _SHIP_WITHIN_S) -> str | None:
        """Wait until all is in MLflow; returns what is left when it is not."""
        if self._thread is not None:
            self._give_up_at = time.monotonic() + within_s
            self._waiting.put(None)
            self._thread.join()
        if not self._left:
            return None
        return (
            f"{len(self._left)} jobs wait for MLflow ({self._left[-1]}); `nbops sync` ships them."
        )

    @property
    def _is_late(self) -> bool:
        return self._give_up_at is not None and time.monotonic() > self._give_up_at

    def _serve(self) -> None:
        be_quiet()
        while (one := self._waiting.get()) is not None:
            session_id, lease = one
            try:
                problem = "MLflow is slow" if self._is_late else self._ship(session_id, lease)
            except Exception as error:  # noqa: BLE001 - the next one may be shipped
                problem = f"{type(error).__name__}: {error}"
            if problem is not None:
                self._left.append(problem)
            with contextlib.suppress(OSError, ValueError):
                lease.release()

    def _ship(self, session_id: str, lease: Lease) -> str | None:
        courier = Courier(self._workspace, only=session_id, lease=lease)
        began = time.monotonic()
        try:
            while not courier.has_finished(session_id):
                courier.tick()
                if courier.error and not courier.has_hope:
                    return courier.error
                if self._is_late or time.monotonic() - began > _SHIP_WITHIN_S:
                    return courier.error or "MLflow is slow"
                time.sleep(_TICK_S)
        finally:
            courier.close()
        return None
