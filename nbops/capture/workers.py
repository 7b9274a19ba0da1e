"""What worker processes read and write, such as a data loader's.

A worker has the audit hook, but not the journal, which has one writer. It appends to a spool of its
own; the process that started it takes the lines over as its cells end.
"""

import json
import os
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from nbops.capture.account import NO_FRAME, Frame
from nbops.capture.beacon import Beacon
from nbops.capture.contents import Stat, look_at_folder
from nbops.capture.privacy import is_private_path
from nbops.capture.programs import Named
from nbops.journal.facts import Fact, Seen, decode, encode
from nbops.records import SeenBy

_PREFIX = "spool-"
_FEW = 8
"""Files of one folder that a worker tells one by one; after that it tells the folder."""

_TICK_NS = 100_000_000


Line = tuple[Any, ...]
"""`("read", path, stat)`, `("unplaced", path)`, `("wrote", path)`, `("imported", path)`,
`("started", command, named)`, `("fact", fact)`."""


class Spool:
    """What one worker has to tell.

    Parameters
    ----------
    folder
        The session's.
    beacon
        What was told in one cell is told again in the next.
    """

    def __init__(self, folder: Path, beacon: Beacon | None = None) -> None:
        self._beacon = beacon
        self._cell: int | None = None
        self._path = folder / f"{_PREFIX}{os.getpid()}.jsonl"
        self._fd = -1
        self._told: set[str] = set()
        self._written: set[str] = set()
        self._in_folder: Counter[str] = Counter()

    def knows(self, path: str) -> bool:
        """Whether a path, or the folder it lies in, needs no word more."""
        cell = self._beacon.changed_at() if self._beacon else None
        if cell != self._cell:
            self._cell = cell
            self._told.clear()
            self._written.clear()
            self._in_folder.clear()
        return path in self._told or path in self._written or os.path.dirname(path) in self._told

    def read_file(
        self, path: str, content: Stat, _by: SeenBy = "audit", _frame: Frame = NO_FRAME
    ) -> None:
        """Tell of a file or a folder; of many files in one folder, tell of the folder."""
        if self.knows(path):
            return
        parent = os.path.dirname(path)
        self._in_folder[parent] += 1
        if self._in_folder[parent] > _FEW:
            path, content = parent, look_at_folder()
        self._told.add(path)
        self._tell("read", path, content)

    read_folder = read_file

    def read_unplaced(self, path: str) -> None:
        self._tell("unplaced", path)

    def read_remote(self, _seen: Seen, _looked_at: Stat, _frame: Frame = NO_FRAME) -> None:
        """Not told: what a worker reads of URLs and databases is not known."""

    def read_query(self, _seen: Seen) -> None:
        """Not told."""

    def about_to_write(self, path: str) -> None:
        """Not told: the file is another process's to save, and nobody waits for that."""

    def write(self, path: str, _by: SeenBy = "audit", _frame: Frame = NO_FRAME) -> None:
        if path not in self._written:
            self._written.add(path)
            self._tell("wrote", path)

    def write_remote(self, _seen: Seen, _frame: Frame = NO_FRAME) -> None:
        """Not told."""

    def rename(self, _source: str, target: str) -> None:
        self.write(target)

    def note_private(self, *, is_write: bool) -> None:
        """Not told."""

    def imported(self, path: str) -> None:
        if path not in self._told:
            self._told.add(path)
            self._tell("imported", path)

    def started(self, command: str, named: Sequence[Named]) -> None:
        self._tell("started", command, [one for one in named if not is_private_path(one[0])])

    def note_fact(self, fact: Fact) -> None:
        self._write(encode(fact))

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
        self._fd = -1

    def _tell(self, *line: Any) -> None:
        self._write(json.dumps(line).encode())

    def _write(self, line: bytes) -> None:
        if self._fd < 0:
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
            self._fd = os.open(self._path, flags, 0o600)
        os.write(self._fd, line + b"\n")


class Spools:
    """Reads on, in the process that started the workers.

    Parameters
    ----------
    folder
        Where the spools lie; that of the session.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._offsets: dict[str, int] = {}
        self._listed_at = 0  # when the folder had changed, in ns, as it was listed

    def read(self) -> Iterator[Line]:
        """Whole lines since the last call."""
        self._list()
        for path, offset in self._offsets.items():
            if not os.path.exists(path) or os.stat(path).st_size == offset:
                continue
            with open(path, "rb") as file:
                file.seek(offset)
                data = file.read()
            end = data.rfind(b"\n") + 1
            self._offsets[path] = offset + end
            for line in data[:end].splitlines():
                if line.startswith(b"{"):
                    yield "fact", decode(line)
                else:
                    yield tuple(json.loads(line))

    def _list(self) -> None:
        """Find new spools; a folder that has not changed since holds none."""
        if not self.folder.exists():  # somebody has removed it
            return
        changed_at = os.stat(self.folder).st_mtime_ns
        if changed_at == self._listed_at:
            return
        # What comes within one tick of the clock that dates folders does not show.
        is_settled = time.time_ns() - changed_at > _TICK_NS
        self._listed_at = changed_at if is_settled else 0
        for path in sorted(self.folder.glob(f"{_PREFIX}*.jsonl")):
            self._offsets.setdefault(str(path), 0)
