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

import msgspec

from nbops.capture.data.account import with_frame
from nbops.capture.data.beacon import Beacon
from nbops.capture.data.contents import NO_FRAME, Frame, Stat, look_at_folder
from nbops.capture.data.listings import MANY as MANY_FOLDERS
from nbops.capture.processes.programs import Named
from nbops.capture.secrets.privacy import PRIVATE, is_private_path
from nbops.capture.secrets.redaction import redact_path
from nbops.journal.facts import Fact, Seen, decode, encode
from nbops.records import Listing, SeenBy

_PREFIX = "spool-"
_FEW = 8
"""Files of one folder that a worker tells one by one; after that it tells the folder."""

_TICK_NS = 100_000_000


Line = tuple[Any, ...]
"""`("read", path, stat)`, `("unplaced", path)`, `("wrote", path)`, `("imported", path)`, `("listed", path, listing)`,
`("started", command, named)`, `("fact", fact)`; `("hidden", path, is_write)` where a path holds a secret,
`("private", is_write)`; `("table", path, seen)`, `("url", seen, looked_at, told_at)`, `("url_written", seen)`, `("query", seen)`,
each with what was seen as a mapping."""


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
        self._listed: set[str] = set()
        self._in_folder: Counter[str] = Counter()

    def knows(self, path: str) -> bool:
        """Whether a path, or the folder it lies in, needs no word more."""
        return self.has_told(os.path.dirname(path)) or path in self._told or path in self._written

    def has_told(self, folder: str) -> bool:
        """Whether a folder is told as a whole."""
        cell = self._beacon.changed_at() if self._beacon else None
        if cell != self._cell:
            self._cell = cell
            self._told.clear()
            self._written.clear()
            self._listed.clear()
            self._in_folder.clear()
        return folder in self._told

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
        self._tell_path("read", path, content)

    read_folder = read_file

    def read_table(self, path: str, seen: Seen) -> None:
        key = f"{path}\n{seen.version}"
        if not self.knows(key):
            self._told.update((path, key))
            self._tell_path("table", path, msgspec.to_builtins(seen))

    def has_listed(self, folder: str, patterns: tuple[str, ...]) -> bool:
        """Whether these names in a folder are told, or so many that the process that records tells no more."""
        key = f"{folder}\n{patterns}"
        return self.knows(key) or key in self._listed or len(self._listed) > MANY_FOLDERS

    def list_names(self, folder: str, listing: Listing) -> None:
        self._listed.add(f"{folder}\n{listing.patterns}")
        self._tell("listed", redact_path(folder), msgspec.to_builtins(listing))

    def read_unplaced(self, path: str) -> None:
        self._tell_path("unplaced", path)

    def read_remote(self, seen: Seen, looked_at: Stat, frame: Frame = NO_FRAME) -> None:
        self._tell_once("url", with_frame(seen, frame), looked_at, time.time_ns())

    def read_query(self, seen: Seen) -> None:
        self._tell_once("query", seen)

    def about_to_write(self, path: str) -> None:
        """Not told: the file is another process's to save, and nobody waits for that."""

    def write(self, path: str, _by: SeenBy = "audit", _frame: Frame = NO_FRAME) -> None:
        if path not in self._written:
            self._written.add(path)
            self._tell_path("wrote", path)

    def write_remote(self, seen: Seen, frame: Frame = NO_FRAME) -> None:
        self._tell_once("url_written", with_frame(seen, frame))

    def rename(self, _source: str, target: str) -> None:
        self.write(target)

    def note_private(self, *, is_write: bool) -> None:
        key = f"{PRIVATE}:{is_write}"
        if not self.knows(key):
            self._told.add(key)
            self._tell("private", is_write)

    def imported(self, path: str) -> None:
        if path not in self._told:
            self._told.add(path)
            self._tell_path("imported", path)

    def started(self, command: str, named: Sequence[Named]) -> None:
        self._tell("started", command, [one for one in named if _may_be_written(one[0])])

    def note_fact(self, fact: Fact) -> None:
        self._write(encode(fact))

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
        self._fd = -1

    def _tell_once(self, kind: str, seen: Seen, *more: Any) -> None:
        """Tell of what is no file, once a cell for each version and content of it."""
        key = f"{kind} {seen.uri}\n{seen.digest}\n{seen.shape}"
        if not self.knows(key):
            self._told.add(key)
            self._tell(kind, msgspec.to_builtins(seen), *more)

    def _tell_path(self, kind: str, path: str, *more: Any) -> None:
        shown = redact_path(path)
        if shown == path:
            self._tell(kind, path, *more)
        elif kind != "imported":
            self._tell("hidden", shown, kind == "wrote")

    def _tell(self, *line: Any) -> None:
        self._write(json.dumps(line).encode())

    def _write(self, line: bytes) -> None:
        if self._fd < 0:
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
            self._fd = os.open(self._path, flags, 0o600)
        os.write(self._fd, line + b"\n")


def _may_be_written(path: str) -> bool:
    return not is_private_path(path) and redact_path(path) == path


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
