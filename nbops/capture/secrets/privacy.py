"""Columns and paths that are private (`[tool.nbops]`): what must not be said of data is known here.

One rule set a process, as with the secrets that `redaction` hides; unlike those, what is private is left out
rather than replaced by a fingerprint.
"""

import os
import re
from collections.abc import Iterable
from pathlib import Path

PRIVATE = "private"
"""What stands instead of a column's name, and why something is missing."""

_PACKED = (
    b"\x1f\x8b",
    b"PK\x03\x04",
    b"\x28\xb5\x2f\xfd",
    b"BZh",
    b"\xfd7zXZ",
    b"\x04\x22\x4d\x18",
)
"""How gzip, zip (xlsx, npz), zstd, bz2, xz and lz4 begin: their content does not show."""


def _as_regex(pattern: str, star: str, mark: str) -> str:
    return "".join({"*": star, "?": mark}.get(char) or re.escape(char) for char in pattern)


def _path_regex(pattern: str) -> str:
    plain = pattern if "://" in pattern else os.path.normpath(pattern)
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", plain)
    signs = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    text = "".join(signs.get(part) or re.escape(part) for part in parts)
    return rf"{text.removesuffix('/.*')}(?:/.*)?"


class _Rules:
    def __init__(self, columns: Iterable[str] = (), paths: Iterable[str] = ()) -> None:
        names = [name for name in columns if name.strip("* ")]
        exact = "|".join(_as_regex(name, ".*", ".") for name in names)
        within = "|".join(_as_regex(name, r"\w*", r"\w") for name in names)
        self.column = re.compile(exact, re.IGNORECASE) if names else None
        self.text = re.compile(rf"(?<!\w)(?:{within})(?!\w)", re.IGNORECASE) if names else None
        # A length or a type may stand right behind a name in a binary file.
        packed = rf"(?<![0-9A-Za-z_])(?:{within})".encode()
        self.content = re.compile(packed, re.IGNORECASE) if names else None
        inside = "|".join(map(_path_regex, paths))
        self.path = re.compile(inside) if inside else None


_rules = _Rules()


def set_private(columns: Iterable[str], paths: Iterable[str], root: Path) -> None:
    """Have these columns and paths left out from now on.

    Parameters
    ----------
    columns
        Names, in which `*` and `?` stand for what they do in a shell; upper and lower case are the same.
    paths
        Files and folders, with `**` for any number of folders; relative to `root`, or from `/` or `~`;
        or URLs.
    """
    global _rules  # noqa: PLW0603 - one rule set a process
    places = [path if "://" in path else str(root / os.path.expanduser(path)) for path in paths]
    _rules = _Rules(columns, places)


def has_private_paths() -> bool:
    """Whether any path is private."""
    return _rules.path is not None


def is_private_path(path: str) -> bool:
    """Whether an absolute path, or the file that it leads to, is private."""
    if _rules.path is None:
        return False
    return any(_rules.path.fullmatch(one) for one in (path, os.path.realpath(path)))


def is_private_url(url: str) -> bool:
    """Whether a URL is private, whoever is named in it before the server."""
    if _rules.path is None:
        return False
    return bool(_rules.path.fullmatch(re.sub(r"://[^/@]*@", "://", url)))


def hide_columns(names: tuple[str, ...]) -> tuple[str, ...]:
    """Column names as records may hold them."""
    column = _rules.column
    if column is None:
        return names
    return tuple(PRIVATE if column.fullmatch(name) else name for name in names)


def names_private_column(text: str) -> bool:
    """Whether a text names a private column, so that its values may stand beside it."""
    return _rules.text is not None and bool(_rules.text.search(text))


def hide_names(text: str) -> str:
    """Text without the names of private columns."""
    return _rules.text.sub(PRIVATE, text) if _rules.text else text


def may_be_kept(path: str) -> bool:
    """Whether a copy of a file may be kept: none with a private column in it, or that could have one.

    Raises
    ------
    OSError
        The file cannot be read.
    """
    if is_private_path(path):
        return False
    if _rules.content is None:
        return True
    content = Path(path).read_bytes()
    return not content.startswith(_PACKED) and not _rules.content.search(content)
