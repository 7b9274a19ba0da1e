"""Which files and folders a cell reads and writes.

Two sources feed one `DataWatch`: Python's audit events (every `open` in the interpreter) and the readers
and writers of libraries (`nbops.capture.libraries.readers`), which also know the frame's shape and see what C++
opens behind Python's back. Both run inside the user's calls: they take no lock, do no I/O but a bounded
hash of a small regular file, and let nothing but Ctrl-C out. The watch decides what is data; an `Account`
writes it down.
"""

import contextlib
import glob
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from nbops.capture.data.account import Account
from nbops.capture.data.beacon import Beacon
from nbops.capture.data.contents import (
    NO_FRAME,
    Frame,
    Stat,
    describe_frame,
    file_of_database,
    look_at_folder,
    stat_file,
)
from nbops.capture.data.folders import seen_folder
from nbops.capture.data.gathering import Gathering
from nbops.capture.data.ledger import Ledger
from nbops.capture.data.listings import Patterns, find_asker, list_folder
from nbops.capture.data.outside import Outside
from nbops.capture.data.places import Places
from nbops.capture.libraries.cursors import Cursors
from nbops.capture.libraries.remote import is_remote, seen_remote, seen_version, written_remote
from nbops.capture.libraries.tables import TableVersion
from nbops.capture.processes.commands import read_command
from nbops.capture.processes.programs import look_at_named
from nbops.capture.processes.spawned import Invitation
from nbops.capture.processes.workers import Spool, Spools
from nbops.capture.secrets.privacy import (
    PRIVATE,
    has_private_paths,
    is_private_path,
    is_private_url,
)
from nbops.journal.facts import Fact, Seen
from nbops.records import SeenBy
from nbops.workspace import Workspace


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
        self._source = ""
        self._places = Places(workspace)
        self._spools = Spools(folder) if folder else None
        self.has_workers = False  # other processes read for it, too
        self._busy = threading.local()
        self.cursors = Cursors()
        self.open_run: Callable[[], str | None] = lambda: None  # for what a worker logs
        self.spool: Spool | None = None  # in a worker
        self._ledger = Ledger(workspace)
        self._gathering = Gathering(self._ledger, self._places, self.cursors, self._spools)
        self._account: Account = self._ledger  # until it is a worker's
        self._outside = Outside(self._places)
        self._patterns = Patterns()
        self._told: dict[str, str] = {}  # folders of many files, as they are written: absolute ones

    def begin_cell(self, source: str = "") -> None:
        self._source = source
        self._told.clear()
        self._ledger.begin_cell()
        self._outside.begin_cell()
        self.active = True

    def end_cell(self) -> None:
        self.active = False
        self._outside.listens = True

    def rest(self) -> None:
        """Notice nothing until a cell begins or ends, not even that something was opened."""
        self._outside.listens = False

    @property
    def listens(self) -> bool:
        """Whether it wants to know of anything now."""
        return self.active or self._outside.listens

    def is_of_cell(self) -> bool:
        """Whether what is opened here and now is the running cell's."""
        return self.active and self._outside.is_of_cell()

    def take_uncredited(self) -> int:
        """How many files were opened by no cell since this was asked last."""
        return self._outside.take()

    def find_removed(self) -> list[str]:
        """Files that cells left, and that are gone: they were there for the time of the session only."""
        return self._ledger.find_removed()

    def take(self, cell_run: str, *, at_end: bool) -> list[Fact]:
        """Facts since the last call.

        Parameters
        ----------
        at_end
            The cell is over, so what it wrote can be told; before, only what it read.
        """
        if not self.has_workers and self._gathering.has_nothing:  # as of most cells
            return []
        with self.looking_away():
            return self._gathering.take(cell_run, at_end=at_end, has_workers=self.has_workers)

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
        is_own = self.active and self._account is self._ledger
        return self._beacon.set_aside() if is_own and self._beacon else contextlib.nullcontext()

    def has_forked(self) -> None:
        """A worker was started; it will leave a spool."""
        self.has_workers = True

    def invite(self, preparation: dict[str, Any]) -> None:
        """Have a worker that starts anew join, through what multiprocessing sends to it."""
        if self._spools is None or self._beacon is None:
            return
        self.has_workers = True
        place = map(str, (self._workspace.root, self._workspace.state, self._spools.folder))
        preparation["nbops"] = Invitation(*place, self._beacon.session, self.open_run() or "")

    def join(self) -> Spool | None:
        """Become a worker of a session that another process records."""
        spool = self.become_worker()
        self.active = True
        for module in list(sys.modules.values()):  # imported before it could tell
            file = getattr(module, "__file__", None)
            if isinstance(file, str) and file.endswith(".py"):
                self._note_module(os.path.abspath(file))
        return spool

    def become_worker(self) -> Spool | None:
        """Tell the process that records, and that forked this one, what is opened here."""
        if self._spools is None:
            self.active = False
            return None
        self._account = self.spool = Spool(self._spools.folder, self._beacon)
        self.cursors.tell_at_once(self.fetched)
        return self.spool

    # ---- called from within the user's calls -----------------------------------------------------

    def opened(self, path: Any, mode: str | None, flags: int) -> None:
        """Note one `open` of the interpreter; called by the audit hook."""
        if isinstance(path, int) or getattr(self._busy, "now", False):
            return
        if mode in _READING and self._is_one_of_many(path):
            return
        self._busy.now = True
        try:
            self._note_open(os.fsdecode(path), mode, flags)
        finally:
            self._busy.now = False

    def changed_folder(self) -> None:
        """The working folder is another; called by the audit hook."""
        self._told.clear()

    def listed(self, folder: Any) -> None:
        """Note that the names in a folder are asked for; called by the audit hook."""
        if isinstance(folder, int) or getattr(self._busy, "now", False):
            return
        is_users, is_globbing = find_asker(sys._getframe(2))  # noqa: SLF001 - as Python documents it
        if is_users:
            with self.looking_away():
                patterns = self._patterns.known if is_globbing else ()
                self._note_listing(os.path.abspath(os.fsdecode(folder or ".")), patterns)

    def globbed(self, pattern: Any, *, is_deep: bool = False, is_flat: bool = False) -> None:
        """Note that names are asked for that fit a pattern; called by the audit hook.

        Parameters
        ----------
        is_deep
            Also in all folders below.
        is_flat
            Where `**` is no more than `*`.
        """
        is_users = find_asker(sys._getframe(3))[0]  # noqa: SLF001 - as Python documents it
        if is_users and not getattr(self._busy, "now", False):
            pattern = os.fsdecode(pattern)
            pattern = pattern.replace("**", "*") if is_flat else pattern
            self._patterns.add(f"**{os.sep}{pattern}" if is_deep else pattern)

    def opened_outside(self, path: Any, _mode: str | None, _flags: int) -> None:
        """Note one `open` that is not the running cell's; called by the audit hook."""
        if not isinstance(path, int) and not getattr(self._busy, "now", False):
            with self.looking_away():
                self._outside.opened(os.fsdecode(path))

    def renamed(self, source: Any, target: Any, source_folder: int, target_folder: int) -> None:
        """Note an `os.rename` or `os.replace`: what was written goes by its new name."""
        if source_folder != -1 or target_folder != -1 or getattr(self._busy, "now", False):
            return
        source, target = (os.path.abspath(os.fsdecode(path)) for path in (source, target))
        with self.looking_away():
            if self._may_tell(target, writes=True):
                self._account.rename(source, target)

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
        if content is None and not os.path.isdir(path) and not glob.has_magic(path):
            return
        with self.looking_away():
            if not self._may_tell(path, reads=True) or self._account.knows(path):
                return
            if content is not None:
                self._account.read_file(path, content, by, described)
            else:
                self._account.read_folder(path, look_at_folder(), by, described)

    def wrote_frame(self, path: str, frame: Any, by: SeenBy) -> None:
        """Note that a library wrote a frame to a path."""
        if is_remote(path):
            self.wrote_remote(path, by, describe_frame(frame))
            return
        path = os.path.abspath(path)
        with self.looking_away():
            if self._may_tell(path, writes=True):
                self._account.write(path, by, describe_frame(frame))

    def read_remote(
        self,
        url: str,
        looked_at: Stat | None,
        by: SeenBy,
        frame: Frame = NO_FRAME,
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
        with self.looking_away():
            at = looked_at or (0, 0, time.time_ns())
            self._tell_remote(seen_remote(url, by, at, details), at, frame)

    def wrote_remote(self, url: str, by: SeenBy, frame: Frame = NO_FRAME) -> None:
        """Note that a URL is written; which version that makes, no server is asked."""
        seen = written_remote(url, by)
        if is_private_url(seen.uri):
            self._account.note_private(is_write=True)
        else:
            self._account.write_remote(seen, frame)

    def read_table(self, read: TableVersion, by: SeenBy) -> None:
        """Note which version of a table that keeps its history was read."""
        if is_remote(read.location):
            at = (0, 0, time.time_ns())
            self._tell_remote(seen_version(read.location, read.version, by), at)
            return
        path = os.path.abspath(read.location)
        with self.looking_away():
            if self._may_tell(path, reads=True):
                seen = seen_folder(path, self._workspace, by, look_at_folder())
                self._account.read_table(path, msgspec.structs.replace(seen, version=read.version))

    def fetched(self, query: Seen) -> None:
        """Note what came of a query."""
        self._account.read_query(query)

    def about_to_write(self, path: str) -> None:
        """Save what can be saved of a file whose content is about to go."""
        self._account.about_to_write(os.path.abspath(path))

    def connected(self, database: Any) -> None:
        """Note that a database in a file was opened; what is written to it shows as cells end."""
        path = file_of_database(database)
        if path and not getattr(self._busy, "now", False):
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
            self.has_workers = True  # it may be a script that joins
            text = PRIVATE if any(is_private_path(path) for path, _ in named) else command.text
            self._account.started(text, named)

    def became(self, path: Any, arguments: Any, _env: Any) -> None:
        """Note that a worker turns into another program, as IPython's `!` and a pseudo-terminal do."""
        if self._account is not self._ledger:
            self.started(path, arguments)

    def keep_eye_on(self, path: str) -> None:
        """A database is open now, and may be written to by this cell and by later ones."""
        path = os.path.abspath(path)
        if self._may_tell(path):
            self._gathering.keep_eye_on(path)

    # ---- inside -----------------------------------------------------------------------------------

    def _note_open(self, path: str, mode: str | None, flags: int) -> None:
        # `os.open` may have been given a folder's descriptor, of which the event says nothing.
        is_placed = mode is not None or os.path.isabs(path)
        written, path = path, os.path.abspath(path)
        reads, writes = _directions(mode, flags)
        writes = writes and not os.path.isdir(path)  # then it is a temporary file without a name
        if path.endswith((".py", ".pyc")) and not writes:
            self._note_module(path)
            return
        is_news = reads and not self._account.knows(path)
        if not (is_news or writes or is_private_path(path)):
            if is_placed and self._account.has_told(os.path.dirname(path)):
                self._told[os.path.dirname(written)] = os.path.dirname(path)
            return
        if not self._may_tell(path, reads=reads, writes=writes):
            self.excluded_bytes += (stat_file(path) or (0, 0, 0))[1]
            return
        content = stat_file(path) if is_news else None
        if content is not None and is_placed:
            self._account.read_file(path, content, "audit")
        elif content is not None:
            self._account.read_unplaced(path)
        if writes:
            self._account.about_to_write(path)
            self._account.write(path, "audit")

    def _note_listing(self, path: str, patterns: tuple[str, ...]) -> None:
        if self._account.has_listed(path, patterns) or self._account.has_told(path):
            return
        if self._places.is_listed(path) and self._may_tell(path, reads=True):
            self._account.list_names(path, list_folder(path, patterns, self._workspace))

    def _tell_remote(self, seen: Seen, at: Stat, frame: Frame = NO_FRAME) -> None:
        if is_private_url(seen.uri):
            self._account.note_private(is_write=False)
        else:
            self._account.read_remote(seen, at, frame)

    def _is_one_of_many(self, path: Any) -> bool:
        """Whether a file lies in a folder that is told as a whole: of very many, each takes a microsecond or two."""
        if not self._told or type(path) is not str or has_private_paths():
            return False
        folder = self._told.get(os.path.dirname(path))
        is_told = folder is not None and self._account.has_told(folder)
        return is_told and not path.endswith((".py", ".pyc"))

    def _may_tell(self, path: str, *, reads: bool = False, writes: bool = False) -> bool:
        return self._places.may_tell(path, self._account, reads=reads, writes=writes)

    def _note_module(self, path: str) -> None:
        module = self._places.module_of(path)
        if module is not None and self._may_tell(path, reads=True):
            self._account.imported(module)


_READING = frozenset(("r", "rb"))


def _directions(mode: str | None, flags: int) -> tuple[bool, bool]:
    """Whether an `open` can read, and whether it can write."""
    if mode is not None:
        return "r" in mode, any(letter in mode for letter in "wax+")
    access = flags & os.O_ACCMODE
    return access != os.O_WRONLY, access != os.O_RDONLY
