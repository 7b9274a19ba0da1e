"""The embedded MLflow store: made beside its place, then put there as a whole.

MLflow migrates a new SQLite file step by step; two processes that open one at the same moment break
it for good. So it is made under a name that nobody else uses, and linked to its own: the first one
wins, and whoever looks sees nothing or all of it. An empty store that was migrated lies in the cache:
the next project copies it, which takes milliseconds where migrating takes seconds.
"""

import contextlib
import fcntl
import importlib.util
import logging
import os
import shutil
import sqlite3
import sys
import tempfile
import time
from pathlib import Path

from nbops.digests import digest_bytes
from nbops.workspace import Workspace, cache_home, find_workspace, runtime_home
from nbops.writing import write_whole

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
    # Another name each time: MLflow keeps an engine, and so the file, of each URI that it has seen.
    fd, name = tempfile.mkstemp(prefix=f"{database.name}.", suffix=".part", dir=database.parent)
    os.close(fd)
    part = Path(name)
    try:
        if not _copy_empty(part, artifacts):
            _migrate(part, artifacts)
            _keep_empty(part)
        with contextlib.suppress(FileExistsError):
            try:
                database.hardlink_to(part)
            except FileExistsError:
                raise
            except OSError:  # a file system without hard links; the lock makes it safe
                part.rename(database)
    finally:
        part.unlink(missing_ok=True)


def _migrate(part: Path, artifacts: Path) -> None:
    global is_making  # noqa: PLW0603 - importing MLflow asks: nbops.tracking.context
    is_making = True
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    try:
        from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

        # That tables are made is no news to who ran a notebook.
        logging.getLogger("mlflow.store.db.utils").setLevel(logging.WARNING)
        SqlAlchemyStore(f"sqlite:///{part}", artifacts.as_uri()).engine.dispose()
    finally:
        is_making = False


def _copy_empty(part: Path, artifacts: Path) -> bool:
    """Copy the empty store of the installed MLflow, if the cache has one that can be read."""
    now = time.time_ns() // 1_000_000
    try:
        shutil.copyfile(empty_store(), part)
        with contextlib.closing(sqlite3.connect(part)) as db, db:
            changed = db.execute(
                "UPDATE experiments SET artifact_location = ?, creation_time = ?, last_update_time = ?",
                [f"{artifacts.as_uri()}/0", now, now],
            ).rowcount
            is_sound = db.execute("PRAGMA quick_check").fetchone() == ("ok",)
    except (OSError, sqlite3.Error):
        changed, is_sound = 0, False
    if changed == 1 and is_sound:
        return True
    part.write_bytes(b"")
    return False


def _keep_empty(part: Path) -> None:
    kept = empty_store()
    with contextlib.suppress(OSError):  # a cache that cannot be written costs time, no more
        kept.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(kept, part.read_bytes(), is_cache=True)


def empty_store() -> Path:
    """Where the cache has it: by MLflow's migrations, of which a version in development gains some."""
    spec = importlib.util.find_spec("mlflow")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("mlflow")
    migrations = Path(spec.origin).parent / "store" / "db_migrations" / "versions"
    names = "\n".join(sorted(path.name for path in migrations.glob("*.py")))
    digest = digest_bytes(names.encode()).partition(":")[2][:16]
    return cache_home() / f"mlflow-{digest}.db"


if __name__ == "__main__":
    ensure_store(find_workspace(sys.argv[1]))
