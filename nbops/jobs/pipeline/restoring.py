"""Bringing back what a step left, from the copies that are kept here or in the store that a team shares."""

import os
import secrets
import shutil
from pathlib import Path

from nbops.digests import digest_file
from nbops.errors import NotFound, StoreUnreachable
from nbops.jobs.pipeline.results import FileState
from nbops.store import Store
from nbops.store.shared import SharedStore
from nbops.workspace import Workspace


class Copies:
    """Kept copies of a workspace's files."""

    def __init__(self, workspace: Workspace) -> None:
        url = workspace.settings.store
        self._workspace = workspace
        self._shared = SharedStore(url) if url else None
        self._store = Store(workspace.kept_data, self._shared)

    def has(self, file: FileState) -> bool:
        """Whether a file can be brought back."""
        if file.kind != "file" or not self._is_inside(file):
            return False
        if self._store.path_of(file.digest).exists():
            return True
        try:
            return self._shared is not None and self._shared.has(file.digest)
        except StoreUnreachable:
            self._shared = None
            return False

    def restore(self, file: FileState) -> Path | None:
        """Bring a file back; returns where the one is now that was in its place and kept nowhere.

        Raises
        ------
        NotFound
            Its copy is gone or damaged.
        """
        self._workspace.kept_data.mkdir(mode=0o700, exist_ok=True)
        kept = self._store.find(file.digest)
        if kept is None or not self._is_inside(file) or digest_file(kept) != file.digest:
            raise NotFound(f"The kept copy of {file.path} is gone or damaged.")
        target = self._workspace.root / file.path
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f"{target.name}.{secrets.token_hex(4)}.part")
        try:
            shutil.copyfile(kept, part)
            moved = self._set_aside(target)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
        return moved

    def _set_aside(self, target: Path) -> Path | None:
        if not target.is_file():
            return None
        digest = digest_file(target)
        if self._store.path_of(digest).exists():
            return None
        place = self._workspace.state / "replaced"
        place.mkdir(mode=0o700, exist_ok=True)
        moved = place / f"{digest.partition(':')[2][:8]}-{target.name}"
        shutil.move(target, moved)
        return moved

    def _is_inside(self, file: FileState) -> bool:
        """A result of somebody else's writes nowhere but in the project."""
        root = os.path.realpath(self._workspace.root)
        place = os.path.realpath(os.path.join(root, file.path))
        return place.startswith(f"{root}{os.sep}") and f"{os.sep}.nbops{os.sep}" not in place
