"""Files, written whole or not at all: private ones, and those that a person asked for."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nbops.errors import UsageError


def write_whole(path: Path, data: bytes, *, is_cache: bool = False) -> None:
    """Put a private file in place of another, all of it or nothing.

    Parameters
    ----------
    is_cache
        Whether it may be gone after a loss of power.
    """
    part = path.with_name(f".{path.name}.{os.urandom(4).hex()}.part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(data)
            if not is_cache:
                file.flush()
                os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def putting(path: Path, hint: str = "Give another place.") -> Iterator[Path]:
    """Where to write a file that a person asked for; it is put in its place when all of it is written.

    One that is there keeps its permissions; a device, or a pipe, is written to as it is.

    Parameters
    ----------
    hint
        The way out when it cannot be written.

    Raises
    ------
    UsageError
        It cannot be written.
    OSError
        As what was to be written raised it.
    """
    place = Path(os.path.realpath(path))
    part = place.with_name(f".{os.urandom(8).hex()}.part")
    try:
        if place.exists() and not place.is_file():
            yield place
            return
        try:
            yield part
            if place.exists():
                part.chmod(stat.S_IMODE(place.stat().st_mode))
            part.replace(place)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        if error.filename is not None and Path(error.filename) not in (part, place, *place.parents):
            raise  # what was to be written could not be read
        raise UsageError(f"{path} cannot be written: {error.strerror}.", hint) from error
