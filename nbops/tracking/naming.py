"""Files and folders that a cell's code names where no net is out, and that nobody saw being opened."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from nbops.capture.code.literals import texts_like_paths
from nbops.capture.data.contents import path_of
from nbops.capture.data.places import NO_DATA, data_filter
from nbops.capture.secrets.privacy import is_private_path
from nbops.capture.secrets.redaction import redact_path
from nbops.journal.facts import NamedInCode, Seen
from nbops.records import NAMED_IN_CODE
from nbops.replay.drafts import CellDraft
from nbops.workspace import Workspace


def find_named(
    cell: CellDraft, folder: str, workspace: Workspace, covers: Callable[[str], bool]
) -> NamedInCode | None:
    """Tell what a cell's code names; None when it names nothing that is not known better.

    Parameters
    ----------
    folder
        Where the session began, by which its relative paths are meant.
    covers
        Whether the operating system tells what is opened in a path's folder.
    """
    texts = texts_like_paths(cell.source)
    if not texts:
        return None
    is_excluded = data_filter(workspace)
    known = {
        path_of(seen.uri)
        for seen in (*cell.reported_reads, *cell.reported_writes)
        if seen.uri.startswith("file:")
    }
    named = [
        _named(path, workspace)
        for path in dict.fromkeys(_paths(texts, folder))
        if not covers(path)
        and not is_excluded(path)
        and not is_excluded(f"{path}{os.sep}")
        and not is_private_path(path)
        and not _is_known(path, known)
        and not f"{workspace.root}{os.sep}".startswith(f"{path.rstrip(os.sep)}{os.sep}")
    ]
    return NamedInCode(cell_run=cell.id, reads=named) if named else None


def _paths(texts: list[str], folder: str) -> Iterator[str]:
    for text in texts:
        path = os.path.normpath(os.path.join(folder, os.path.expanduser(text)))
        if os.path.isdir(path) or (os.path.isfile(path) and not path.endswith(NO_DATA)):
            yield path


def _is_known(path: str, known: set[str]) -> bool:
    """Whether it was reported, or lies in what was, or holds it."""
    return any(
        path == one or path.startswith(f"{one}{os.sep}") or one.startswith(f"{path}{os.sep}")
        for one in known
    )


def _named(path: str, workspace: Workspace) -> Seen:
    shown = redact_path(path)
    return Seen(
        uri=Path(shown).as_uri(),
        name=workspace.name_of(shown),
        kind="folder" if os.path.isdir(path) else "file",
        seen_by="name",
        missing=NAMED_IN_CODE,
    )
