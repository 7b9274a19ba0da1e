"""What a person writes to a run afterwards: notes and tags, in a file beside its session's journal."""

import fcntl
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from nbops.capture.environment.machine import user_name
from nbops.capture.secrets.redaction import add_patterns, redact
from nbops.errors import NbopsError
from nbops.journal.facts import Edited, encode
from nbops.journal.reader import EDITS
from nbops.recording.scalars import as_scalar
from nbops.workspace import Workspace


def edit_run(
    workspace: Workspace,
    session_id: str,
    run_id: str,
    *,
    tags: Mapping[str, str | None] | None = None,
    notes: Sequence[str] | None = None,
) -> None:
    """Change the tags and notes of a run, whoever's session recorded it.

    Parameters
    ----------
    tags
        New values; None takes a tag away. Others stay.
    notes
        All of its notes from now on; None leaves them.

    Raises
    ------
    NbopsError
        It cannot be written.
    """
    add_patterns(workspace.settings.redact)
    edited = Edited(
        run=run_id,
        at=time.time(),
        by=user_name(),
        tags={redact(name): _hidden(name, value) for name, value in (tags or {}).items()},
        notes=None if notes is None else [redact(text) for text in notes],
    )
    path = workspace.sessions / session_id / EDITS
    try:
        _append(path, encode(edited) + b"\n")
    except OSError as error:
        raise NbopsError(f"{path} cannot be written: {error.strerror}.") from error


def _hidden(name: str, value: str | None) -> str | None:
    return None if value is None else str(as_scalar(name, value))


def _append(path: Path, line: bytes) -> None:
    """Add a line, whole or not at all; several servers and terminals may do so at once."""
    with locked_edits(path) as fd:
        before = os.fstat(fd).st_size
        if os.write(fd, line) != len(line):
            os.ftruncate(fd, before)
            raise OSError(28, "No space left on device")


@contextmanager
def locked_edits(path: Path) -> Iterator[int]:
    """The file, while nobody else adds to it or puts another in its place."""
    while True:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            if os.path.samestat(os.fstat(fd), os.stat(path)):
                yield fd
                return
        finally:
            os.close(fd)
