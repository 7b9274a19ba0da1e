"""Files of which nobody knows whether they still hold what a cell read: the background process will tell.

Who asks opens none of them, since the net would take that for a read of the cell that runs; that process
says of what it opens itself that it was not the cell.
"""

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path
from subprocess import SubprocessError

from nbops.digests import digest_bytes
from nbops.errors import NbopsError
from nbops.recording.background import summon
from nbops.workspace import Workspace
from nbops.writing import write_whole

_MOST = 200
"""Doubts that wait at once; who asks again later is told of the others."""


def raise_doubts(workspace: Workspace, paths: Iterable[str]) -> None:
    """Have the content of files, or folders, looked at; the index has their digests soon after."""
    with contextlib.suppress(
        OSError, SubprocessError, NbopsError
    ):  # asked again with the next look
        folder = _folder(workspace)
        wanted = [(folder / _name_of(path), path) for path in list(paths)[:_MOST]]
        if wanted:
            folder.mkdir(mode=0o700, exist_ok=True)
        for file, path in wanted:
            if not file.exists():
                write_whole(file, os.fsencode(path), is_cache=True)
        if wanted:
            summon(workspace)


def read_doubts(workspace: Workspace) -> list[str]:
    """Paths that wait to be looked at."""
    found: list[str] = []
    with contextlib.suppress(OSError):
        found.extend(os.fsdecode(file.read_bytes()) for file in _folder(workspace).glob("[!.]*"))
    return found


def settle_doubt(workspace: Workspace, path: str) -> None:
    """Say that a path was looked at."""
    with contextlib.suppress(OSError):
        (_folder(workspace) / _name_of(path)).unlink(missing_ok=True)


def _folder(workspace: Workspace) -> Path:
    return workspace.state / "doubts"


def _name_of(path: str) -> str:
    return digest_bytes(os.fsencode(path)).partition(":")[2][:32]
