"""A record that was made in another folder, maybe on another machine: where the project lay there.

The lines of such a record stay as they were written, under the links of their chain; whoever reads them reads
the paths that the project has here.
"""

import json
from collections.abc import Callable
from pathlib import Path

import msgspec

from nbops.writing import write_whole

MOVED = "moved.json"


class Moved(msgspec.Struct, frozen=True, kw_only=True):
    """The project's folder, as a session's record names it, and here."""

    there: str
    here: str


def write_moved(folder: Path, there: Path, here: Path) -> None:
    """Say of a session's folder where it was recorded."""
    write_whole(folder / MOVED, msgspec.json.encode(Moved(there=str(there), here=str(here))))


def is_moved(folder: Path) -> bool:
    """Whether a session was recorded elsewhere."""
    return (folder / MOVED).exists()


def read_mending(folder: Path) -> Callable[[bytes], bytes] | None:
    """What makes a line of a session say the paths of here; None where it does anyway."""
    try:
        moved = msgspec.json.decode((folder / MOVED).read_bytes(), type=Moved)
    except (OSError, ValueError):
        return None
    pairs = [
        (Path(moved.there).as_uri().encode(), Path(moved.here).as_uri().encode()),
        (_inside_json(moved.there), _inside_json(moved.here)),
    ]

    def mend(line: bytes) -> bytes:
        for there, here in pairs:
            line = line.replace(there, here)
        return line

    return mend


def _inside_json(text: str) -> bytes:
    return json.dumps(text, ensure_ascii=False)[1:-1].encode()
