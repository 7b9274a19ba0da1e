"""What is opened while no cell runs, or by a task whose cell is over, or by a sub-shell: no cell's.

It is counted, so that a record does not seem to be all that there was.
"""

import os
import threading
from contextvars import ContextVar

from nbops.capture.data.places import Places

_cell_of_task: ContextVar[object | None] = ContextVar("nbops_cell", default=None)
"""Cell that began in this context. Tasks and their timers inherit it; threads do not, and what these open is
believed to be the running cell's."""

_MAIN = threading.main_thread().ident


def is_in_subshell() -> bool:
    """Whether this thread serves a sub-shell of the kernel: widgets, and code that runs beside a cell."""
    ident = threading.get_ident()
    if ident == _MAIN:  # as for nearly all cells
        return False
    # `current_thread` would make one of a thread that Python did not start.
    thread = threading._active.get(ident)  # type: ignore[attr-defined]  # noqa: SLF001
    return thread is not None and thread.name.startswith("subshell-")


class Outside:
    """Files that were opened and are credited to nobody."""

    def __init__(self, places: Places) -> None:
        self.listens = False
        self._places = places
        self._cell: object | None = None
        self._paths: set[str] = set()

    def begin_cell(self) -> None:
        """Begin a cell in this context."""
        self._cell = object()
        _cell_of_task.set(self._cell)
        self.listens = True

    def is_of_cell(self) -> bool:
        """Whether who asks is not known to belong to an earlier cell."""
        cell = _cell_of_task.get()
        return cell is self._cell or (cell is None and not is_in_subshell())

    def opened(self, path: str) -> None:
        """Count a file, when it is data and there."""
        path = os.path.abspath(path)
        is_code = path.endswith((".py", ".pyc"))
        if not is_code and self._places.is_data(path) and os.path.isfile(path):
            self._paths.add(path)

    def take(self) -> int:
        """How many files it were since this was asked last."""
        paths, self._paths = self._paths, set()
        return len(paths)
