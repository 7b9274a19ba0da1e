"""Private files, written whole or not at all."""

import os
from pathlib import Path


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
