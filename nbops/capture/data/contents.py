"""Which content of a path is meant, and what came out of it."""

import os
import stat
import sys
import time
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from nbops.capture.secrets.privacy import hide_columns

Stat = tuple[int, int, int]
"""Inode, size in bytes, modification time in ns: which content of a file is meant.

Of a folder, a pattern or a URL: 0, 0 and the time in ns when it was looked at; what changed later is another.
"""

_MAX_COLUMNS = 500

_TICKS = 100
"""As often as a clock that runs forward is asked at most."""

_COARSE = 5
"""CLOCK_REALTIME_COARSE, by which Linux dates files; Python has no name for it."""


def path_of(uri: str) -> str:
    """Path of a `file:` URI.

    >>> path_of("file:///data/a%20b.csv")
    '/data/a b.csv'
    """
    return unquote(urlsplit(uri).path)


def file_of_database(database: Any) -> str | None:
    """Path of what `sqlite3.connect` is given; None for memory, and for nothing that is a path.

    >>> file_of_database("file:runs.db?mode=ro"), file_of_database(":memory:")
    ('runs.db', None)
    """
    if not isinstance(database, str | bytes | os.PathLike):
        return None
    path = os.fsdecode(database)
    if path.startswith("file:"):
        path = path[5:].partition("?")[0]
    return path if path not in ("", ":memory:") else None


def stat_file(path: str) -> Stat | None:
    """Identity of a regular file's content; None for anything else, and for nothing there."""
    try:
        about = os.stat(path)
    except (OSError, ValueError):
        return None
    if not stat.S_ISREG(about.st_mode):
        return None
    return about.st_ino, about.st_size, about.st_mtime_ns


def look_at_folder() -> Stat:
    """What stands for a folder's content now, once the clock that dates files has passed this moment.

    That clock ticks every 1 to 10 ms, and what changes within one tick looks as if it had been there
    before; every change that comes later bears this time, or more.
    """
    before, tries = time.time_ns(), 0
    while (
        now := _clock()
    ) <= before and tries < _TICKS:  # a clock that was set back never passes it
        time.sleep(0.0005)
        tries += 1
    return 0, 0, now


def is_of_folder(content: Stat) -> bool:
    return content[:2] == (0, 0)


def _clock() -> int:
    if sys.platform == "linux":
        return time.clock_gettime_ns(_COARSE)
    return time.time_ns() // 10_000_000 * 10_000_000


class Frame(NamedTuple):
    """What is told of a frame; None of what is none, or has no such thing."""

    shape: tuple[int, ...] | None = None  # (n_rows, n_columns)
    columns: tuple[str, ...] | None = None
    types: tuple[str, ...] | None = None  # of the columns, as the frame's library calls them


NO_FRAME = Frame()


def describe_frame(frame: Any) -> Frame:
    """Tell shape, column names and their types."""
    shape = getattr(frame, "shape", None)
    if not isinstance(shape, tuple) or not all(isinstance(n, int) for n in shape):
        return NO_FRAME
    columns = getattr(frame, "column_names", None)  # Arrow's; its `columns` are the data
    if columns is None:
        columns = getattr(frame, "columns", None)
    if columns is None:
        return Frame(shape)
    names = tuple(str(name) for name in list(columns)[:_MAX_COLUMNS])
    told, types = hide_columns(names), _types_of(frame)
    if len(types) != len(names):
        return Frame(shape, told)
    known = zip(names, told, types, strict=True)
    return Frame(shape, told, tuple(one if name == shown else shown for name, shown, one in known))


def _types_of(frame: Any) -> list[str]:
    types: Any = getattr(frame, "dtypes", None)  # of pandas and polars
    if types is None:
        types = getattr(getattr(frame, "schema", None), "types", ())  # of Arrow
    return [_name_of_type(one) for one in list(types)[:_MAX_COLUMNS]]


@lru_cache(maxsize=256, typed=True)
def _name_of_type(one: Any) -> str:
    return str(one)  # of pandas that takes 10 us
