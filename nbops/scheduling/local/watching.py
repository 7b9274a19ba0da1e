"""Files whose change starts a job, compared by their content."""

import os
import time
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

import msgspec

from nbops.capture.data.contents import Stat, stat_file
from nbops.capture.data.hashing import is_settled
from nbops.digests import digest_within
from nbops.errors import UsageError
from nbops.tracking.hash_limits import HashLimits
from nbops.workspace import find_workspace

_PATIENCE_S = 30.0


class Watched(msgspec.Struct, frozen=True):
    """Files as a job last saw them, by path within the project.

    Parameters
    ----------
    digests
        Of what they held.
    stats
        What stands for that content: inode, bytes, time of change in ns; not of what may still change unseen.
    """

    digests: dict[str, str] = {}
    stats: dict[str, Stat] = {}


def check_patterns(project: Path, patterns: Iterable[str]) -> None:
    """Refuse patterns of files that do not lie in the project.

    Raises
    ------
    UsageError
        One does not.
    """
    for pattern in patterns:
        if pattern.startswith(("/", "~")) or ".." in Path(pattern).parts:
            raise UsageError(
                f"{pattern!r} is not watched: it does not lie in {project}.",
                "Give a pattern from there, such as data/raw/*.csv or data/**/*.csv.",
            )


def read_watched(project: Path, patterns: Iterable[str], before: Watched) -> Watched:
    """The files that fit, as they are; waits a little for one that is being written.

    Parameters
    ----------
    before
        As they were: what has not been touched since is not read again.
    """
    deadline = time.monotonic() + _PATIENCE_S
    while any(map(_is_fresh, find_watched(project, patterns))) and time.monotonic() < deadline:
        time.sleep(0.5)
    limits = HashLimits(find_workspace(project).settings)
    digests, stats = dict[str, str](), dict[str, Stat]()
    for path in find_watched(project, patterns):
        name, stat = path.relative_to(project).as_posix(), stat_file(str(path))
        if stat is None:  # removed meanwhile
            continue
        if before.stats.get(name) == stat:
            digests[name] = before.digests[name]
        else:
            try:
                digests[name] = digest_within(path, limits.of(str(path)))
            except OSError:
                continue
        if is_settled(stat):
            stats[name] = stat
    return Watched(digests, stats)


def _is_fresh(path: Path) -> bool:
    """Whether it was written to a moment ago; what is gone meanwhile was not."""
    stat = stat_file(str(path))
    return stat is not None and not is_settled(stat)


def find_folders(project: Path, patterns: Iterable[str]) -> list[Path]:
    """Folders in which such files lie, or may come to lie."""
    found = set()
    for pattern in patterns:
        above = Path(pattern).parent
        fixed = project.joinpath(*_before_wildcard(above.parts))
        found.add(fixed)
        if "**" in above.parts:
            below = _find_visible(fixed)
        elif above.parts and _has_wildcard(above.as_posix()):
            below = project.glob(above.as_posix())
        else:
            continue
        found.update(path for path in below if path.is_dir() and not _is_hidden(path, project))
    return sorted(found)


def _is_hidden(path: Path, project: Path) -> bool:
    """Whether it lies in a folder such as .nbops, .git or .venv, where programs write at any time."""
    return any(part.startswith(".") for part in path.relative_to(project).parts)


def _before_wildcard(parts: tuple[str, ...]) -> list[str]:
    fixed = []
    for part in parts:
        if _has_wildcard(part):
            break
        fixed.append(part)
    return fixed


def _has_wildcard(text: str) -> bool:
    return any(character in text for character in "*?[")


def find_watched(project: Path, patterns: Iterable[str]) -> list[Path]:
    """Files that fit; hidden ones only where a pattern names them."""
    found = set()
    for pattern in patterns:
        is_named = any(part.startswith(".") for part in Path(pattern).parts)
        for path in _glob(project, Path(pattern).parts):
            if path.is_file() and (is_named or not _is_hidden(path, project)):
                found.add(path)
    return sorted(found)


def _glob(folder: Path, parts: tuple[str, ...]) -> Iterator[Path]:
    """What fits, as `Path.glob` has it, which looks into all of .venv for `**`."""
    if "**" not in parts:
        yield from folder.glob("/".join(parts)) if parts else [folder]
        return
    at = parts.index("**")
    for start in _glob(folder, parts[:at]):
        for place in _find_visible(start):
            yield from _glob(place, parts[at + 1 :])


def _find_visible(folder: Path) -> Iterator[Path]:
    """A folder and those below it that are not hidden."""
    for place, names, _ in os.walk(folder):
        names[:] = [name for name in names if not name.startswith(".")]
        yield Path(place)


def read_made(project: Path, job: str, since: datetime) -> dict[str, str]:
    """Digests of the project's files that runs of a job have written since a time, by path, as they left them."""
    from nbops.index.queries import Index

    index = Index(find_workspace(project))
    index.wait(_PATIENCE_S)
    made: dict[str, str] = {}
    for session in index.sessions():
        if session.tags.get("nbops.job") == job and session.started_at >= since:
            for cell in index.document(index.resolve(session.id)).cell_runs:
                for ref in cell.writes:
                    path = Path(unquote(urlsplit(ref.uri).path))
                    if ref.digest and path.is_relative_to(project):
                        made[path.relative_to(project).as_posix()] = ref.digest
    return made
