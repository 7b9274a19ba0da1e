"""Keeps what cells read and wrote, by digest, so that a file that has since changed can be had again."""

from pathlib import Path

from nbops.capture.secrets.privacy import may_be_kept
from nbops.store import Store
from nbops.workspace import Workspace

_MOST_BYTES = 2_000_000_000
"""All of it together; what was not used for the longest goes first."""


class KeptData:
    """The kept files of a workspace.

    Parameters
    ----------
    most_bytes
        How much may be kept.
    """

    def __init__(self, workspace: Workspace, most_bytes: int = _MOST_BYTES) -> None:
        self._limit = workspace.settings.keep_data * 1_000_000
        self._most = most_bytes
        self._root = workspace.kept_data
        self._total: int | None = None

    def keep(self, path: str, digest: str, size_bytes: int) -> bool:
        """Keep a file's content; False when it is too large, or is not that content any more.

        Raises
        ------
        OSError
            The disk is full, or the file is gone.
        """
        if size_bytes > min(self._limit, self._most) or not digest.startswith("file"):
            return False
        self._root.mkdir(mode=0o700, exist_ok=True)
        store = Store(self._root)
        kept = store.path_of(digest)
        if kept.exists():
            kept.touch()  # used again: it stays longest
            return True
        if not may_be_kept(path):
            return False
        found, size = store.put_file(Path(path))
        self._total = self._size() if self._total is None else self._total + size
        if found != digest:
            store.path_of(found).unlink(missing_ok=True)
            self._total -= size
            return False
        self._make_room(kept)
        return True

    def _size(self) -> int:
        return sum(path.stat().st_size for path in self._root.rglob("*") if path.is_file())

    def _make_room(self, but: Path) -> None:
        if self._total is None or self._total <= self._most:
            return
        files = [path for path in self._root.rglob("*") if path.is_file() and path != but]
        for path in sorted(files, key=lambda path: path.stat().st_mtime):
            self._total -= path.stat().st_size
            path.unlink(missing_ok=True)
            if self._total <= self._most:
                return
