"""Which files and folders a cell reads and writes.

Two sources feed one `DataWatch`: Python's audit events (every `open` in the interpreter) and the readers
and writers of libraries (`nbops.capture.readers`), which also know the frame's shape and see what C++
opens behind Python's back. Both run inside the user's calls: they take no lock, do no I/O but a bounded
hash of a small regular file, and let nothing but Ctrl-C out.
"""

import contextlib
import glob
import os
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from importlib.util import source_from_cache
from pathlib import Path
from typing import Any

from nbops.capture.beacon import Beacon
from nbops.capture.commands import read_command
from nbops.capture.contents import (
    Stat,
    describe_frame,
    is_of_folder,
    look_at_folder,
    stat_file,
)
from nbops.capture.cursors import Cursors
from nbops.capture.ledger import Frame, Ledger
from nbops.capture.places import data_filter
from nbops.capture.privacy import PRIVATE, is_private_path
from nbops.capture.programs import Programs, look_at_named
from nbops.capture.remote import address_of, is_remote, seen_remote
from nbops.capture.spawned import Invitation
from nbops.capture.workers import Spool, Spools
from nbops.journal.facts import Fact, ProcessStarted, Seen
from nbops.records import SeenBy
from nbops.workspace import Workspace

_BYTECODE = f"{os.sep}__pycache__{os.sep}"  # reading it tells of a module, writing it of nothing
_NOT_ASKED = "which version its writing made is not known"
_NO_PLACE = "it was opened relative to a folder that is not known"


class DataWatch:
    """Reads, writes and imported source files of one session.

    Parameters
    ----------
    workspace
        Files in it are named relative to it; its own state is never data.
    folder
        Where workers leave what they have seen; None when they shall not.
    beacon
        By which workers know that another cell began.
    """

    def __init__(
        self, workspace: Workspace, folder: Path | None = None, beacon: Beacon | None = None
    ) -> None:
        self._workspace = workspace
        self._beacon = beacon
        self.active = False  # only while a cell runs
        self.failures = 0
        self.excluded_bytes = 0  # sizes of what was opened and is no data: caches, packages
        self._inside = f"{workspace.root}{os.sep}"
        self._is_excluded = data_filter(workspace)
        self._source = ""
        self._ledger = Ledger(workspace)
        self._programs = Programs()
        self._databases: dict[str, Stat | None] = {}  # that are open, maybe for many cells
        self._spools = Spools(folder) if folder else None
        self._logged: list[Fact] = []  # by processes that joined
        self._spool: Spool | None = None  # in a worker
        self._has_workers = False
        self._busy = threading.local()
        self.cursors = Cursors()

    def begin_cell(self, source: str = "") -> None:
        self._source = source
        self._ledger.begin_cell()
        self.active = True

    def end_cell(self) -> None:
        self.active = False

    def take(self, cell_run: str, *, at_end: bool) -> list[Fact]:
        """Facts since the last call.

        Parameters
        ----------
        at_end
            The cell is over, so what it wrote can be told; before, only what it read.
        """
        with self.looking_away():
            if self._has_workers:
                self._take_over()
            if at_end:
                self._look_at_databases()
                self._look_at_named()
                for query in self.cursors.take():
                    self.fetched(query)
            commands = self._programs.take_commands()
            logged, self._logged = self._logged, []
            return [
                *logged,
                *(ProcessStarted(cell_run=cell_run, command=command) for command in commands),
                *self._ledger.take(cell_run, at_end=at_end),
            ]

    @contextlib.contextmanager
    def looking_away(self) -> Iterator[None]:
        """What this thread opens meanwhile is opened by us."""
        before = getattr(self._busy, "now", False)
        self._busy.now = True
        try:
            yield
        finally:
            self._busy.now = before

    def set_aside(self) -> contextlib.AbstractContextManager[None]:
        """Have others know, too, that it is opened by us."""
        is_told = self.active and self._beacon is not None and self._spool is None
        return self._beacon.set_aside() if is_told and self._beacon else contextlib.nullcontext()

    @property
    def has_workers(self) -> bool:
        """Whether other processes read for it, too."""
        return self._has_workers

    def has_forked(self) -> None:
        """A worker was started; it will leave a spool."""
        self._has_workers = True

    def invite(self, preparation: dict[str, Any]) -> None:
        """Have a worker that starts anew join, through what multiprocessing sends to it."""
        if self._spools is None or self._beacon is None:
            return
        self._has_workers = True
        place = (self._workspace.root, self._workspace.state, self._spools.folder)
        preparation["nbops"] = Invitation(*map(str, place), self._beacon.session)

    def join(self) -> Spool | None:
        """Become a worker of a session that another process records."""
        self.become_worker()
        self.active = True
        for module in list(sys.modules.values()):  # imported before it could tell
            file = getattr(module, "__file__", None)
            if isinstance(file, str) and file.endswith(".py"):
                self._note_module(os.path.abspath(file))
        return self._spool

    def become_worker(self) -> None:
        """Tell the process that records, and that forked this one, what is opened here."""
        if self._spools is not None:
            self._spool = Spool(self._spools.folder, self._beacon)
        else:
            self.active = False

    # ---- called from within the user's calls -----------------------------------------------------

    def opened(self, path: Any, mode: str | None, flags: int) -> None:
        """Note one `open` of the interpreter; called by the audit hook."""
        if isinstance(path, int) or getattr(self._busy, "now", False):
            return
        self._busy.now = True
        try:
            self._note_open(os.fsdecode(path), mode, flags)
        finally:
            self._busy.now = False

    def renamed(self, source: Any, target: Any, source_folder: int, target_folder: int) -> None:
        """Note an `os.rename` or `os.replace`: what was written goes by its new name."""
        if source_folder != -1 or target_folder != -1 or getattr(self._busy, "now", False):
            return
        source, target = (os.path.abspath(os.fsdecode(path)) for path in (source, target))
        if self._leaves_out(target, writes=True):
            return
        with self.looking_away():
            if self._spool is not None:
                self._spool.note_write(target)
            else:
                self._ledger.rename(source, target)

    def read_frame(self, path: str, content: Stat | None, frame: Any, by: SeenBy) -> None:
        """Note that a library read a path, a pattern or a URL, and made this frame of it.

        Parameters
        ----------
        content
            What was there before it read; None of what is no file.
        """
        described = describe_frame(frame)
        if is_remote(path):
            self.read_remote(path, content, by, described)
            return
        path = os.path.abspath(path)
        is_data = content is not None or os.path.isdir(path) or glob.has_magic(path)
        if not is_data or self._leaves_out(path, reads=True) or self._ledger.has_written(path):
            return
        with self.looking_away():
            if self._spool is not None:
                self._spool.note(path, content or look_at_folder())
            elif content is not None:
                self._ledger.read_file(path, content, by, described)
            else:
                self._ledger.read_folder(path, look_at_folder(), by, described)

    def wrote_frame(self, path: str, frame: Any, by: SeenBy) -> None:
        """Note that a library wrote a frame to a path."""
        if is_remote(path):
            self.wrote_remote(path, by, describe_frame(frame))
            return
        path = os.path.abspath(path)
        if self._leaves_out(path, writes=True):
            return
        if self._spool is not None:
            with self.looking_away():
                self._spool.note_write(path)
            return
        self._ledger.write(path, by, describe_frame(frame))

    def read_remote(
        self,
        url: str,
        looked_at: Stat | None,
        by: SeenBy,
        frame: Frame = (None, None),
        details: Mapping[str, Any] | None = None,
    ) -> None:
        """Note that a URL was read.

        Parameters
        ----------
        looked_at
            When, before it was read; now when None.
        details
            What the server told of the content, if that is known here.
        """
        if self._spool is None:
            with self.looking_away():
                at = looked_at or (0, 0, time.time_ns())
                self._ledger.read_remote(seen_remote(url, by, at, details), at, frame)

    def wrote_remote(self, url: str, by: SeenBy, frame: Frame = (None, None)) -> None:
        """Note that a URL is written; which version that makes, no server is asked."""
        if self._spool is None:
            uri = address_of(url)
            seen = Seen(uri=uri, name=uri, kind="url", seen_by=by, missing=_NOT_ASKED)
            self._ledger.write_remote(seen, frame)

    def fetched(self, query: Seen) -> None:
        """Note what came of a query."""
        if self._spool is None:
            self._ledger.read_unhashed(query.uri, query)

    def about_to_write(self, path: str) -> None:
        """Save what can be saved of a file whose content is about to go."""
        self._ledger.about_to_write(os.path.abspath(path))

    def connected(self, database: Any) -> None:
        """Note that a database in a file was opened; what is written to it shows as cells end."""
        if getattr(self._busy, "now", False) or not isinstance(database, str | bytes | os.PathLike):
            return
        path = os.fsdecode(database)
        if path in ("", ":memory:"):
            return
        if path.startswith("file:"):
            path = path[5:].partition("?")[0]
        self.keep_eye_on(path)
        self.read_frame(path, stat_file(path), None, "audit")

    def started(
        self, _executable: Any, arguments: Any, folder: Any = None, _env: Any = None
    ) -> None:
        """Note that another program is about to start; called by the audit hook."""
        if getattr(self._busy, "now", False):
            return
        with self.looking_away():
            command = read_command(arguments, self._source)
            named = look_at_named(command, folder)
            self._has_workers = True  # it may be a script that joins
            text = PRIVATE if any(is_private_path(path) for path, _ in named) else command.text
            if self._spool is not None:
                self._spool.note_program(
                    text, [one for one in named if not is_private_path(one[0])]
                )
            else:
                self._programs.start(text, named)

    def became(self, path: Any, arguments: Any, _env: Any) -> None:
        """Note that a worker turns into another program, as IPython's `!` and a pseudo-terminal do."""
        if self._spool is not None:
            self.started(path, arguments)

    def keep_eye_on(self, path: str) -> None:
        """A database is open now, and may be written to by this cell and by later ones."""
        path = os.path.abspath(path)
        if not self._leaves_out(path):
            self._databases.setdefault(path, stat_file(path))

    # ---- inside -----------------------------------------------------------------------------------

    def _note_open(self, path: str, mode: str | None, flags: int) -> None:
        # `os.open` may have been given a folder's descriptor, of which the event says nothing.
        is_placed = mode is not None or os.path.isabs(path)
        path = os.path.abspath(path)
        reads, writes = _directions(mode, flags)
        writes = writes and not os.path.isdir(path)  # then it is a temporary file without a name
        if path.endswith((".py", ".pyc")) and not writes:
            self._note_module(path)
            return
        if self._leaves_out(path, reads=reads, writes=writes):
            self._count_excluded(path)
            return
        if self._spool is not None and reads and not writes and self._spool.has_told(path):
            return
        content = stat_file(path) if reads else None
        if self._spool is not None:
            if content is not None:
                self._spool.note(path, content)
            if writes:
                self._spool.note_write(path)
            return
        if content is not None and not self._ledger.has_written(path):
            if is_placed:
                self._ledger.read_file(path, content, "audit")
            else:
                unknown = self._ledger.describe(path, "audit", missing=_NO_PLACE)
                self._ledger.read_unhashed(path, unknown)
        if writes:
            self._ledger.about_to_write(path)
            self._ledger.write(path, "audit")

    def _count_excluded(self, path: str) -> None:
        if content := stat_file(path):
            self.excluded_bytes += content[1]

    def _leaves_out(self, path: str, *, reads: bool = False, writes: bool = False) -> bool:
        """Whether a path is no data of the user's, or is private: then only that is said."""
        if self._is_excluded(path) or (writes and _BYTECODE in path):
            return True
        if not is_private_path(path):
            return False
        if self._spool is None and (writes or (reads and os.path.exists(path))):
            self._ledger.note_private(is_write=writes)
        return True

    def _note_module(self, path: str) -> None:
        if not path.startswith(self._inside) or self._leaves_out(path, reads=True):
            return
        if path.endswith(".pyc"):
            try:
                path = source_from_cache(path)
            except ValueError:
                return
        if self._spool is None:
            self._ledger.imported(path)
        else:
            self._spool.note_module(path)

    def _take_over(self) -> None:
        """Add what workers have seen by now."""
        for kind, what, *more in self._spools.read() if self._spools else ():
            match kind:
                case "read" if is_of_folder(tuple(more[0])):
                    self._ledger.read_folder(what, tuple(more[0]), "audit")
                case "read":
                    self._ledger.read_file(what, tuple(more[0]), "audit")
                case "wrote":
                    self._ledger.write(what, "audit")
                case "imported":
                    self._ledger.imported(what)
                case "fact":
                    self._logged.append(what)
                case "started":
                    named = [(path, tuple(stat) if stat else None) for path, stat in more[0]]
                    self._programs.start(what, named)
        self._ledger.forget_files_in_folders()

    def _look_at_named(self) -> None:
        """Tell what became of the files that command lines named."""
        for path, content in self._programs.take_named():
            if self._leaves_out(path, reads=True):
                continue
            if content is not None and is_of_folder(content):
                if any(glob.iglob(path, recursive=True)):  # noqa: PTH207 - as the shell reads it
                    self._ledger.read_folder(path, content, "name")
                continue
            now = stat_file(path)
            if path.endswith(".py") and now == content is not None:
                self._note_module(path)
            elif now is not None and now != content:
                self._ledger.write(path, "name")
            elif now is not None and not self._ledger.has_written(path):
                self._ledger.name_file(path, now)

    def _look_at_databases(self) -> None:
        for path, before in list(self._databases.items()):
            now = stat_file(path)
            if now != before:
                self._databases[path] = now
                self._ledger.write(path, "audit")


def _directions(mode: str | None, flags: int) -> tuple[bool, bool]:
    """Whether an `open` can read, and whether it can write."""
    if mode is not None:
        return "r" in mode, any(letter in mode for letter in "wax+")
    access = flags & os.O_ACCMODE
    return access != os.O_WRONLY, access != os.O_RDONLY
