"""What the net caught of a cell, less what the other layers reported."""

import fnmatch
import os
from collections.abc import Callable, Iterable
from pathlib import Path

from nbops.capture.data.contents import Stat, is_of_folder, path_of, stat_file
from nbops.capture.data.folders import gather_folders
from nbops.capture.secrets.privacy import is_private_path
from nbops.capture.secrets.redaction import PATH_HIDDEN, redact_path
from nbops.journal.facts import Netted, Seen
from nbops.replay.drafts import CellDraft
from nbops.tracking.net import Catch
from nbops.workspace import Workspace


def sift(
    cell: CellDraft, catch: Catch, workspace: Workspace, covers: Callable[[str], bool]
) -> Netted:
    """Tell what of a cell only the net has.

    Parameters
    ----------
    covers
        Whether the net watches a path's folder: a file in it that was named, and not opened, was not read.
    """
    reported = [*cell.reported_reads, *cell.reported_writes]
    files = [seen for seen in reported if seen.uri.startswith("file:")]
    known = {path_of(seen.uri) for seen in files if seen.seen_by != "name"}
    known |= {path_of(seen.uri) for seen in cell.reported_writes if seen in files}
    known |= {os.path.join(workspace.root, module) for module in cell.modules}
    folders = [path_of(seen.uri) for seen in files if seen.stat and is_of_folder(seen.stat)]
    written = [path for path in catch.written if not _is_among(redact_path(path), known, folders)]
    opened = [
        path
        for path in catch.opened
        if path not in catch.written and not _is_among(redact_path(path), known, folders)
    ]
    named = [
        path_of(seen.uri)
        for seen in cell.reported_reads
        if seen.seen_by == "name" and seen.missing != PATH_HIDDEN
    ]
    gone = [
        path
        for path in named
        if catch.is_whole
        and covers(path)
        and not any(path in some for some in (catch.opened, catch.unclear, folders))
    ]
    reads = (_seen_read(path, cell.started or 0.0, workspace) for path in opened)
    ended = cell.ended.at if cell.ended else 0.0
    writes = (_seen_write(path, ended, workspace) for path in written)
    return Netted(
        cell_run=cell.id,
        reads=gather_folders([seen for seen in reads if seen], workspace),
        writes=[seen for seen in writes if seen],
        unopened=[seen.uri for seen in cell.reported_reads if path_of(seen.uri) in gone],
        is_whole=catch.is_whole,
    )


def _is_among(path: str, known: set[str], folders: Iterable[str]) -> bool:
    return path in known or any(
        path.startswith(f"{folder}{os.sep}") or fnmatch.fnmatch(path, folder) for folder in folders
    )


def _seen_read(path: str, started: float, workspace: Workspace) -> Seen | None:
    """A file that was opened; None when it is gone, such as a temporary one."""
    content = stat_file(path)
    missing = None
    if content is not None and content[2] >= started * 1e9:
        missing = "it changed while the cell ran"
    return _seen(path, content, workspace, missing)


def _seen_write(path: str, ended: float, workspace: Workspace) -> Seen | None:
    content = stat_file(path)
    missing = None
    if content is not None and content[2] > ended * 1e9:
        missing = "changed before it could be hashed"
    return _seen(path, content, workspace, missing)


def _seen(
    path: str, content: Stat | None, workspace: Workspace, missing: str | None
) -> Seen | None:
    if content is None or is_private_path(path):  # who opened it says that something private was
        return None
    shown = redact_path(path)
    if shown != path:
        content, missing = None, PATH_HIDDEN
    return Seen(
        uri=Path(shown).as_uri(),
        name=workspace.name_of(shown),
        seen_by="net",
        stat=content,
        size_bytes=content[1] if content else None,
        missing=missing,
    )
