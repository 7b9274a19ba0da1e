"""What can be asked of the index; panel, command line, magics and Python API ask the same."""

import re
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import cache
from subprocess import SubprocessError
from typing import Any

from nbops.capture.environment.machine import ProcessId, process_of
from nbops.errors import NbopsError, NotFound
from nbops.index.database import connect, file_sizes
from nbops.index.open_parents import find_abandoned
from nbops.index.where import COLUMNS, compile_where, parse_field
from nbops.index.words import Found, resolve
from nbops.journal.facts import SessionStarted
from nbops.journal.reader import JOURNAL, Tail
from nbops.recording.background import summon
from nbops.records import CellRun, Document, Run, Session, from_json
from nbops.replay import replay_folder
from nbops.workspace import Workspace

_JUDGED_WITHIN_S = 5.0


@dataclass(frozen=True)
class NotebookView:
    """What the panel shows of a notebook, or of what changed in it since `version`."""

    version: int
    sessions: list[Session]
    cell_runs: list[CellRun]
    runs: list[Run]
    unshipped: int
    state: dict[str, str]


class Index:
    """Reader of one workspace's index.

    Parameters
    ----------
    workspace
        Need not have recorded anything yet.
    """

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace

    def wait(self, timeout_s: float = 30.0) -> bool:
        """Wait until everything that is written by now is indexed; False when time ran out.

        Starts the background process when it is needed, be it for something else that is left to do; it
        may take a moment to say how a session ended whose process is gone.
        """
        wanted = {
            folder.name: file_sizes(folder)[0]
            for folder in self.workspace.sessions.glob("*")
            if folder.is_dir()
        }
        lost = {key for key, process in self.processes().items() if process.has_ended}
        with suppress(OSError, SubprocessError, NbopsError):
            if lost or any(find_abandoned(self.workspace)):
                summon(self.workspace)
        began = time.monotonic()
        deadline = began + timeout_s
        summoned_at = began - 1.0  # a job's driver may be at it: look twice before that
        while True:
            now = time.monotonic()
            indexed = self._indexed_bytes()
            if all(indexed.get(key, -1) >= size for key, size in wanted.items()):
                alive = {session.id for session in self.sessions(alive=True)} if lost else set()
                if not lost & alive or now > min(deadline, began + _JUDGED_WITHIN_S):
                    return True
            if now > deadline:
                return False
            if now - summoned_at > 2.0:
                summoned_at = now
                try:
                    summon(self.workspace)
                except (OSError, SubprocessError, NbopsError):
                    return False
            time.sleep(0.02)

    def wait_for_shipping(self, session_id: str, timeout_s: float) -> bool:
        """Wait until all of a session is in MLflow; False when time ran out or it has an error."""
        deadline = time.monotonic() + timeout_s
        if not self.wait(timeout_s):
            return False
        while time.monotonic() < deadline:
            query = "SELECT unshipped FROM sessions WHERE id = ?"
            rows = self.rows(query, [session_id])
            if rows and rows[0][0] == 0:
                return True
            if self.state().get("error"):
                return False
            time.sleep(0.05)
        return False

    def runs(
        self,
        *,
        experiment: str | None = None,
        where: str | None = None,
        sort: str | None = None,
        limit: int | None = None,
        everywhere: bool = False,
    ) -> list[Run]:
        """Runs, newest first unless `sort` says otherwise.

        Parameters
        ----------
        where
            A condition, see `nbops.index.where`.
        sort
            A field such as `metrics.auc` or `-metrics.loss`. Metrics sort from large to small, the
            rest from small to large; a leading `-` turns that around. Runs without it come last.
        everywhere
            Also runs that were found in MLflow, which no session of this workspace made.

        Raises
        ------
        UsageError
            `where` or `sort` cannot be read.
        """
        conditions, args = ["1" if everywhere else "r.session_id <> ''"], []
        if experiment is not None:
            conditions.append("r.experiment = ?")
            args.append(experiment)
        if where:
            sql, more = compile_where(where)
            conditions.append(sql)
            args += more
        rows = self.rows_in_order(
            "record",
            " AND ".join(conditions),
            args,
            sort=sort,
            limit=-1 if limit is None else limit,
        )
        return [from_json(row[0], Run) for row in rows]

    def resolve(self, text: str, *, sessions: bool = True) -> Found:
        """Find the run, or session, that a person's word stands for; see `nbops.index.words`."""
        return resolve(text, self.rows, sessions=sessions)

    def find_cell_run(self, text: str) -> Found | None:
        """Cell run `SESSION.NUMBER`, where the session's id may be cut short."""
        match = re.fullmatch(r"([0-9a-f]{3,})\.(\d+)", text)
        if match is None:
            return None
        query = "SELECT id, session_id FROM cell_runs WHERE id GLOB ? LIMIT 2"
        rows = self.rows(query, [f"{match[1]}*.{match[2]}"])
        return Found(rows[0][0], rows[0][1]) if len(rows) == 1 else None

    def run(self, run_id: str) -> Run:
        rows = self.rows("SELECT record FROM runs WHERE id = ?", [run_id])
        for row in rows:
            return from_json(row[0], Run)
        raise NotFound(f"There is no run {run_id!r}.", "`nbops ls` lists them.")

    def document(self, found: Found) -> Document:
        """Whole record of a run or session, replayed from what it wrote.

        Of a run that was found in MLflow: what its store tells, and a session without an id.
        """
        return self.documents([found])[0]

    def documents(self, several: Iterable[Found]) -> list[Document]:
        """Whole records of several; a session that holds many of them is replayed once."""
        replay = cache(replay_folder)
        documents = []
        for found in several:
            if not found.session_id:
                documents.append(self._document_of_found(found.id))
                continue
            folder = self.workspace.sessions / found.session_id
            if not folder.exists():
                reason = f"{found.id} was not recorded in this workspace."
                raise NotFound(reason, "See it in MLflow.")
            documents.append(replay(folder).document(None if found.is_session else found.id))
        return documents

    def _document_of_found(self, run_id: str) -> Document:
        run = self.run(run_id)
        query = "SELECT experiment, notebook, user, tracking_uri FROM runs WHERE id = ?"
        experiment, notebook, user, uri = self.rows(query, [run_id])[0]
        session = Session(
            id="", name="MLflow", status=run.status, experiment=experiment, notebook=notebook,
            user=user, host="", started_at=run.started_at, tracking_uri=uri,
        )  # fmt: skip
        return Document(session=session, runs=(run,))

    def run_before(self, run: Run) -> Run | None:
        """Run to compare a run with: the last of the same cell, else name, else experiment.

        Its parent and its children are no candidates.
        """
        cell_ids = self._cell_ids(run)
        fallback = None
        query = (
            "SELECT r.record FROM runs r WHERE r.started_at < ? AND r.session_id <> ''"
            " AND r.experiment = (SELECT experiment FROM runs WHERE id = ?)"
            " ORDER BY r.started_at DESC LIMIT 500"
        )
        for row in self.rows(query, [run.started_at.isoformat(), run.id]):
            earlier = from_json(row[0], Run)
            if earlier.id == run.parent_id or earlier.parent_id == run.id:
                continue
            if (earlier.origin == "job") != (run.origin == "job"):
                continue
            if cell_ids and cell_ids & self._cell_ids(earlier):
                return earlier
            if fallback is None or (earlier.name == run.name != fallback.name):
                fallback = earlier
        return fallback

    def last_run_of_cell(self, cell_id: str) -> Run | None:
        """Latest run that is over and that a cell of the notebook is part of."""
        for run in self.runs(where="status != 'running'", limit=200):
            if cell_id in self._cell_ids(run):
                return run
        return None

    def notebook(
        self, notebook: str, kernel_id: str | None = None, *, since: int = 0, max_sessions: int = 20
    ) -> NotebookView | None:
        """Sessions of a notebook, newest first, with the newest one's cell runs and runs.

        Parameters
        ----------
        notebook
            As records name it: relative to the workspace.
        since
            Version that the caller has: nothing is returned when nothing changed, and otherwise only
            the cell runs and runs that did.
        """
        query = (
            "SELECT * FROM sessions WHERE notebook = ? OR (kernel_id = ? AND kernel_id IS NOT NULL)"
            " ORDER BY started_at DESC LIMIT ?"
        )
        rows = self.rows(query, [notebook, kernel_id, max_sessions])
        if not rows:
            return None if since else NotebookView(0, [], [], [], 0, self.state())
        if since and max(row["version"] for row in rows) <= since:
            return None
        return self._view(rows, since)

    def session(self, session_id: str) -> NotebookView:
        """One session alone, as a notebook's newest is shown.

        Raises
        ------
        NotFound
            None has this id.
        """
        rows = self.rows("SELECT * FROM sessions WHERE id = ?", [session_id])
        if not rows:
            raise NotFound(f"There is no session {session_id!r}.")
        return self._view(rows, 0)

    def sessions(self, *, alive: bool = False) -> list[Session]:
        condition = "status = 'running'" if alive else "1"
        query = f"SELECT record FROM sessions WHERE {condition} ORDER BY started_at DESC"  # noqa: S608
        return [from_json(row[0], Session) for row in self.rows(query)]

    def written_by(self, notebook: str) -> list[tuple[str, str]]:
        """Files that sessions of a notebook wrote: uri, and id of the session."""
        query = (
            "SELECT DISTINCT u.uri, c.session_id FROM sessions s"
            " JOIN cell_runs c ON c.session_id = s.id JOIN data_uses u ON u.cell_run_id = c.id"
            " WHERE s.notebook = ? AND u.way = 'wrote'"
        )
        return [(row[0], row[1]) for row in self.rows(query, [notebook])]

    def unshipped(self) -> int:
        """Runs that are not, or not completely, in MLflow yet."""
        rows = self.rows("SELECT COALESCE(SUM(unshipped), 0) FROM sessions")
        return int(rows[0][0]) if rows else 0

    def state(self) -> dict[str, str]:
        """What the background process says of itself: `error`, `error_at`, `shipped_at`."""
        return {row[0]: row[1] for row in self.rows("SELECT key, value FROM state")}

    def digest_of(self, path: str, stat: tuple[int, int, int]) -> str | None:
        """Digest of a file that the background process hashed, when its stat is still the same."""
        query = "SELECT digest FROM digests WHERE path = ? AND (inode, size_bytes, mtime_ns) = (?, ?, ?)"
        rows = self.rows(query, [path, *stat])
        return str(rows[0][0]) if rows else None

    def processes(self) -> dict[str, ProcessId]:
        """Processes of the sessions that have not ended, as far as anybody has told."""
        folders = [self.workspace.sessions / session.id for session in self.sessions(alive=True)]
        first = {
            path.name: next(Tail(path / JOURNAL, chained=True).read(), None) for path in folders
        }
        return {key: process_of(f) for key, f in first.items() if isinstance(f, SessionStarted)}

    # ---- inside -------------------------------------------------------------------------------------

    def rows(self, query: str, args: list[Any] | None = None) -> list[sqlite3.Row]:
        """Rows of a query; none while there is no index."""
        try:
            with closing(connect(self.workspace.index)) as db:
                return db.execute(query, args or []).fetchall()
        except (FileNotFoundError, sqlite3.DatabaseError):  # not written yet, or being rebuilt
            return []

    def rows_in_order(
        self,
        columns: str,
        condition: str,
        args: list[Any],
        *,
        sort: str | None,
        limit: int,
        skip: int = 0,
    ) -> list[sqlite3.Row]:
        """Columns of the runs `r` that a condition holds for, sorted as in `runs`.

        Their places are sorted first: sorting whole records takes several times as long.
        """
        join, order, join_args = order_by(sort)
        places = (
            f"SELECT r.rowid FROM runs r {join} WHERE {condition} ORDER BY {order} LIMIT ? OFFSET ?"  # noqa: S608 - from constants
        )
        row = f"SELECT {columns} FROM runs WHERE rowid = ?"  # noqa: S608 - from constants
        try:
            with closing(connect(self.workspace.index)) as db:
                db.execute("BEGIN")  # a run that is written meanwhile gets another place
                found = db.execute(places, [*join_args, *args, limit, skip]).fetchall()
                return [db.execute(row, place).fetchone() for place in found]
        except (FileNotFoundError, sqlite3.DatabaseError):
            return []

    def _view(self, rows: list[sqlite3.Row], since: int) -> NotebookView:
        """Sessions, newest first, with what changed in the newest."""
        changed = [rows[0]["id"], since]
        cells = self.rows(
            "SELECT record FROM cell_runs WHERE session_id = ? AND version > ? ORDER BY seq DESC",
            changed,
        )
        runs = self.rows(
            "SELECT record FROM runs WHERE session_id = ? AND version > ? ORDER BY started_at DESC",
            changed,
        )
        return NotebookView(
            max(row["version"] for row in rows),
            [from_json(row["record"], Session) for row in rows],
            [from_json(row[0], CellRun) for row in cells],
            [from_json(row[0], Run) for row in runs],
            sum(row["unshipped"] for row in rows),
            self.state(),
        )

    def _indexed_bytes(self) -> dict[str, int]:
        return {row[0]: row[1] for row in self.rows("SELECT id, journal_bytes FROM sessions")}

    def _cell_ids(self, run: Run) -> set[str]:
        """Notebook ids of the cells that a run is made of; a job's are all, so none tell it apart."""
        if run.origin == "job":
            return set()
        return set(self._iterate_cell_ids(run.cell_run_ids))

    def _iterate_cell_ids(self, cell_run_ids: tuple[str, ...]) -> Iterator[str]:
        for key in cell_run_ids:
            for row in self.rows("SELECT record FROM cell_runs WHERE id = ?", [key]):
                cell_id = from_json(row[0], CellRun).cell_id
                if cell_id:
                    yield cell_id


def order_by(sort: str | None) -> tuple[str, str, list[Any]]:
    """Join, ORDER BY and the join's arguments for a sort field."""
    newest = "r.started_at DESC, r.rowid DESC"
    if not sort:
        return "", newest, []
    field = parse_field(sort.lstrip("-+"))
    is_turned = sort.startswith("-")
    if not field.kind:
        return "", f"{COLUMNS[field.name]} {'DESC' if is_turned else 'ASC'}, {newest}", []
    downwards = (field.kind == "metrics") != is_turned
    order = "DESC" if downwards else "ASC"
    join = "LEFT JOIN run_values s ON s.run_id = r.id AND s.kind = ? AND s.name = ?"
    missing_last = "s.number IS NULL AND s.text IS NULL"
    by = f"{missing_last}, s.number IS NULL, s.number {order}, s.text {order}, {newest}"
    return join, by, [field.kind, field.name]
