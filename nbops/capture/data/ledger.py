"""What a cell has read and written so far, made into facts as it goes and as it ends.

Filled from within the user's own calls, and emptied by another thread while a long cell runs: it takes
no lock, and does no I/O but a bounded hash of a small regular file.
"""

import os
import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from nbops.capture.data.account import frame_of, with_frame
from nbops.capture.data.contents import NO_FRAME, Frame, Stat, look_at_folder, path_of, stat_file
from nbops.capture.data.folders import FEW, MANY, gather_folders, root_of, seen_folder
from nbops.capture.data.hashing import Hasher
from nbops.capture.data.listings import MANY as MANY_FOLDERS
from nbops.capture.data.listings import MANY_LISTED
from nbops.capture.processes.programs import Named, Programs
from nbops.capture.secrets.privacy import PRIVATE
from nbops.capture.secrets.redaction import PATH_HIDDEN, redact_name, redact_path
from nbops.digests import digest_file
from nbops.journal.facts import DataSeen, Digested, Fact, Overwritten, Seen, SeenModule
from nbops.records import Listing, SeenBy
from nbops.workspace import Workspace

_K = TypeVar("_K")
_V = TypeVar("_V")

_UNSHOWN_BY_WORKER = f"{PATH_HIDDEN}, which the worker that opened it tells nobody"
_NO_PLACE = "it was opened relative to a folder that is not known"

_MOST_LEFT = 1_000
"""Files that cells left are looked for as the session ends, so many: on a network disk each takes a millisecond."""

_RESCUE_BYTES = 40_000_000
"""About to be overwritten and not hashed yet: up to this size it is hashed first (20 ms)."""


class Ledger:
    """Reads, writes and imported source files.

    Parameters
    ----------
    workspace
        Files in it are named relative to it.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._reads: dict[tuple[str, Stat | None], Seen] = {}
        self._writes: dict[str, Seen] = {}
        self._listings: dict[str, Listing] = {}
        self._listed: set[tuple[str, tuple[str, ...]]] = set()  # by this cell
        self._modules: dict[str, str | None] = {}
        self._unhashed: dict[str, Stat] = {}  # content that only the background can still digest
        self._left: dict[str, str] = {}  # uris of files that are there as cells end, by path
        self._late: deque[Fact] = deque()
        self._versions: dict[str, tuple[int, Seen]] = {}  # of URLs, with the time when it was told
        self._hasher = Hasher()
        self.programs = Programs()
        self._top = f"{workspace.root}{os.sep}"
        self._told: set[str] = (
            set()
        )  # folders of which this cell reads too much to tell it one by one
        self._told_in: Counter[str] = Counter()  # such folders by the one that they lie in
        self._read_in: Counter[str] = Counter()  # files by folder, since the last take
        self._read = 0

    def begin_cell(self) -> None:
        self._listed.clear()
        self._told.clear()
        self._told_in.clear()
        self._versions.clear()
        self._hasher.begin_cell()

    def knows(self, path: str) -> bool:
        """Whether a read of a path needs no word: the cell wrote it, or a folder around it is told as a whole."""
        return path in self._writes or (
            bool(self._told) and any(folder in self._told for folder in _folders_of(path))
        )

    def has_told(self, folder: str) -> bool:
        """Whether a folder is told as a whole, or one that it lies in."""
        return folder in self._told or any(above in self._told for above in _folders_of(folder))

    def read_file(self, path: str, content: Stat, by: SeenBy, frame: Frame = NO_FRAME) -> None:
        """Note a file, with the shape and columns of the frame that came out of it."""
        known = self._reads.get((path, content))
        if known is None:
            folder = os.path.dirname(path)
            if self._is_one_of_many(folder):
                self._tell_folder(folder, by)
                return
            known = self._seen_file(path, content, by)
        self._reads[path, content] = with_frame(known, frame)

    def name_file(self, path: str, content: Stat) -> None:
        """Note a file that is only known to have been named, unless it was seen being read."""
        if (path, content) not in self._reads:
            self.read_file(path, content, "name")

    def read_folder(self, path: str, content: Stat, by: SeenBy, frame: Frame = NO_FRAME) -> None:
        """Note a folder, or a pattern, as it was when it was looked at."""
        folder = self._reads.get((path, None)) or seen_folder(path, self._workspace, by, content)
        self._reads[path, None] = with_frame(folder, frame)

    def read_table(self, path: str, seen: Seen) -> None:
        """Note a version of a table; another one of the same table is another read."""
        known = self._reads.get((path, None), seen)
        if known.version not in (None, seen.version):
            path, known = f"{path}\n{seen.version}", seen
        self._reads[path, None] = _replace(known, version=seen.version)

    def has_listed(self, folder: str, patterns: tuple[str, ...]) -> bool:
        """Whether these names in a folder are noted, or of so many folders that no more are."""
        return len(self._listed) > MANY_FOLDERS or (folder, patterns) in self._listed

    def list_names(self, folder: str, listing: Listing) -> None:
        """Note the names in a folder; of too many folders that they are too many."""
        if self.has_listed(folder, listing.patterns):
            return
        self._listed.add((folder, listing.patterns))
        if len(self._listed) > MANY_FOLDERS:
            listing = Listing(uri=listing.uri, name=listing.name, missing=MANY_LISTED)
        self._listings[f"{folder}\n{listing.patterns}"] = listing

    def read_unplaced(self, path: str) -> None:
        """Note a file of which only the name is known."""
        self._reads[path, None] = self.describe(path, "audit", missing=_NO_PLACE)

    def read_query(self, seen: Seen) -> None:
        """Note what came of a query."""
        self._reads[f"{seen.uri}\n{seen.digest}", None] = seen

    def read_remote(
        self, seen: Seen, looked_at: Stat, frame: Frame = NO_FRAME, told_at: int | None = None
    ) -> None:
        """Note a URL.

        A library that reports a URL as it returns has called one, in between, that heard the version.

        Parameters
        ----------
        told_at
            When a worker told it, in ns; now when None.
        """
        known_at, known = self._versions.get(seen.uri, (0, seen))
        if seen.digest is not None:
            self._versions[seen.uri] = told_at or time.time_ns(), seen
        elif known.digest is not None and known_at >= looked_at[2]:
            seen = known
        key = f"{seen.uri}\n{seen.digest}" if seen.digest else seen.uri
        self._reads[key, None] = with_frame(seen, frame)

    def write_remote(self, seen: Seen, frame: Frame = NO_FRAME) -> None:
        """Note that a URL is written."""
        self._writes[seen.uri] = with_frame(seen, frame)

    def write(self, path: str, by: SeenBy, frame: Frame = NO_FRAME) -> None:
        """Note that a file or folder is being written; its digest is of what is there as the cell ends."""
        known = self._writes.get(path) or self.describe(path, by)
        self._writes[path] = with_frame(known, frame)

    def note_private(self, *, is_write: bool) -> None:
        """Note that something private was read or written: not what, and not with which content."""
        seen = Seen(uri=f"{PRIVATE}:", name=PRIVATE, seen_by="audit", missing=PRIVATE)
        if is_write:
            self._writes[seen.uri] = seen
        else:
            self._reads[seen.uri, None] = seen

    def note_hidden(self, shown: str, *, is_write: bool) -> None:
        """Note a file of a worker whose path holds a secret, by what may be shown of it."""
        seen = self.describe(shown, "audit", missing=_UNSHOWN_BY_WORKER)
        if is_write:
            self._writes[shown] = seen
        else:
            self._reads[shown, None] = seen

    def rename(self, source: str, target: str) -> None:
        """What was written goes by its new name."""
        self.about_to_write(target)
        known = self._writes.pop(source, None)
        if known is not None:
            self.write(target, "audit", frame_of(known))
        elif stat_file(source) is not None:
            self.write(target, "audit")

    def about_to_write(self, path: str) -> None:
        """Save what can be saved of a file whose content is about to go."""
        content = self._unhashed.pop(path, None)
        if content is None:
            return
        uri = self.describe(path, "audit").uri
        if content[1] <= _RESCUE_BYTES and stat_file(path) == content:
            self._late.append(Digested(uri=uri, stat=content, digest=digest_file(path)))
        else:
            self._late.append(Overwritten(uri=uri, stat=content, at=time.time()))

    def imported(self, path: str) -> None:
        """Note a source file of the workspace."""
        name = redact_name(self._workspace.name_of(path))
        if name not in self._modules:
            content = stat_file(path)
            self._modules[name] = self._hasher.digest(path, content) if content else None

    def started(self, command: str, named: Sequence[Named]) -> None:
        """Note that another program is about to start."""
        self.programs.start(command, named)

    def forget_files_in_folders(self) -> None:
        """Of files whose folder is noted as a whole, the folder is enough."""
        keys = list(self._reads)
        folders = {path for path, content in keys if content is None}
        for path, content in keys:
            if content is not None and os.path.dirname(path) in folders:
                self._reads.pop((path, content), None)

    def find_removed(self) -> list[str]:
        """Files that were left when a cell ended, and are gone."""
        return [uri for path, uri in self._left.items() if not os.path.lexists(path)]

    @property
    def is_empty(self) -> bool:
        return not (self._late or self._reads or self._listings or self._modules or self._writes)

    def take(self, cell_run: str, *, at_end: bool) -> Iterator[Fact]:
        """Facts since the last call; what was written is told only as the cell ends."""
        if self.is_empty:
            return
        while self._late:
            yield self._late.popleft()
        self._read_in, self._read = Counter(), 0
        reads = gather_folders([seen for _, seen in _take_all(self._reads)], self._workspace)
        listings = [one for _, one in _take_all(self._listings)]
        modules = _take_all(self._modules)
        writes = _take_all(self._writes) if at_end else []
        if reads or listings or modules or writes:
            yield DataSeen(
                cell_run=cell_run,
                reads=reads,
                writes=[seen for seen in map(self._finished, writes) if seen],
                modules=[SeenModule(path=path, digest=digest) for path, digest in modules],
                listings=_without_folders(listings, reads),
            )

    def describe(self, path: str, by: SeenBy, missing: str | None = None) -> Seen:
        """A file without its content."""
        shown = redact_path(path)
        return Seen(
            uri=Path(shown).as_uri(),
            name=self._workspace.name_of(shown),
            seen_by=by,
            missing=missing if shown == path else PATH_HIDDEN,
        )

    def _is_one_of_many(self, folder: str) -> bool:
        """Whether a file would be told as its folder in the end, so that this can be told at once."""
        self._read_in[folder] += 1
        self._read += 1
        return self._read_in[folder] > FEW and self._read > MANY

    def _tell_folder(self, folder: str, by: SeenBy) -> None:
        """Note a folder instead of its files; of many such folders, the one that they lie in."""
        above = os.path.dirname(folder)
        self._told.add(folder)
        self._told_in[above] += 1
        if self._told_in[above] > MANY and folder.startswith(self._top):
            self._tell_folder(above, by)
            return
        for path, content in list(self._reads):
            if path.startswith(f"{folder}{os.sep}"):
                self._reads.pop((path, content), None)
                self._unhashed.pop(path, None)
        self.read_folder(folder, look_at_folder(), by)

    def _seen_file(self, path: str, content: Stat, by: SeenBy) -> Seen:
        digest = self._digest_at_once(path, content)
        seen = self.describe(path, by)
        if seen.missing:  # nobody else finds it under the name that is shown
            return _replace(seen, digest=digest, missing=None if digest else seen.missing)
        return _replace(seen, digest=digest, stat=content, size_bytes=content[1])

    def _digest_at_once(self, path: str, content: Stat) -> str | None:
        digest = self._hasher.digest_at_once(path, content)
        if digest is None:
            self._unhashed[path] = content
        return digest

    def _finished(self, item: tuple[str, Seen]) -> Seen | None:
        """Complete a write with the file's state now; None for a temporary file that is gone."""
        path, seen = item
        if seen.kind == "url" or seen.missing in (PRIVATE, _UNSHOWN_BY_WORKER):
            return seen
        content = stat_file(path)
        if content is None:
            if not os.path.isdir(path):
                return None
            folder = seen_folder(path, self._workspace, seen.seen_by)
            return with_frame(folder, frame_of(seen))
        if len(self._left) < _MOST_LEFT:
            self._left[path] = seen.uri
        digest = self._digest_at_once(path, content)
        if seen.missing:
            return _replace(seen, digest=digest, missing=None if digest else seen.missing)
        return _replace(seen, digest=digest, stat=content, size_bytes=content[1])


def _folders_of(path: str) -> Iterator[str]:
    """The folder that a path lies in, and those above it."""
    end = path.rfind(os.sep)
    while end > 0:
        path = path[:end]
        yield path
        end = path.rfind(os.sep)


def _without_folders(listings: list[Listing], reads: list[Seen]) -> list[Listing]:
    """Listings, but for those of folders that are told with all their files, which patterns do not tell."""
    paths = [path_of(seen.uri) for seen in reads if seen.kind == "folder"] if listings else []
    folders = [path for path in paths if root_of(path) == path]
    return [
        one
        for one in listings
        if not any(f"{path_of(one.uri)}{os.sep}".startswith(f"{root}{os.sep}") for root in folders)
    ]


def _take_all(noted: dict[_K, _V]) -> list[tuple[_K, _V]]:
    """Empty a dict that other threads fill, oldest first, losing nothing that arrives meanwhile."""
    taken = []
    while noted:
        taken.append(noted.popitem())
    return taken[::-1]


def _replace(seen: Seen, **changes: Any) -> Seen:
    import msgspec

    return msgspec.structs.replace(seen, **changes)
