"""Looks at files that may have changed since a cell read them, when somebody wants to know."""

import contextlib
import os
from collections.abc import Callable

from nbops.capture.data.contents import Stat, look_at_folder, stat_file
from nbops.capture.data.folders import hash_folder, look_over
from nbops.capture.data.hashing import is_settled
from nbops.recording.doubts import read_doubts, settle_doubt
from nbops.tracking.following import DigestCache
from nbops.tracking.hash_limits import HashLimits
from nbops.tracking.net import Net
from nbops.workspace import Workspace


class Doubts:
    """Those of one workspace.

    Parameters
    ----------
    put
        Where the digest of a folder is kept, by its stamp.
    later
        Where to hash.
    """

    def __init__(
        self,
        workspace: Workspace,
        net: Net,
        cache: DigestCache,
        put: Callable[[str, Stat, str], None],
        later: Callable[[Callable[[], None]], None],
    ) -> None:
        self._workspace = workspace
        self._net = net
        self._cache = cache
        self._put = put
        self._later = later
        self._limits = HashLimits(workspace.settings)
        self._asked: set[str] = set()

    def look(self) -> bool:
        """Ask for what is wanted by now; returns whether something is."""
        wanted = read_doubts(self._workspace)
        for path in wanted:
            if path not in self._asked and self._is_ripe(path):
                self._asked.add(path)
                self._later(lambda path=path: self._end(path))  # type: ignore[misc]
        return bool(wanted)

    def _is_ripe(self, path: str) -> bool:
        """Whether what is found now will hold: not while it is being written."""
        stat = look_over(path) if os.path.isdir(path) else stat_file(path)
        return stat is None or is_settled(stat)

    def _end(self, path: str) -> None:
        try:
            with contextlib.suppress(OSError), self._net.our_own(path):
                self._hash(path)
        finally:
            settle_doubt(self._workspace, path)
            self._asked.discard(path)

    def _hash(self, path: str) -> None:
        stat = stat_file(path)
        if stat is not None:
            self._cache.digest(path, stat, self._limits.of(path))
        elif (stamp := look_over(path)) is not None:
            found = hash_folder(path, look_at_folder()[2], self._limits.of(path))
            if found is not None and look_over(path) == stamp:
                self._put(path, stamp, found.digest)
