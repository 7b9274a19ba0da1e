"""The files of a workspace as they are now, or will be when what is planned has been done."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from nbops.capture.data.contents import Stat, stat_file
from nbops.capture.data.folders import has_folder_changed
from nbops.capture.data.listings import has_other_names
from nbops.digests import digest_file
from nbops.jobs.pipeline.results import FileState, FolderNames
from nbops.records import Listing
from nbops.workspace import Workspace

_HASHED_BYTES = 100_000_000_000


@dataclass
class Surroundings:
    """Answers whether a file is what it was.

    Parameters
    ----------
    known_digest
        Of a path with this stat, as the background process found it; None when it did not.
    planned
        Digests that files will have, by path, once what comes first was done.
    pending
        Paths of files that what comes first will write anew: nobody knows yet if they will have changed.
    """

    workspace: Workspace
    known_digest: Callable[[str, Stat], str | None] = lambda _path, _stat: None
    planned: Mapping[str, str] = field(default_factory=dict)
    pending: frozenset[str] = frozenset()
    _hashed: dict[tuple[str, Stat], str] = field(default_factory=dict)

    def absolute(self, file: FileState) -> str:
        return os.path.join(self.workspace.root, file.path)

    def has_changed(self, file: FileState) -> bool:
        """Whether a file, or a folder, is another than it was, or gone."""
        if file.path in self.pending:
            return False
        path = self.absolute(file)
        if file.kind == "folder":
            size = file.size_bytes or 0
            return has_folder_changed(path, file.digest, size, _HASHED_BYTES) is not False
        if file.path in self.planned:
            return self.planned[file.path] != file.digest
        stat = stat_file(path)
        if stat is None or (file.size_bytes is not None and stat[1] != file.size_bytes):
            return True
        return self.digest(path, stat) != file.digest

    def has_other_names(self, listing: FolderNames, own: Sequence[FileState]) -> bool:
        """Whether a folder has other names than were seen, but for files that the step itself wrote.

        Those that may come are there, or are not: nobody knows yet.
        """
        path = os.path.normpath(os.path.join(self.workspace.root, listing.path))
        seen = Listing(
            uri=Path(path).as_uri(), name="", patterns=listing.patterns, digest=listing.digest
        )
        files, planned, pending = map(
            self._uris, ([file.path for file in own], self.planned, self.pending)
        )
        return all(
            has_other_names(seen, files, coming) is not False
            for coming in (planned, [*planned, *pending])
        )

    def _uris(self, paths: Iterable[str]) -> list[str]:
        return [Path(self.workspace.root, path).as_uri() for path in paths]

    def is_there(self, file: FileState) -> bool:
        return file.path in self.planned or os.path.exists(self.absolute(file))

    def digest(self, path: str, stat: Stat) -> str | None:
        """Digest of a file; of one that was looked at before only when it was touched since."""
        key = (path, stat)
        if key not in self._hashed:
            known = self.known_digest(path, stat)
            if known is None:
                try:
                    known = digest_file(path)
                except OSError:
                    return None
            self._hashed[key] = known
        return self._hashed[key]
