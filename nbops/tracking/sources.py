"""What git says of a session's work tree, and the imported files that it knows nothing of."""

from collections.abc import Iterable
from pathlib import Path

import msgspec

from nbops.capture.environment.source import PATCH_BYTES, read_source, read_untracked
from nbops.journal import facts
from nbops.records import Source
from nbops.store import Store
from nbops.workspace import Workspace


class SourceFinder:
    """One session's source; patches go into the store."""

    def __init__(self, workspace: Workspace) -> None:
        self._root = workspace.root
        self._store = Store(workspace.store)
        self._source: Source | None = None

    def find(self, folder: Path) -> facts.SourceFound:
        """State of the work tree as the session starts."""
        source, patch = read_source(folder)
        return self._found(source, patch)

    def add(
        self, modules: Iterable[facts.SeenModule], known: Source | None
    ) -> facts.SourceFound | None:
        """Add imported files that are not in git to the patch; None when there are no new ones.

        Parameters
        ----------
        known
            What an earlier process found.
        """
        source = self._source or known
        if source is None or source.git_commit is None:
            return None
        asked = [(self._root / seen.path, seen.digest) for seen in modules if seen.digest]
        found = read_untracked(self._root, asked)
        new = {name: patch for name, patch in found.items() if name not in source.untracked}
        if not new:
            return None
        before = self._store.get(source.patch_digest) if source.patch_digest else b""
        patch = (before or b"") + b"".join(new.values())
        source = msgspec.structs.replace(source, untracked=(*source.untracked, *new))
        return self._found(source, patch if len(patch) <= PATCH_BYTES else None)

    def _found(self, source: Source, patch: bytes | None) -> facts.SourceFound:
        if patch:
            source = msgspec.structs.replace(source, patch_digest=self._store.put_bytes(patch))
        self._source = source
        return facts.SourceFound(source=source)
