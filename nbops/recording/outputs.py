"""Outputs on their way into the store: masked first, off the thread that runs cells."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec

from nbops.capture.data.audit import unwatched
from nbops.capture.outputs import OutputLog, Shown, content_of
from nbops.capture.secrets.masking import Masker
from nbops.capture.secrets.privacy import PRIVATE, names_private_column
from nbops.journal.facts import OutputsKept
from nbops.records import CellError, OutputKind, OutputRef
from nbops.store import Store

_REST_S = 0.03
_AT_MOST_S = 0.25
"""Outputs wait until no cell ran for a moment, and this long at most: each time that this thread takes the
interpreter's lock from a cell, the cell may have to wait five milliseconds to get it back."""

_LATE_S = 0.5
"""What a cell shows after its end, as a task of it does, is kept this often."""

_CLOSE_WITHIN_S = 20.0


class CellOutputs(Protocol):
    """What a recorder asks of whoever sees the outputs of its cells."""

    def begin_cell(self, cell_run: str) -> None:
        """Credit what is shown from now on to this cell run."""

    def end_cell(self, error: CellError | None) -> bool:
        """Whether the cell that ends showed anything; it is kept soon."""

    def close(self) -> None:
        """See no more, after everything that was seen is kept."""


class OutputKeeper:
    """Keeps the outputs of cell runs that are over, from a thread of its own.

    Parameters
    ----------
    settle
        Called there before logs are looked at: brings in what is still under way.
    still
        Context in which no log changes.
    append
        Writes a fact down.
    """

    def __init__(
        self,
        store: Store,
        masker: Masker,
        append: Callable[[OutputsKept], None],
        settle: Callable[[], None],
        still: Callable[[], AbstractContextManager[Any]],
    ) -> None:
        self._store = store
        self._masker = masker
        self._append = append
        self._settle = settle
        self._still = still
        self._waiting: deque[OutputLog] = deque()
        self._wanted = threading.Event()
        self._closing = threading.Event()
        self._is_resting = True
        self._ended_at = 0.0
        self._thread: threading.Thread | None = None

    def begin_cell(self) -> None:
        """Hold back: a cell runs."""
        self._is_resting = False

    def end_cell(self) -> None:
        self._ended_at = time.monotonic()
        self._is_resting = True

    def put(self, log: OutputLog) -> None:
        """Have the outputs of a cell run kept, soon; costs its caller a few microseconds."""
        if log.is_queued:
            return
        log.is_queued = True
        self._waiting.append(log)
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="nbops-outputs", daemon=True)
            self._thread.start()
        if not self._wanted.is_set():  # seldom, while one cell follows another
            self._wanted.set()

    def close(self) -> None:
        """Keep what waits, and end."""
        if self._thread is not None:
            self._closing.set()
            self._wanted.set()
            self._thread.join(_CLOSE_WITHIN_S)

    def _work(self) -> None:
        while not self._closing.is_set():
            self._wanted.wait()
            self._await_rest()
            self._wanted.clear()
            self._serve()
        self._serve()

    def _await_rest(self) -> None:
        """Wait until no cell runs, but not for long."""
        began_at = time.monotonic()
        while not self._closing.wait(_REST_S):
            now = time.monotonic()
            has_rested = self._is_resting and now - self._ended_at >= _REST_S
            is_late = all(log.is_kept for log in list(self._waiting))
            if now - began_at >= (_LATE_S if is_late else _AT_MOST_S) or (
                has_rested and not is_late
            ):
                return

    def _serve(self) -> None:
        """Keep what waits; what comes meanwhile asks again."""
        logs = [self._waiting.popleft() for _ in range(len(self._waiting))]
        if logs:
            with unwatched(at_home=True):
                with suppress(Exception):  # stdout was closed, for one: what is here is kept
                    self._settle()
                for log in logs:
                    self._try(log)

    def _try(self, log: OutputLog) -> None:
        try:
            self._keep(log)
        except Exception as error:  # noqa: BLE001 - the record says that they are missing
            missing = f"could not be kept: {type(error).__name__}: {error}"
            ref = OutputRef(mime="", digest="", size_bytes=0, missing=missing)
            self._append(OutputsKept(cell_run=log.cell_run, outputs=[ref]))

    def _keep(self, log: OutputLog) -> None:
        with self._still():
            log.is_queued = False
            outputs = list(log.outputs)
            held = [(one, one.revision, Held.of(one)) for one in outputs if one.is_new]
        kept = keep_all(self._store, self._masker, [what for _, _, what in held])
        with self._still():
            for (one, revision, _), refs in zip(held, kept, strict=True):
                one.refs, one.kept = refs, revision
            numbered = list(_number(outputs))
            log.is_kept = True
            log.release()
        self._append(OutputsKept(cell_run=log.cell_run, outputs=numbered))


@dataclass(frozen=True)
class Held:
    """An output as it was at one moment."""

    kind: OutputKind
    name: str | None
    content: dict[str, str | bytes]
    metadata: dict[str, Any]
    missing: str | None

    @classmethod
    def of(cls, shown: Shown) -> "Held":
        bundle = shown.bundle()
        content = {mime: content_of(mime, value) for mime, value in bundle.items()}
        return cls(shown.kind, shown.name, content, shown.metadata, shown.missing)


def keep_all(store: Store, masker: Masker, outputs: list[Held]) -> list[list[OutputRef]]:
    """Put outputs into the store, masked; what cannot be kept is named with the reason."""
    texts = [
        (mime, value.encode("utf-8", "backslashreplace").decode())  # half of a surrogate pair
        for held in outputs
        for mime, value in held.content.items()
        if isinstance(value, str)
    ]
    problem = None
    try:
        masked = iter(masker.mask_all(texts))
    except OSError as error:
        problem, masked = str(error), iter([""] * len(texts))
    kept = []
    for held in outputs:
        if any(isinstance(v, str) and names_private_column(v) for v in held.content.values()):
            for value in held.content.values():
                if isinstance(value, str):
                    next(masked)
            kept.append([_left_out(held)])
            continue
        metadata = masker.hide_in_value(held.metadata)
        refs = []
        for mime, value in held.content.items():
            is_text = isinstance(value, str)
            content = next(masked).encode() if isinstance(value, str) else value
            ref = OutputRef(
                mime=mime,
                digest="",
                size_bytes=len(content),
                kind=held.kind,
                name=held.name,
                metadata=metadata,
                missing=(problem if is_text else None) or held.missing,
            )
            refs.append(_put(store, ref, content))
        kept.append(refs)
    return kept


def _left_out(held: Held) -> OutputRef:
    """What shows a private column, with its values beside it."""
    why = f"{PRIVATE}: it names a private column"
    return OutputRef(mime="", digest="", size_bytes=0, kind=held.kind, name=held.name, missing=why)


def _put(store: Store, ref: OutputRef, content: bytes) -> OutputRef:
    if ref.missing and not content:
        return ref
    try:
        return msgspec.structs.replace(ref, digest=store.put_bytes(content))
    except OSError as error:
        return msgspec.structs.replace(ref, missing=error.strerror or str(error))


def _number(outputs: list[Shown]) -> Iterator[OutputRef]:
    for number, shown in enumerate(outputs):
        for ref in shown.refs:
            yield msgspec.structs.replace(ref, number=number)
