"""Files by digest: the same content is kept once, and nothing is ever seen half written."""

import os
import secrets
import shutil
from pathlib import Path

from nbops.digests import digest_bytes, digest_file
from nbops.errors import StoreUnreachable
from nbops.store.shared import SharedStore
from nbops.workspace import Workspace


def open_store(workspace: Workspace) -> "Store":
    """Store of a workspace, which fetches from the shared one what it lacks."""
    url = workspace.settings.store
    return Store(workspace.store, SharedStore(url) if url else None)


class Store:
    """A folder of files named by their digest.

    Parameters
    ----------
    root
        Folder that exists.
    shared
        Where content is fetched from that is not here.
    """

    def __init__(self, root: Path, shared: SharedStore | None = None) -> None:
        self.root = root
        self._shared = shared

    def path_of(self, digest: str) -> Path:
        """Where content with this digest lies, or would lie."""
        name = digest.partition(":")[2]
        return self.root / name[:2] / name[2:]

    def put_bytes(self, data: bytes) -> str:
        """Keep bytes; returns their digest."""
        digest = digest_bytes(data)
        target = self.path_of(digest)
        if not target.exists():
            fd, part = self._open_part(target)
            with os.fdopen(fd, "wb") as file:
                file.write(data)
            os.replace(part, target)
        return digest

    def put_file(self, source: Path) -> tuple[str, int]:
        """Keep a copy of a file; returns its digest and size in bytes.

        The digest is of the copy, so that it is right even while the file is being written.

        Raises
        ------
        OSError
            The file cannot be read, or the disk is full; nothing is kept.
        """
        fd, name = self._open_part(self.root / "incoming" / "file")
        os.close(fd)
        part = Path(name)
        try:
            shutil.copyfile(source, part)
            part.chmod(0o600)
            digest = digest_file(part)
            size = part.stat().st_size
            target = self.path_of(digest)
            target.parent.mkdir(mode=0o700, exist_ok=True)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
        return digest, size

    def get(self, digest: str) -> bytes | None:
        """Content with this digest; None when it is not kept."""
        path = self.find(digest)
        return path.read_bytes() if path else None

    def find(self, digest: str) -> Path | None:
        """Where content lies, fetched if need be; None when it is kept nowhere that can be reached."""
        path = self.path_of(digest)
        if path.exists():
            return path
        if self._shared is not None:
            try:
                return path if self._shared.fetch(digest, path) else None
            except StoreUnreachable:
                self._shared = None  # not asked again for each of many
        return None

    def _open_part(self, target: Path) -> tuple[int, str]:
        """Descriptor and path of a new file beside a target; cheap, since a cell's output waits for it."""
        part = f"{target}.{secrets.token_hex(4)}.part"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        try:
            return os.open(part, flags, 0o600), part
        except FileNotFoundError:  # the first one in this folder
            target.parent.mkdir(mode=0o700, exist_ok=True)
            return os.open(part, flags, 0o600), part
