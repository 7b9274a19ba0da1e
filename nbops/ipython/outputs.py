"""What cells show, seen through the hooks that ipykernel offers: messages pass unchanged.

Displays and results are seen in the thread that runs cells, streams in the one that sends them. Neither waits
for the other: what is seen goes through a queue that whoever comes first drains.
"""

import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from nbops.capture.outputs import OutputLog, freeze_bundle
from nbops.capture.secrets.masking import Masker
from nbops.recording.outputs import OutputKeeper
from nbops.recording.recorder import Recorder
from nbops.records import CellError, OutputKind

_REMEMBERED = 32
"""Cells whose outputs may still change: a task of theirs prints, a later cell updates a display."""

ERROR = "application/vnd.jupyter.error"


class OutputWatch:
    """The outputs of one shell's cells, for one session."""

    def __init__(self, shell: Any, recorder: Recorder) -> None:
        self.failures = 0
        self._shell = shell
        self._streams: list[Any] = [sys.stdout, sys.stderr]
        self._bundles = _bundles_of(shell)
        self._keeper = OutputKeeper(
            recorder.store, Masker(recorder.plan.params), recorder.append, self._settle, self._still
        )
        self._logs: dict[str, OutputLog] = {}  # by the id of the request that the cell answers
        self._open: OutputLog | None = None
        self._traceback = _last_traceback(shell)
        self._seen: deque[tuple[OutputLog, Callable[[], bool | None]]] = deque()
        self._draining = threading.Lock()
        self._threads: set[int] = set()
        self._is_closed = False
        self._pid = os.getpid()
        for stream in self._streams:
            stream.pub_thread.schedule(partial(stream.register_hook, self._see_stream))

    def begin_cell(self, cell_run: str) -> None:
        self._open = None
        self._keeper.begin_cell()
        if threading.get_ident() not in self._threads:  # hooks belong to a thread
            self._threads.add(threading.get_ident())
            for place in self._bundles:
                place.register_hook(self._see_bundle)
        self._traceback = _last_traceback(self._shell)
        self._open = log = OutputLog(cell_run)
        self._logs[self._shell.get_parent()["header"]["msg_id"]] = log
        if len(self._logs) > _REMEMBERED:
            del self._logs[next(iter(self._logs))]

    def end_cell(self, error: CellError | None) -> bool:
        log, self._open = self._open, None
        self._keeper.end_cell()
        if log is None:
            raise LookupError("nobody watched")
        self._look_for_error(log, error)
        log.is_over = True
        has_outputs = bool(log.outputs or self._seen) or any(map(_is_pending, self._streams))
        if has_outputs:
            self._keeper.put(log)
        return has_outputs

    def close(self) -> None:
        self._keeper.close()
        self._is_closed = True
        for place in self._bundles:
            place.unregister_hook(self._see_bundle)
        for stream in self._streams:
            stream.pub_thread.schedule(partial(stream.unregister_hook, self._see_stream))

    # ---- hooks --------------------------------------------------------------------------------------

    def _see_stream(self, message: dict[str, Any]) -> dict[str, Any]:
        try:
            log = self._log_of(message)
            if log is not None:
                content = message["content"]
                self._take(log, partial(log.add_stream, content["name"], content["text"]))
        except Exception:  # noqa: BLE001 - the message must go on its way
            self.failures += 1
        return message

    def _see_bundle(self, message: dict[str, Any]) -> dict[str, Any]:
        try:
            log = self._log_of(message)
            if log is not None:
                if log is self._open:
                    self._look_for_error(log, None)
                self._see(log, message["msg_type"], message["content"])
        except Exception:  # noqa: BLE001 - the message must go on its way
            self.failures += 1
        return message

    def _log_of(self, message: dict[str, Any]) -> OutputLog | None:
        if self._is_closed or os.getpid() != self._pid:
            return None
        return self._logs.get(message["parent_header"].get("msg_id"))

    def _see(self, log: OutputLog, kind: str, content: dict[str, Any]) -> None:
        if kind == "clear_output":
            self._take(log, partial(log.clear, wait=bool(content["wait"])))
            return
        data = freeze_bundle(content["data"])
        metadata = dict(content["metadata"] or {})
        display_id = content.get("transient", {}).get("display_id")
        if kind == "update_display_data":
            for one in [*self._logs.values()]:
                self._take(one, partial(one.update, display_id, data, metadata))
        else:
            which: OutputKind = "result" if kind == "execute_result" else "display"
            self._take(log, partial(log.add_bundle, which, data, metadata, display_id))

    def _look_for_error(self, log: OutputLog, error: CellError | None) -> None:
        """Take the traceback that was shown since the last look; errors pass no hook."""
        shown = _last_traceback(self._shell)
        if shown is None or shown is self._traceback:
            return
        self._traceback = shown
        name, message = (error.name, error.message) if error else _last_error()
        content = {"ename": name, "evalue": message, "traceback": list(shown)}
        self._take(log, partial(log.add_bundle, "error", freeze_bundle({ERROR: content})))

    # ---- inside -------------------------------------------------------------------------------------

    def _take(self, log: OutputLog, change: Callable[[], bool | None]) -> None:
        self._seen.append((log, change))
        self._drain()

    def _drain(self) -> None:
        """Put what was seen into the logs, unless another thread is at it."""
        while self._seen and self._draining.acquire(False):
            try:
                while self._seen:
                    log, change = self._seen.popleft()
                    has_changed = change() is not False
                    if log.is_over and has_changed:
                        self._keeper.put(log)
            finally:
                self._draining.release()

    @contextmanager
    def _still(self) -> Iterator[None]:
        with self._draining:
            yield
        self._drain()

    def _settle(self) -> None:
        for stream in self._streams:
            stream.flush()
        self._drain()


def can_be_watched(shell: Any) -> bool:
    """Whether this shell offers all the hooks: ipykernel 7.3 or newer."""
    places = (*_bundles_of(shell), sys.stdout, sys.stderr)
    return all(hasattr(place, "register_hook") for place in places)


def _bundles_of(shell: Any) -> tuple[Any, Any]:
    return shell.display_pub, shell.displayhook


def _last_traceback(shell: Any) -> Any:
    return getattr(shell, "_last_traceback", None)


def _last_error() -> tuple[str, str]:
    value = getattr(sys, "last_value", None)
    try:
        return type(value).__name__, str(value)
    except Exception:  # noqa: BLE001 - the user's own __str__
        return type(value).__name__, ""


def _is_pending(stream: Any) -> bool:
    """Whether a stream holds text that it has not sent; a flush would cost each cell a thread's turn."""
    return bool(getattr(stream, "_flush_pending", True))
