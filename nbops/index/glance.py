"""Files as they are now, by what can be told without opening them.

A cell may be running, and the net would take what is opened here for what the cell read: sizes, times, and
digests that the background process has found, must do.
"""

import json
import os
from collections.abc import Collection, Iterator
from functools import lru_cache

from nbops.capture.data.contents import Stat, path_of, stat_file
from nbops.capture.data.folders import look_over, root_of
from nbops.capture.data.listings import has_other_names, read_names
from nbops.checks import Surroundings
from nbops.digests import digest_file, digest_names, is_sampled
from nbops.index.queries import Index
from nbops.records import DataRef, Listing, ModuleRef

_KNOWN = (
    "SELECT d.* FROM json_each(?) wanted JOIN digests d ON d.path = wanted.value"  # by primary key
)


class Glance:
    """One look at files and folders.

    `unsure` are those that may have changed, as far as can be told: same size, other time, no digest.

    Parameters
    ----------
    paths
        Those that will be asked for.
    listings
        Names of folders that will be.
    """

    def __init__(
        self, index: Index, paths: Collection[str], listings: Collection[Listing] = ()
    ) -> None:
        self._root = index.workspace.root
        self._stats = {path: stat_file(path) or look_over(path) for path in paths}
        self._digests = {
            row["path"]: row["digest"]
            for row in index.rows(_KNOWN, [json.dumps(list(self._stats))])
            if self._stats[row["path"]] == (row["inode"], row["size_bytes"], row["mtime_ns"])
        }
        self._listings = {(one.uri, one.patterns) for one in listings if one.digest}
        self.unsure: dict[str, None] = {}

    def marks(self) -> Iterator[str]:
        """A line for each path: another where it may have changed, or where more of it is known."""
        for path, stat in self._stats.items():
            yield f"{path} {stat} {self._digests.get(path)}"
        for uri, patterns in sorted(self._listings):
            yield f"{uri} {patterns} {_mark_of(path_of(uri), patterns)}"

    def surroundings(self) -> Surroundings:
        return Surroundings(
            has_changed=self._has_changed,
            has_other_names=has_other_names,
            has_changed_module=self._has_changed_module,
        )

    def _has_changed(self, ref: DataRef) -> bool | None:
        if not ref.uri.startswith("file:") or ref.digest is None:
            return None
        if ref.kind not in ("file", "folder"):
            return None
        path = path_of(ref.uri)
        stat = self._stats.get(path)
        if stat is None:  # gone, or too much to look at
            return None if ref.kind == "folder" and os.path.exists(root_of(path)) else True
        if ref.size_bytes is not None and stat[1] != ref.size_bytes:
            return True
        known = self._digests.get(path)
        if known is None:
            self.unsure[path] = None
        if known is None or is_sampled(known) != is_sampled(ref.digest):
            return None
        return str(known) != ref.digest

    def _has_changed_module(self, ref: ModuleRef) -> bool | None:
        if ref.digest is None:
            return None
        path = os.path.join(self._root, ref.path)
        stat = stat_file(path)
        return stat is None or _module_digest(path, stat) != ref.digest


def _mark_of(path: str, patterns: tuple[str, ...]) -> object:
    """When a folder got other names, or lost some; of what lies in folders below, that tells nothing."""
    if any("/" in pattern for pattern in patterns):
        names = read_names(path, patterns)
        return names and digest_names(names)
    try:
        about = os.stat(path)
    except OSError:
        return None
    return about.st_ino, about.st_mtime_ns


@lru_cache(maxsize=4096)
def _module_digest(path: str, _stat: Stat) -> str | None:
    """Digest of a module's text, which the net takes for no data."""
    try:
        return digest_file(path)
    except OSError:
        return None
