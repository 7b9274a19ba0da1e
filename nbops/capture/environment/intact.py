"""Whether the files of installed packages are what their installers put there.

Each installed package lists its files with their SHA-256 in `RECORD`. Reading them all takes seconds, so
what was found is kept by the stat of the files: the next look at the same installation costs that only.
"""

import base64
import hashlib
import os
import sys
from collections.abc import Generator
from importlib.metadata import Distribution
from pathlib import Path

import msgspec
from blake3 import blake3

from nbops.capture.environment.packages import Distributions
from nbops.writing import write_whole

Known = dict[str, tuple[str, tuple[str, ...]]]
"""By the path of a package's metadata: digest of its files' stats, and which are not as installed."""


InstalledFiles = dict[str, tuple[str, list[tuple[str, str]]]]
"""By package: the folder it lies in; path there and SHA-256 of each file."""


class Integrity:
    """Checks packages, and remembers what it found.

    Parameters
    ----------
    path
        Where it is kept; what lies there damaged is found out anew.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._known = msgspec.json.decode(path.read_bytes(), type=Known)
        except (OSError, ValueError):
            self._known = {}
        self._is_new = False

    def check(self, files: InstalledFiles) -> Generator[None, None, dict[str, list[str]]]:
        """Compare packages with what was installed; pauses after each file that it had to read.

        Returns
        -------
        By package: files that were changed or are gone. Packages whose files are as installed, or of
        which nothing can be told, are left out.
        """
        altered = {}
        for name, (place, listed) in files.items():
            key = os.path.join(place, name)
            state = _state_of(place, listed)
            known = self._known.get(key)
            if known is None or known[0] != state:
                found = yield from _find_altered(place, listed)
                known = self._known[key] = (state, found)
                self._is_new = True
            if known[1]:
                altered[name] = list(known[1])
            yield
        return altered

    def keep(self) -> None:
        """Write down what was found; of two processes that do, the later one stays."""
        if not self._is_new:
            return
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(self._path, msgspec.json.encode(self._known), is_cache=True)
        self._is_new = False


def list_files(distributions: Distributions) -> InstalledFiles:
    """Files that an import may load.

    Scripts lie outside of the package folder and are rewritten when an environment is moved.
    """
    return {
        name: (str(distribution.locate_file("")), _listed_files(distribution))
        for name, (_, distribution) in distributions.items()
    }


def _listed_files(distribution: Distribution) -> list[tuple[str, str]]:
    import csv

    lines = (distribution.read_text("RECORD") or "").splitlines()
    rows = (row for row in csv.reader(lines) if len(row) >= 2)
    return [
        (row[0], row[1].removeprefix("sha256="))
        for row in rows
        if row[1].startswith("sha256=") and not row[0].startswith(("..", "/"))
    ]


def _state_of(place: str, files: list[tuple[str, str]]) -> str:
    """Digest that differs once any of the files was written."""
    stats = []
    try:
        folder = os.open(place, os.O_PATH if sys.platform == "linux" else os.O_RDONLY)
    except OSError:
        return ""
    try:
        for path, _ in files:
            try:
                about = os.stat(path, dir_fd=folder)  # the way to the folder is gone once
            except OSError:
                stats.append("-")
            else:
                stats.append(f"{about.st_ino} {about.st_size} {about.st_mtime_ns}")
    finally:
        os.close(folder)
    return blake3("\n".join(stats).encode()).hexdigest(length=16)


def _find_altered(
    place: str, files: list[tuple[str, str]]
) -> Generator[None, None, tuple[str, ...]]:
    altered = []
    for path, digest in files:
        if not _is_intact(os.path.join(place, path), digest):
            altered.append(path)
        yield
    return tuple(altered)


def _is_intact(path: str, digest: str) -> bool:
    try:
        with open(path, "rb") as file:
            found = hashlib.file_digest(file, "sha256").digest()
    except FileNotFoundError:
        return False
    except OSError:  # not to be read by us: nothing is known against it
        return True
    return base64.urlsafe_b64encode(found).rstrip(b"=").decode() == digest
