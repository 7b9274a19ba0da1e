"""Hashes small files in the kernel, while there is time; larger ones are left to the background."""

import time

from nbops.capture.data.contents import Stat, stat_file
from nbops.digests import digest_within

_AT_ONCE_BYTES = 1_000_000
"""Files up to this size are hashed as they are opened, or their writer ends: 0.3 ms at most."""

_BUDGET_S = 0.02
"""Time that hashing at once may take of one cell; files beyond it are left to the background."""

_YOUNG_NS = 2_000_000_000
"""A file changed this recently may change again within one tick of its clock."""

_MOST_KNOWN = 10_000


def digest_content(path: str, content: Stat, limit: int | None = None) -> str | None:
    """Digest of this content of a path; None when it is another by now, or cannot be read.

    Parameters
    ----------
    limit
        Of a file larger than this, in bytes, samples are read.
    """
    try:
        digest = digest_within(path, limit)
    except OSError:
        return None
    return digest if stat_file(path) == content else None


def is_settled(content: Stat) -> bool:
    """Whether a file's stat can be trusted to name this content and no other."""
    return time.time_ns() - content[2] > _YOUNG_NS


class Hasher:
    """Digests within a budget a cell, and those of unchanged files again for nothing."""

    def __init__(self) -> None:
        self._budget_s = _BUDGET_S
        self._known: dict[str, tuple[Stat, str]] = {}

    def begin_cell(self) -> None:
        self._budget_s = _BUDGET_S

    def digest_at_once(self, path: str, content: Stat) -> str | None:
        """Digest of a small file while there is time; None leaves it to the background."""
        if content[1] > _AT_ONCE_BYTES:
            return None
        known = self._known.get(path)
        if known is not None and known[0] == content:
            return known[1]
        return self.digest(path, content) if self._budget_s > 0 else None

    def digest(self, path: str, content: Stat) -> str | None:
        """Digest of this content; None when the file is another by now, or cannot be read."""
        known = self._known.get(path)
        if known is not None and known[0] == content:
            return known[1]
        before = time.perf_counter()
        digest = digest_content(path, content)
        self._budget_s -= time.perf_counter() - before
        if digest is not None and is_settled(content):
            if len(self._known) > _MOST_KNOWN:
                self._known.clear()
            self._known[path] = (content, digest)
        return digest
