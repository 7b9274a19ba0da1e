"""Which sessions something is being erased of, so that whoever serves them makes way."""

from nbops.journal.erasing import read_tombstones
from nbops.workspace import Workspace


class Erasures:
    """What is being erased on request, by other processes."""

    def __init__(self, workspace: Workspace) -> None:
        self._folder = workspace.forgotten
        self._looked_at = -1
        self._done = {stone.id: stone.done_at for stone in read_tombstones(self._folder)}
        self.under_way: set[str] = set()
        """Sessions that are to be left alone."""

    def look(self) -> set[str]:
        """Look again; returns the sessions of which something was erased since."""
        try:
            changed_at = self._folder.stat().st_mtime_ns
        except FileNotFoundError:
            return set()
        if changed_at == self._looked_at:
            return set()
        self._looked_at = changed_at
        stones = list(read_tombstones(self._folder))
        before = self.under_way
        self.under_way = {stone.session for stone in stones if stone.done_at is None}
        new = {s.session for s in stones if s.done_at and self._done.get(s.id) != s.done_at}
        self._done = {stone.id: stone.done_at for stone in stones}
        return (before | new) - self.under_way
