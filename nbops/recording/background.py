"""Finding or starting the background process that serves a workspace.

It is named by module, never imported: the kernel's side stays free of what it imports.
"""

import contextlib
import os
import subprocess
import sys
from pathlib import Path
from typing import BinaryIO

from nbops.capture.data.audit import unwatched
from nbops.errors import UsageError
from nbops.locks import try_lock
from nbops.recording.destination import ACCESS_VARIABLES, choose_destination, remember_access
from nbops.workspace import Workspace
from nbops.writing import write_whole

_NOT_FOR_IT = (
    *ACCESS_VARIABLES,  # it serves many servers, and each is sent its own
    "MLFLOW_TRACKING_URI",
    "MLFLOW_RUN_ID",
    "JPY_PARENT_PID",
    "PYTHONSTARTUP",
    "PYTHONPROFILEIMPORTTIME",
)


def is_served(workspace: Workspace) -> bool:
    """Whether a background process serves this workspace: it holds a lock for as long as it lives.

    Raises
    ------
    UsageError
        Nothing can be locked where locks lie.
    """
    try:
        fd = os.open(workspace.courier_lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError:
        return False
    try:
        return not try_lock(fd, workspace.courier_lock)
    finally:
        os.close(fd)


def summon(workspace: Workspace) -> None:
    """Start the background process unless it runs.

    The session that needs it must lie on disk before: one that is about to leave looks once more
    after it gave its lock back. When two are started at once, the second finds the lock taken and
    leaves.

    Raises
    ------
    OSError
        No process could be started.
    UsageError
        Nothing can be locked where locks lie.
    """
    if is_served(workspace):
        return
    environment = _environment_for_it()
    environment["NBOPS_WORKSPACE"] = str(workspace.root)
    command = [sys.executable, "-m", "nbops.tracking.service", str(workspace.root)]
    with unwatched(), _open_log(workspace.state / "background.log") as log:
        subprocess.run(
            ["/bin/sh", "-c", '"$@" &', "sh", *command],  # the shell leaves at once: no zombie
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=workspace.state,
            env=environment,
            start_new_session=True,  # survives the kernel, slows its shutdown by nothing
            check=True,
        )


def request_retry(workspace: Workspace) -> None:
    """Ask the background process not to wait longer for a store that did not answer."""
    (workspace.state / "retry").touch(mode=0o600)


def retry_requested_at(workspace: Workspace) -> float:
    """When that was last asked, in seconds since the epoch; 0 when it never was."""
    return _touched_at(workspace.state / "retry")


def _touched_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def request_look(workspace: Workspace) -> None:
    """Have the background process look into MLflow for runs that were made without nbops.

    Does nothing in a folder that nothing was recorded in, unless a tracking server was chosen for it, or where no
    process can be started.
    """
    chosen = ""
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        with contextlib.suppress(UsageError):
            where = choose_destination(workspace, uri=None, experiment=None, notebook=None)
            if where.is_embedded and not workspace.sessions.exists():
                return
            workspace.prepare()
            chosen = remember_access(workspace, where.uri)  # it has none of our variables
        if workspace.sessions.exists():
            write_whole(workspace.state / "look", chosen.encode(), is_cache=True)
            summon(workspace)


def read_look(workspace: Workspace) -> str:
    """Which store was chosen where that was last asked, as records name it; empty when nobody knows."""
    try:
        return (workspace.state / "look").read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def look_requested_at(workspace: Workspace) -> float:
    """When that was last asked, in seconds since the epoch; 0 when it never was."""
    return _touched_at(workspace.state / "look")


def prepare_embedded_store(root: Path) -> None:
    """Wait until the embedded store of a workspace is there and sound; makes it if nobody does."""
    command = [sys.executable, "-m", "nbops.tracking.embedded", str(root)]
    environment = _environment_for_it()
    with unwatched(), contextlib.suppress(OSError, subprocess.SubprocessError):
        subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=environment,
            timeout=120,
            check=False,
        )


def _environment_for_it() -> dict[str, str]:
    return {key: os.environ[key] for key in os.environ if key not in _NOT_FOR_IT}


def _open_log(path: Path) -> BinaryIO:
    with contextlib.suppress(OSError):
        if path.stat().st_size > 1_000_000:
            path.replace(path.with_suffix(".log.old"))
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab")
