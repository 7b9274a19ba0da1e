"""Which names a cell saw in a folder: what `os.listdir`, `os.scandir`, `glob` and pathlib asked for.

The names of data count, no more: no hidden ones, no code, nothing of MLflow. Read within the user's call, so it
is bounded.
"""

import fnmatch
import glob
import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from types import FrameType

from nbops.capture.data.contents import path_of
from nbops.capture.data.places import NO_DATA
from nbops.capture.secrets.redaction import PATH_HIDDEN, redact_name, redact_path
from nbops.digests import digest_names
from nbops.records import Listing
from nbops.workspace import Workspace

MANY = 100
"""Folders whose names are told of one cell."""
MANY_LISTED = f"more than {MANY} folders were listed"

_MOST_NAMES = 10_000
"""So many entries are looked at: some milliseconds."""
_TOO_MANY = f"it has more than {_MOST_NAMES:,} names"
_MOST_PATTERNS = 8
_DEEP = "**"
_ANY = "*/*"
_MANY_PATTERNS = f"more than {_MOST_PATTERNS} patterns were asked for"

_NO_NAMES = frozenset(
    ("__pycache__", "mlruns", "mlartifacts", "mlflow.db", "mlflow.db-journal", "mlflow.db-wal")
)
_GO_BETWEENS = frozenset(("os", "glob", "pathlib", "shutil"))
"""Modules that list folders because somebody else asks."""
_IMPORTERS = {
    *("importlib", "_frozen_importlib_external", "importlib_metadata", "importlib_resources"),
    *("pkgutil", "pkg_resources", "zipimport"),
}
_OTHERS = _IMPORTERS | {
    *("site", "tempfile", "nbops", "mlflow", "IPython", "ipykernel", "jedi", "joblib", "matplotlib")
}
"""Those that list folders for their own ends."""

_Matches = Callable[[str], object]


class Patterns:
    """What was globbed for in this process, so far: a generator may list folders long after it was made.

    `known` are the parts with wildcards, each with the plain ones after it, for which no folder is listed:
    `*/a.csv`. Of too many, all names count; of too many with plain parts, nobody can tell.
    """

    def __init__(self) -> None:
        self.known: tuple[str, ...] = ()

    def add(self, pattern: str) -> None:
        known = {*self.known, *_parts_of(pattern)}
        with_plain = {one for one in known if "/" in one}
        if len(with_plain) > _MOST_PATTERNS or _ANY in with_plain:
            known = {_ANY}
        elif len(known) > _MOST_PATTERNS or "*" in known:
            known = {"*", *with_plain}
        self.known = tuple(sorted(known))


def _parts_of(pattern: str) -> list[str]:
    parts: list[str] = []
    for part in filter(None, pattern.split("/")):
        if glob.has_magic(part) or parts[-1:] == [_DEEP]:
            parts.append(part)
        elif parts:
            parts[-1] += f"/{part}"
    return [*parts, "*"] if parts[-1:] == [_DEEP] else parts


def find_asker(frame: FrameType | None) -> tuple[bool, bool]:
    """Whether a folder is listed for the user, and whether that is for a pattern.

    Parameters
    ----------
    frame
        That which lists it.
    """
    is_globbing = False
    while frame is not None:
        module = str(frame.f_globals.get("__name__")).partition(".")[0]
        called = frame.f_code.co_name
        if module in _OTHERS or (module == "shutil" and "rmtree" in called):
            return False, is_globbing
        if module not in _GO_BETWEENS:
            break
        is_globbing |= module == "glob" or called.startswith(("_select", "_iterate_dir"))
        frame = frame.f_back
    return True, is_globbing


def list_folder(path: str, patterns: tuple[str, ...], workspace: Workspace) -> Listing:
    """The names in a folder that fit one of these patterns; all when there are none."""
    shown = redact_path(path)
    is_shown = shown == path and all(redact_name(pattern) == pattern for pattern in patterns)
    is_known = is_shown and _ANY not in patterns
    names = read_names(path, patterns) if is_known else None
    why = _TOO_MANY if is_known else _MANY_PATTERNS if is_shown else PATH_HIDDEN
    name = "." if path == str(workspace.root) else workspace.name_of(shown)
    return Listing(
        uri=_uri_of(shown),
        name=f"{name}/",
        patterns=patterns if is_shown else (),
        digest=None if names is None else digest_names(names),
        name_count=None if names is None else len(names),
        missing=why if names is None else None,
    )


def read_names(path: str, patterns: tuple[str, ...] = ()) -> set[str] | None:
    """Names in a folder, those of folders with a slash; none of what cannot be listed, and None of too many.

    Of a pattern such as `*/a.csv` these are what it finds: `b/a.csv`.
    """
    matches, is_deep, tails = _matcher(patterns), _DEEP in patterns, _tails(patterns)
    names = set()
    try:
        with os.scandir(path) as entries:
            for number, entry in enumerate(entries):
                if number == _MOST_NAMES:
                    return None
                name = entry.name
                if _never_counts(name):
                    continue
                is_folder = _is_folder(entry)
                if matches is None or matches(name) or (is_folder and is_deep):
                    names.add(f"{name}/" if is_folder else name)
                for head, tail in tails if is_folder else ():
                    if head(name) and os.path.lexists(f"{path}/{name}/{tail}"):
                        names.add(f"{name}/{tail}")
    except OSError:
        return set()
    return names


def _never_counts(name: str) -> bool:
    return name.startswith(".") or name in _NO_NAMES or name.endswith(NO_DATA)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads to itself
        return False


def has_other_names(
    listing: Listing, own: Collection[str], coming: Iterable[str] = ()
) -> bool | None:
    """Whether a folder has other names than were seen, but for files that the run itself wrote; None if not known.

    Parameters
    ----------
    own
        URIs of these files.
    coming
        URIs of files that will be there by then.
    """
    path = path_of(listing.uri)
    names = None if listing.digest is None else read_names(path, listing.patterns)
    if names is None:
        return None
    names |= {one for one in names_in(path, map(path_of, coming)) if fits(one, listing.patterns)}
    added = set(names_in(path, map(path_of, own)))
    files = {name for name in added if not name.endswith("/")}
    return listing.digest not in {
        digest_names(some) for some in (names, names - files, names - added)
    }


def names_in(path: str, files: Iterable[str]) -> Iterator[str]:
    """Names that a folder has since these files are there, also further down: `b/`, `b/a.csv`."""
    prefix = path.rstrip(os.sep) + os.sep
    for file in files:
        if file.startswith(prefix):
            name, *deeper = accumulate(file[len(prefix) :].split("/"), "{}/{}".format)
            yield f"{name}/" if deeper else name
            yield from deeper


def fits(name: str, patterns: tuple[str, ...]) -> bool:
    """Whether a name is among those that were asked for."""
    name, slash, below = name.partition("/")
    if _never_counts(name):
        return False
    if below:
        return any(tail == below and head(name) for head, tail in _tails(patterns))
    matches = _matcher(patterns)
    return matches is None or bool(slash and _DEEP in patterns) or bool(matches(name))


@lru_cache(maxsize=64)
def _matcher(patterns: tuple[str, ...]) -> _Matches | None:
    """What tells if a name fits one of some patterns; None where all do."""
    if not patterns:
        return None
    return _match_any([one for one in patterns if one != _DEEP and "/" not in one])


@lru_cache(maxsize=64)
def _tails(patterns: tuple[str, ...]) -> tuple[tuple[_Matches, str], ...]:
    """What tells if a folder fits, and what is looked for in it."""
    parts = (one.partition("/") for one in patterns)
    return tuple(
        (_match_any([head]), tail) for head, _, tail in parts if tail and not tail.endswith(NO_DATA)
    )


def _match_any(patterns: list[str]) -> _Matches:
    rules = [fnmatch.translate(one) for one in patterns] or ["(?!)"]
    return re.compile("|".join(rules), re.IGNORECASE).match  # whoever asks may ignore case


@lru_cache(maxsize=4096)
def _uri_of(path: str) -> str:
    return Path(path).as_uri()
