"""The index's file: one writer, many readers, rebuilt when it is missing, old or damaged."""

import contextlib
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from nbops.errors import UsageError
from nbops.index.entries import FoundRun, search_text, uses_of, values_of
from nbops.index.schema import INTO, with_schema
from nbops.journal.reader import EDITS, FINDINGS, JOURNAL
from nbops.records import CellRun, Run, Session, from_json, to_json
from nbops.replay import Replay
from nbops.workspace import Workspace


class IndexReplaced(sqlite3.OperationalError):
    """The file was taken away below its writer: it was damaged, or somebody removed the cache."""


def connect(path: Path, *, to_write: bool = False) -> sqlite3.Connection:
    """Open the index; an unreadable one is started anew by the writer.

    Raises
    ------
    FileNotFoundError
        There is none yet, and this is no writer.
    UsageError
        It cannot be written.
    """
    if not to_write:
        if not path.exists():
            raise FileNotFoundError(path)
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)
        connection.row_factory = sqlite3.Row
        return connection
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            return with_schema(_open_to_write(path), path)
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise
        _remove(path)
        return with_schema(_open_to_write(path), path)
    except (OSError, sqlite3.OperationalError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UsageError(
            f"The index {path} cannot be written: {reason}.",
            "Remove it, or set XDG_CACHE_HOME to a folder on a disk of this machine.",
        ) from error


def discard_index(workspace: Workspace) -> None:
    """Have the index built anew: it is a cache of what the sessions' folders hold."""
    _remove(workspace.index)


def _remove(path: Path) -> None:
    for part in ("", "-wal", "-shm", "-journal"):
        path.with_name(path.name + part).unlink(missing_ok=True)


def _open_to_write(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=10, check_same_thread=False, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA secure_delete = ON")  # what is forgotten is gone
    return connection


class IndexWriter:
    """Writes sessions as they are replayed; may be called from several threads."""

    def __init__(self, workspace: Workspace) -> None:
        self._db = connect(workspace.index, to_write=True)
        self._path = workspace.index
        self._inode = _inode(workspace.index)
        self._lock = threading.RLock()
        self._signatures: dict[str, dict[str, tuple[object, ...]]] = {}

    def close(self) -> None:
        self._db.close()

    def check(self) -> None:
        """See to it that what is written can be found.

        Raises
        ------
        IndexReplaced
        """
        if _inode(self._path) != self._inode:
            raise IndexReplaced("the index is another file by now")

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        """Write as a whole, waiting first for a job's driver, or another container's writer."""
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def forget_missing(self, present: Iterable[str]) -> None:
        """Drop sessions whose folders are gone."""
        here = set(present)
        for (session,) in self._db.execute("SELECT id FROM sessions").fetchall():
            if session not in here:
                with self._writing():
                    self._delete_session(session)
                    self._note_runs(self._next_version())

    def sizes(self) -> dict[str, tuple[int, int, int]]:
        """Bytes of journal and findings that each session was read to, and its unshipped runs."""
        query = "SELECT id, journal_bytes, findings_bytes, unshipped FROM sessions"
        return {row[0]: (row[1], row[2], row[3]) for row in self._db.execute(query)}

    def ingest(
        self, replay: Replay, *, journal_bytes: int, findings_bytes: int, unshipped: int
    ) -> None:
        """Take over what changed in a session since the last call."""
        session = replay.session()
        known = self._signatures.setdefault(session.id, {})
        runs = {key: replay.run_signature(key) for key in replay.composition().runs}
        with self._writing():
            version = self._next_version()
            if not known:
                self._delete_session(session.id)
                replay.changed_cells |= set(replay.cells)
            self._put_session(session, version, journal_bytes, findings_bytes, unshipped)
            for key in replay.changed_cells:
                self._put_cell(replay.cell_run(key, full=False), session.id, version)
            replay.changed_cells.clear()
            gone = known.keys() - runs.keys() - {""}
            changed = [key for key, signature in runs.items() if known.get(key) != signature]
            for key in gone:
                self._delete_run(key)
            for key in changed:
                self._put_run(replay.run(key, full=False), session, version)
            if gone or changed:
                self._note_runs(version)
        self._signatures[session.id] = {**runs, "": ()}

    def put_found(self, uri: str, found: Iterable[FoundRun]) -> int:
        """Take over MLflow runs of a store that no session here made; returns how many were news."""
        with self._writing():
            changed = [run for run in found if self._is_other(run) and self._is_new(run)]
            version = self._next_version() if changed else 0
            for one in changed:
                self._insert_run(one.run, one.experiment, one.notebook, one.user, uri, version)
            if changed:
                self._note_runs(version)
        return len(changed)

    def forget_found(self, uri: str, present: set[str]) -> None:
        """Drop MLflow runs of a store that are not there any more."""
        query = "SELECT id FROM runs WHERE session_id = '' AND tracking_uri = ?"
        with self._writing():
            gone = {row[0] for row in self._db.execute(query, (uri,))} - present
            for key in gone:
                self._delete_run(key)
            if gone:
                self._note_runs(self._next_version())

    def latest_store(self) -> str | None:
        """Where the newest session's runs go."""
        query = "SELECT record FROM sessions ORDER BY started_at DESC LIMIT 1"
        with self._lock:
            row = self._db.execute(query).fetchone()
        return from_json(row[0], Session).tracking_uri if row else None

    def look_anew(self, session: str) -> None:
        """Take the whole of a session over with the next `ingest`: another process changed it."""
        self._signatures.pop(session, None)

    def drop_session(self, session: str) -> None:
        """Take a session out; what it said is overwritten in the file."""
        with self._lock, self._db:
            self._delete_session(session)
            self._note_runs(self._next_version())

    def drop_digests(self, paths: Iterable[str]) -> None:
        """Forget that these files were ever hashed."""
        with self._lock, self._db:
            self._db.executemany("DELETE FROM digests WHERE path = ?", [(path,) for path in paths])

    def compact(self) -> None:
        """Overwrite what was deleted, wherever the file and its log still hold it."""
        with self._lock:
            self._db.execute("VACUUM")
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def digest_of(self, path: str, stat: tuple[int, int, int]) -> str | None:
        """Digest of a file's content that was hashed before, when its stat is still the same."""
        query = "SELECT digest FROM digests WHERE path = ? AND (inode, size_bytes, mtime_ns) = (?, ?, ?)"
        with self._lock:
            row = self._db.execute(query, (path, *stat)).fetchone()
        return row[0] if row else None

    def put_digest(self, path: str, stat: tuple[int, int, int], digest: str) -> None:
        with self._writing():
            self._db.execute(f"REPLACE {INTO['digests']}", (path, *stat, digest))

    def state(self, key: str) -> str | None:
        with self._lock:
            row = self._db.execute("SELECT value FROM state WHERE key = ?", (key,)).fetchone()
        return row[0] if row else None

    def put_state(self, **values: str) -> None:
        with self._writing():
            self._db.executemany(f"REPLACE {INTO['state']}", values.items())

    def _next_version(self) -> int:
        query = "SELECT CAST(value AS INTEGER) FROM state WHERE key = 'version'"
        row = self._db.execute(query).fetchone()
        version = (row[0] if row else 0) + 1
        self._db.execute(f"REPLACE {INTO['state']}", ("version", str(version)))
        return version

    def _put_session(
        self, session: Session, version: int, journal: int, findings: int, unshipped: int
    ) -> None:
        self._db.execute(
            f"REPLACE {INTO['sessions']}",
            (
                session.id,
                session.notebook,
                session.kernel_id,
                session.name,
                session.experiment,
                session.status,
                _text(session.started_at),
                version,
                to_json(session),
                journal,
                findings,
                unshipped,
            ),
        )

    def _put_cell(self, cell: CellRun, session_id: str, version: int) -> None:
        self._db.execute(
            f"REPLACE {INTO['cell_runs']}",
            (cell.id, session_id, cell.seq, cell.cell_id, version, to_json(cell)),
        )
        self._db.execute("DELETE FROM data_uses WHERE cell_run_id = ?", (cell.id,))
        self._db.executemany(f"INSERT {INTO['data_uses']}", uses_of(cell))

    def _put_run(self, run: Run, session: Session, version: int) -> None:
        if run.mlflow_run_id:  # it may have been found in MLflow before it was known to be ours
            self._delete_run(run.mlflow_run_id)
        self._insert_run(
            run, session.experiment, session.notebook, session.user, session.tracking_uri, version
        )

    def _insert_run(
        self, run: Run, experiment: str, notebook: str | None, user: str, uri: str, version: int
    ) -> None:
        self._delete_run(run.id)
        duration = (run.ended_at - run.started_at).total_seconds() if run.ended_at else None
        self._db.execute(
            f"INSERT {INTO['runs']}",
            (
                *(run.id, run.session_id, experiment, notebook, run.name, run.status, run.origin),
                *(user, _text(run.started_at), duration, run.mlflow_run_id, version),
                *(uri, search_text(run, experiment, notebook, user), to_json(run)),
            ),
        )
        self._db.executemany(f"INSERT {INTO['run_values']}", values_of(run))

    def _is_other(self, found: FoundRun) -> bool:
        """Whether no session here made a run, or is about to tell that it did."""
        query = "SELECT 1 FROM sessions WHERE id = ?"
        if found.made_in and self._db.execute(query, (found.made_in,)).fetchone():
            return False
        query = "SELECT 1 FROM runs WHERE mlflow_run_id = ? AND session_id <> ''"
        return self._db.execute(query, (found.run.id,)).fetchone() is None

    def _is_new(self, found: FoundRun) -> bool:
        row = self._db.execute("SELECT record FROM runs WHERE id = ?", (found.run.id,)).fetchone()
        return row is None or row[0] != to_json(found.run)

    def _note_runs(self, version: int) -> None:
        """Say that the list of runs is another one than before."""
        self._db.execute(f"REPLACE {INTO['state']}", ("runs_version", str(version)))

    def _delete_run(self, run_id: str) -> None:
        self._db.execute("DELETE FROM runs WHERE id = ?", (run_id,))
        self._db.execute("DELETE FROM run_values WHERE run_id = ?", (run_id,))

    def _delete_session(self, session: str) -> None:
        query = "SELECT id FROM runs WHERE session_id = ?"
        for (run_id,) in self._db.execute(query, (session,)).fetchall():
            self._delete_run(run_id)
        own = "cell_run_id IN (SELECT id FROM cell_runs WHERE session_id = ?)"
        self._db.execute(f"DELETE FROM data_uses WHERE {own}", (session,))  # noqa: S608 - a constant
        self._db.execute("DELETE FROM cell_runs WHERE session_id = ?", (session,))
        self._db.execute("DELETE FROM sessions WHERE id = ?", (session,))


def file_sizes(folder: Path) -> tuple[int, int]:
    """Bytes of a session's journal now, and of what was found out and edited since."""
    return _size(folder / JOURNAL), _size(folder / FINDINGS) + _size(folder / EDITS)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _inode(path: Path) -> int | None:
    try:
        return path.stat().st_ino
    except OSError:
        return None


def _text(instant: Any) -> str:
    return str(instant.isoformat()) if instant else ""
