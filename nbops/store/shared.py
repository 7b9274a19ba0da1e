"""The store of a team: a folder or a bucket that all can reach, with the same files by the same digests.

A file is there whole or not at all: an object is put at once, a file is written under another name first.
"""

import contextlib
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nbops.digests import digest_file
from nbops.errors import StoreUnreachable

_PUT_AT_ONCE = frozenset(("s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "oci", "r2", "memory"))
"""Object stores: what is put appears when all of it has arrived."""


class SharedStore:
    """Files by digest at a URL of fsspec, or in a folder.

    Each method raises `StoreUnreachable` where the place cannot be reached, or may not be.

    Parameters
    ----------
    url
        Such as `s3://bucket/nbops`, `file:///mnt/team/nbops` or `/mnt/team/nbops`.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._files: Any = None
        self._root = ""

    def has(self, digest: str) -> bool:
        with self._reached() as files:
            return bool(files.exists(self._place_of(digest)))

    def put(self, path: Path, digest: str) -> bool:
        """Bring a file there; False when it was there before."""
        return self._put(path, self._place_of(digest))

    def remove(self, digest: str) -> None:
        """Delete a file there; one that is not there is no error."""
        self._remove(self._place_of(digest))

    def remove_at(self, name: str) -> None:
        """Delete a file there that has a name of its own."""
        self._remove(self._place_at(name))

    def place_of(self, digest: str) -> str:
        """Where content lies, as the place itself names it."""
        with self._reached():
            return self._place_of(digest)

    def put_at(self, path: Path, name: str) -> None:
        """Bring a file there under a name of its own, such as `steps/KEY/SESSION.json`."""
        self._put(path, self._place_at(name))

    def names_in(self, folder: str, suffix: str) -> list[str]:
        """Names of the files in a folder there, sorted."""
        place = self._place_at(folder)
        with self._reached() as files:
            if not files.exists(place):
                return []
            found = [str(path).rpartition("/")[2] for path in files.ls(place, detail=False)]
        return sorted(name for name in found if name.endswith(suffix))

    def fetch_at(self, name: str, target: Path) -> bool:
        """Bring a file here that has a name of its own; False when it is not there."""
        return self._fetch(self._place_at(name), target)

    def _remove(self, place: str) -> None:
        with self._reached() as files:
            if files.exists(place):
                files.rm_file(place)

    def _put(self, path: Path, place: str) -> bool:
        with self._reached() as files:
            if files.exists(place):
                return False
            if self._protocol in _PUT_AT_ONCE:
                files.put_file(str(path), place)
                return True
            part = f"{place}.{secrets.token_hex(4)}.part"
            files.makedirs(place.rpartition("/")[0], exist_ok=True)
            try:
                files.put_file(str(path), part)
                files.mv(part, place)
            except BaseException:
                with contextlib.suppress(Exception):
                    files.rm_file(part)
                raise
            return True

    def fetch(self, digest: str, target: Path) -> bool:
        """Bring a file here; False when it is not there, or is not that content."""
        return self._fetch(self._place_of(digest), target, digest)

    def _fetch(self, place: str, target: Path, digest: str | None = None) -> bool:
        part = target.with_name(f"{target.name}.{secrets.token_hex(4)}.part")
        with self._reached() as files:
            if not files.exists(place):
                return False
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                files.get_file(place, str(part))
                part.chmod(0o600)
                if digest is not None and digest_file(part) != digest:
                    return False
                part.replace(target)
            finally:
                part.unlink(missing_ok=True)
        return True

    @property
    def _protocol(self) -> str:
        return self.url.partition("://")[0] if "://" in self.url else "file"

    def _place_of(self, digest: str) -> str:
        """Where content with this digest lies: as in a local store."""
        self._open()
        name = digest.partition(":")[2]
        return f"{self._root}/{name[:2]}/{name[2:]}"

    def _place_at(self, name: str) -> str:
        self._open()
        return f"{self._root}/{name}"

    def _open(self) -> None:
        if self._files is not None:
            return
        if self._protocol == "file":
            self._root = self.url.removeprefix("file://").rstrip("/")
            self._files = _Folder(Path(self._root))
            return
        try:
            import fsspec

            self._files, root = fsspec.core.url_to_fs(self.url, use_listings_cache=False)
        except ImportError as error:
            raise StoreUnreachable(
                f"The shared store {self.url} needs a library: {error}.",
                "pip install 'nbops[store]', and the file system's own, such as s3fs.",
            ) from error
        self._root = str(root).rstrip("/")

    @contextmanager
    def _reached(self) -> Iterator[Any]:
        try:
            self._open()
            yield self._files
        except StoreUnreachable:
            raise
        except Exception as error:  # each file system has errors of its own
            reason = f"{type(error).__name__} {error}".partition("\n")[0]
            raise StoreUnreachable(f"The shared store {self.url} is away: {reason:.150}") from error


class _Folder:
    """The few words of fsspec that are needed, for a folder: nothing has to be installed for it."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def exists(self, path: str) -> bool:
        if not self._root.is_dir():  # else a disk that is not mounted looks empty
            raise FileNotFoundError(f"there is no folder {self._root}")
        return Path(path).exists()

    def makedirs(self, path: str, *, exist_ok: bool) -> None:
        Path(path).mkdir(parents=True, exist_ok=exist_ok)

    def ls(self, path: str, *, detail: bool) -> list[str]:  # noqa: ARG002 - fsspec's words
        return [str(file) for file in Path(path).iterdir()]

    def put_file(self, source: str, target: str) -> None:
        shutil.copyfile(source, target)

    def get_file(self, source: str, target: str) -> None:
        shutil.copyfile(source, target)

    def mv(self, source: str, target: str) -> None:
        Path(source).replace(target)

    def rm_file(self, path: str) -> None:
        Path(path).unlink(missing_ok=True)
