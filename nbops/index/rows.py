"""Which rows differ between two versions of a file, where copies of both are kept."""

import os
import select
import subprocess
import sys
import time
from types import TracebackType
from typing import Self

import msgspec

from nbops.capture.data.audit import unwatched
from nbops.comparison.differences import RowsChange
from nbops.index.row_worker import RowsAnswer, RowsQuestion, Version
from nbops.records import DataRef
from nbops.store import Store
from nbops.workspace import Workspace

_PATIENCE_S = 20.0
"""For all files of one comparison, the start of the process included."""

_COMMAND = [sys.executable, "-m", "nbops.index.row_worker"]


class RowsReader:
    """Compares versions of files in a process of its own, which starts with the first of them."""

    def __init__(self, workspace: Workspace, patience_s: float = _PATIENCE_S) -> None:
        self._kept = Store(workspace.kept_data)
        self._settings = workspace.settings
        self._left_s = patience_s
        self._process: subprocess.Popen[bytes] | None = None
        self._answers: dict[tuple[str, str, str], RowsChange | str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()

    def __call__(self, a: DataRef, b: DataRef) -> RowsChange | str:
        """What differs; a text says why that is not known."""
        if a.digest is None or b.digest is None or a.kind != "file" or b.kind != "file":
            return ""
        key = (a.digest, b.digest, b.name)
        if key not in self._answers:
            self._answers[key] = self._compare(a, b)
        return self._answers[key]

    def _compare(self, a: DataRef, b: DataRef) -> RowsChange | str:
        versions = []
        for side, ref in (("A", a), ("B", b)):
            path = self._kept.find(ref.digest or "")
            if path is None:
                return self._why_not_kept(side, ref)
            versions.append(Version(str(path), ref.name))
        if self._left_s <= 0:
            return "comparing the rows of all files took too long"
        question = RowsQuestion(versions[0], versions[1], self._settings.private_columns)
        before = time.monotonic()
        told = self._ask(msgspec.json.encode(question) + b"\n")
        self._left_s -= time.monotonic() - before
        return told.missing if told.rows is None else told.rows

    def _why_not_kept(self, side: str, ref: DataRef) -> str:
        limit = self._settings.keep_data * 1_000_000
        if ref.size_bytes is not None and ref.size_bytes > limit:
            return f"no copy of {side} is kept, which is larger than keep_data ({limit // 1_000_000:,} MB)"
        return f"no copy of {side} is kept"

    def _ask(self, line: bytes) -> RowsAnswer:
        try:
            process = self._process = self._process or _start()
            if process.stdin is None or process.stdout is None:
                return RowsAnswer(missing="nothing could be asked")
            process.stdin.write(line)
            told = _read_line(process.stdout.fileno(), self._left_s)
            return msgspec.json.decode(told, type=RowsAnswer)
        except TimeoutError:
            self._stop()
            return RowsAnswer(missing="comparing its rows took too long")
        except (OSError, ValueError) as error:
            self._stop()
            return RowsAnswer(missing=f"its rows could not be compared: {type(error).__name__}")

    def _stop(self) -> None:
        if self._process is not None:
            with self._process as process:  # closes its pipes, and waits
                process.kill()
            self._process = None


def _start() -> subprocess.Popen[bytes]:
    with unwatched():
        return subprocess.Popen(
            _COMMAND,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,  # nothing is left to be written when it is gone
            start_new_session=True,  # Ctrl-C is the asker's
        )


def _read_line(fd: int, patience_s: float) -> bytes:
    """One line of what a pipe holds.

    Raises
    ------
    TimeoutError, OSError
        It did not come in time, or the process ended.
    """
    deadline = time.monotonic() + patience_s
    line = bytearray()
    while not line.endswith(b"\n"):
        ready, _, _ = select.select([fd], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            raise TimeoutError
        part = os.read(fd, 1 << 16)
        if not part:
            raise OSError("the process ended")
        line += part
    return bytes(line)
