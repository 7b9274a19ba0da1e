"""The embedded MLflow store: made beside its place, then put there as a whole.

MLflow migrates a new SQLite file step by step; two processes that open one at the same moment break
it for good. So it is migrated under a name that nobody else uses, and linked to its own: the first one
wins, and whoever looks sees nothing or all of it.
"""

import contextlib
import fcntl
import logging
import os
import sys
import tempfile
from pathlib import Path

from nbops.workspace import Workspace, find_workspace, runtime_home

is_making = False
"""Whether this process is the one that others wait for."""


def ensure_store(workspace: Workspace) -> None:
    """Make the embedded store unless it is there; of several processes, one does."""
    database = workspace.embedded_database
    if database.exists():
        return
    workspace.prepare()
    lock = runtime_home() / f"store-{workspace.key}.lock"
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        if not database.exists():
            _make(database, workspace.artifacts)


def _make(database: Path, artifacts: Path) -> None:
    global is_making  # noqa: PLW0603 - importing MLflow asks: nbops.tracking.context
    is_making = True
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    # That tables are made is no news to who ran a notebook.
    logging.getLogger("mlflow.store.db.utils").setLevel(logging.WARNING)
    # Another name each time: MLflow keeps an engine, and so the file, of each URI that it has seen.
    fd, name = tempfile.mkstemp(prefix=f"{database.name}.", suffix=".part", dir=database.parent)
    os.close(fd)
    part = Path(name)
    try:
        SqlAlchemyStore(f"sqlite:///{part}", artifacts.as_uri()).engine.dispose()
        with contextlib.suppress(FileExistsError):
            try:
                database.hardlink_to(part)
            except FileExistsError:
                raise
            except OSError:  # a file system without hard links; the lock makes it safe
                part.rename(database)
    finally:
        is_making = False
        part.unlink(missing_ok=True)


if __name__ == "__main__":
    ensure_store(find_workspace(sys.argv[1]))
