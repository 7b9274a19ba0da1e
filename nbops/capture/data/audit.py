"""Python's audit hook: one a process, for ever, since Python cannot remove it.

It takes no lock and lets nothing but Ctrl-C out, since it runs inside the user's own calls, and inside
a `__del__` that the garbage collector calls at any moment.
"""

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from nbops.capture.data.watch import DataWatch

_REPORTS: dict[str, Callable[..., None]] = {
    "open": DataWatch.opened,
    "os.chdir": lambda watch, _folder: watch.changed_folder(),
    "os.listdir": DataWatch.listed,
    "os.scandir": DataWatch.listed,
    "glob.glob": lambda watch, pattern, is_deep: watch.globbed(pattern, is_flat=not is_deep),
    "pathlib.Path.glob": lambda watch, _folder, pattern: watch.globbed(pattern),
    "pathlib.Path.rglob": lambda watch, _folder, pattern: watch.globbed(pattern, is_deep=True),
    "os.rename": DataWatch.renamed,
    "sqlite3.connect": DataWatch.connected,
    "subprocess.Popen": DataWatch.started,
    "os.posix_spawn": lambda watch, program, words, _env: watch.started(program, words),
    "os.system": lambda watch, command: watch.started(None, command),
    "os.exec": DataWatch.became,
}
"""What is told to whom of the events that Python raises, called with their arguments."""

_watch: DataWatch | None = None
_is_installed = False


def watch_with(watch: DataWatch | None) -> None:
    """Make this the watch that the process's audit hook and readers report to; None for nobody."""
    global _watch, _is_installed  # noqa: PLW0603 - the hook is the process's
    _watch = watch
    if watch is not None and not _is_installed:
        sys.addaudithook(_hook)
        os.register_at_fork(after_in_parent=_has_forked, after_in_child=_become_worker)
        _is_installed = True


def process_watch() -> DataWatch | None:
    """Watch of this process, whether a cell runs or not."""
    return _watch


def active_watch() -> DataWatch | None:
    """Watch of the cell that is running now."""
    return _watch if _watch is not None and _watch.is_of_cell() else None


@contextmanager
def unwatched(*, at_home: bool = False) -> Iterator[None]:
    """What this thread opens meanwhile is our own business, and no data of the cell.

    Parameters
    ----------
    at_home
        It lies in nbops' own folder, where the net does not look and need not be told.
    """
    watch = _watch
    if watch is None:
        yield
        return
    with watch.looking_away(), contextlib.nullcontext() if at_home else watch.set_aside():
        yield


def _has_forked() -> None:
    if _watch is not None and _watch.active:
        _watch.has_forked()


def _become_worker() -> None:
    if _watch is not None:
        _watch.become_worker()


def _hook(event: str, args: tuple[Any, ...]) -> None:
    if event not in _REPORTS or _watch is None or not _watch.listens:
        return
    try:
        if event == "os.chdir" or _watch.is_of_cell():
            _REPORTS[event](_watch, *args)
        elif event == "open":
            _watch.opened_outside(*args)
    except Exception:  # noqa: BLE001 - whatever goes wrong here must not reach the user's open()
        _watch.failures += 1
