"""Folders as one thing: what many files of one folder come to, and the digest of them all."""

import glob
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from nbops.capture.data.contents import Stat, look_at_folder, path_of
from nbops.capture.secrets.redaction import redact_name
from nbops.digests import FolderDigest, digest_folder
from nbops.journal.facts import Seen
from nbops.records import SeenBy
from nbops.workspace import Workspace

MANY = 100
"""A cell that read more files than this has read folders."""

_MANY_TO_LOOK_AT = 20_000
"""Files of a folder that are looked at while a person waits: a tenth of a second."""

FEW = 8
"""As many files of one folder are still told one by one."""


def seen_folder(path: str, workspace: Workspace, seen_by: SeenBy, stat: Stat | None = None) -> Seen:
    """A folder, or a pattern such as `data/*.parquet`, as it is now; the background will hash it."""
    shown = redact_name(path)
    return Seen(
        uri=Path(shown).as_uri(),
        name=workspace.name_of(shown),
        kind="folder",
        seen_by=seen_by,
        stat=stat or look_at_folder(),
    )


def gather_folders(reads: list[Seen], workspace: Workspace) -> list[Seen]:
    """The same reads, with files of one folder as that folder where they are too many to list."""
    if len(reads) <= MANY:
        return reads
    places = {
        id(seen): os.path.dirname(seen.uri)
        for seen in reads
        if seen.kind not in ("url", "query") and not glob.has_magic(seen.name)
    }
    top = Path(workspace.root).as_uri()
    while True:
        sizes = Counter(places.values())
        crowded = {place for place, size in sizes.items() if size > FEW}
        alone = (
            len(reads) - len(places) + sum(1 for place in places.values() if place not in crowded)
        )
        if alone + len(crowded) <= MANY:
            break
        raised = {
            key: os.path.dirname(place) if place.startswith(f"{top}/") else place
            for key, place in places.items()
        }
        if raised == places:
            break
        places = raised
    gathered: dict[str, Seen] = {}
    for seen in reads:
        place = places.get(id(seen))
        if place not in crowded:
            gathered[f"{seen.uri}\n{seen.stat}"] = seen
        elif place not in gathered:
            gathered[place] = seen_folder(path_of(place), workspace, seen.seen_by)
    return list(gathered.values())


def hash_folder(path: str, looked_at_ns: int, limit: int | None = None) -> FolderDigest | None:
    """Digest of a folder's files, or of those that a pattern fits; None when one changed since.

    Parameters
    ----------
    limit
        Of files larger than this, in bytes, samples are read.

    Raises
    ------
    OSError
        A file cannot be read, or is gone.
    """
    root = root_of(path)
    files = []
    for file in list_files(path):
        about = os.stat(file)
        if max(about.st_mtime_ns, about.st_ctime_ns) >= looked_at_ns:
            return None
        files.append((os.path.relpath(file, root), file))
    for folder in {root, *(os.path.dirname(file) for _, file in files)}:
        if os.stat(folder).st_mtime_ns >= looked_at_ns:  # something was added, or taken away
            return None
    return digest_folder(files, limit)


def has_folder_changed(path: str, digest: str, size_bytes: int, max_bytes: int) -> bool | None:
    """Whether a folder's files, or those that a pattern fits, are others than a digest says.

    None when that is not known: there is more to hash than `max_bytes`, or it is being written to.
    """
    size = 0
    try:
        for count, file in enumerate(list_files(path)):
            size += os.stat(file).st_size
            if size > size_bytes:
                return True
            if count > _MANY_TO_LOOK_AT:
                return None
        if size != size_bytes:
            return True
        found = hash_folder(path, look_at_folder()[2]) if size <= max_bytes else None
    except OSError:
        return True
    return None if found is None else found.digest != digest


def look_over(path: str) -> Stat | None:
    """What stands for a folder's files as they are: how many, how large, and when one changed last.

    None when there is no such folder, or too much in it to look at.
    """
    root = root_of(path)
    count, size, changed_at = 0, 0, 0
    folders = {root}
    try:
        for file in list_files(path):
            about = os.stat(file)
            count, size = count + 1, size + about.st_size
            changed_at = max(changed_at, about.st_mtime_ns, about.st_ctime_ns)
            folders.add(os.path.dirname(file))
            if count > _MANY_TO_LOOK_AT:
                return None
        changed_at = max(changed_at, *(os.stat(folder).st_mtime_ns for folder in folders))
    except OSError:
        return None
    return count, size, changed_at


def root_of(path: str) -> str:
    """The folder itself, or the one that a pattern looks into."""
    if not glob.has_magic(path) or os.path.exists(path):
        return path
    parts = path.split(os.sep)  # noqa: PTH206 - put together again below
    plain = next(number for number, part in enumerate(parts) if glob.has_magic(part))
    return os.sep.join(parts[:plain]) or os.sep


def list_files(path: str) -> Iterator[str]:
    """Files of a folder, or those that a pattern fits."""
    if os.path.isdir(path):
        for folder, _, names in os.walk(path):
            yield from (os.path.join(folder, name) for name in names)
        return
    for found in glob.iglob(path, recursive=True):  # noqa: PTH207 - as the libraries read patterns
        if os.path.isfile(found):
            yield found
