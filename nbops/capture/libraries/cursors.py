"""What cursors of databases give to a cell: one reference a statement, with the digest of the rows fetched.

Cursors of C (sqlite3, psycopg2) show nobody what they fetch. For a database in a file its file counts, in
the cell that opens it; the others' `connect` is recorded with what is missing.
"""

import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import FrameType
from typing import Any, NamedTuple

from nbops.capture.data.contents import describe_frame
from nbops.capture.libraries.sql import MOST_VALUES, TOO_LARGE, hide_values, place_of
from nbops.capture.secrets.privacy import hide_columns
from nbops.capture.secrets.redaction import redact_name
from nbops.digests import RowsDigest, digest_frame
from nbops.journal.facts import Seen
from nbops.records import SeenBy

MOST_STATEMENTS = 100
"""So many different ones of a cell are told one by one."""

_MOST_CURSORS = 10_000
_AT_ONCE = 1_000
"""So many rows that come one by one are hashed together."""

_MOST_ALONE = 100
"""So many rows that come one by one does a worker tell of, for each time that a statement is executed."""

_FOR_THEMSELVES = frozenset(
    ("alembic", "mlflow", "optuna", "pyiceberg", "IPython", "jupyter_server")
)
"""They keep their own state in databases, which is no data of the cell."""

_WITH_A_FRAME = frozenset(("pandas", "polars"))
"""They report their queries themselves, with the frame."""

_TELLING = _FOR_THEMSELVES | _WITH_A_FRAME | {"sqlalchemy", "duckdb_engine"}
_PIECES = "it was fetched piece by piece"
_BEYOND = f"statements beyond {MOST_STATEMENTS}"
_TOO_MANY = "too many different statements in one cell"


class _Statement(NamedTuple):
    place: str
    text: str
    columns: tuple[str, ...] = ()


@dataclass
class _Fetched:
    """What one statement gave so far."""

    statement: _Statement
    by: SeenBy
    columns: tuple[str, ...]
    types: tuple[str, ...] | None = None  # of a frame
    row_count: int = 0
    rows: RowsDigest | None = None
    digest: str | None = None  # of a frame
    missing: str | None = None

    waiting: list[Any] = field(default_factory=list)  # rows that came one by one

    def add(self, result: Any) -> None:
        self.add_waiting()
        if isinstance(result, list):
            self._add_rows(result)
        else:
            self._add_frame(result)

    def add_waiting(self) -> None:
        rows, self.waiting = self.waiting, []
        self._add_rows(rows)

    def _add_rows(self, rows: list[Any]) -> None:
        self.row_count += len(rows)
        if not self.columns and rows and hasattr(rows[0], "keys"):
            self.columns = tuple(map(str, rows[0].keys()))
        if self.missing is not None or not rows:
            return
        if self.digest is not None:
            self.missing = _PIECES
        elif self.row_count * max(len(self.columns), 1) > MOST_VALUES:
            self.missing = TOO_LARGE
        else:
            self.rows = self.rows or RowsDigest(self.columns)
            try:
                self.rows.add(rows)
            except TypeError as error:
                self.missing = f"it has no digest: {error}"

    def _add_frame(self, frame: Any) -> None:
        shape, columns, types = describe_frame(frame)
        if shape is None or self.rows is not None or self.digest is not None:
            self.missing = _PIECES
            return
        self.columns, self.types, self.row_count = columns or self.columns, types, shape[0]
        if shape[0] * max(shape[-1], 1) > MOST_VALUES:
            self.missing = TOO_LARGE
            return
        try:
            self.digest = digest_frame(frame)
        except TypeError as error:
            self.missing = f"it has no digest: {error}"

    def seen(self) -> Seen:
        self.add_waiting()
        digest = self.digest or (self.rows or RowsDigest(self.columns)).digest()
        return Seen(
            uri=f"{self.statement.place}#{self.statement.text}",
            name=self.statement.text,
            kind="query",
            digest=None if self.missing else digest,
            seen_by=self.by,
            shape=(self.row_count, len(self.columns)) if self.columns else None,
            columns=hide_columns(self.columns) or None,
            types=self.types,
            missing=self.missing,
        )


@dataclass
class Cursors:
    """What the cursors of a process give to the cell that is running."""

    _statements: dict[int, _Statement | None] = field(default_factory=dict)  # by id of cursor
    _fetched: dict[_Statement, _Fetched] = field(default_factory=dict)
    _open: dict[int, _Fetched] = field(default_factory=dict)  # by id of cursor, in this cell
    _files: dict[int, str] = field(default_factory=dict)  # by id of a connection of DuckDB
    _alone: Counter[int] = field(
        default_factory=Counter
    )  # rows that a worker told, by id of cursor
    _tell: Callable[[Seen], None] | None = None

    def tell_at_once(self, tell: Callable[[Seen], None]) -> None:
        """Become a worker's, for whom no cell ends: what it fetches is told as it is fetched.

        Each piece is told by itself, since which worker fetches what is an accident.
        """
        self._fetched.clear()  # what was fetched before this process came to be
        self._open.clear()
        self._tell = tell

    def executes(self, values: Mapping[str, Any], argument: str) -> None:
        """A cursor executes a statement, or a result of SQLAlchemy is made of one.

        Cursors are known by their id, which another may have after them: it executes before it fetches.
        """
        if len(self._statements) > _MOST_CURSORS:
            self._statements.clear()
        cursor, given = values.get("self"), values.get(argument)
        self._open.pop(id(cursor), None)
        self._alone.pop(id(cursor), None)
        if _is_told_elsewhere(cursor):
            self._statements[id(cursor)] = None
        elif type(cursor).__module__.endswith("duckdb"):
            self._statements[id(cursor)] = self._statement_of_duckdb(cursor, given)
        else:
            self._statements[id(cursor)] = _statement_of(cursor, given)

    def _statement_of_duckdb(self, connection: Any, text: Any) -> _Statement | None:
        from nbops.capture.libraries.relations import names_table

        if not isinstance(text, str) or not names_table(text, _calling_frame("duckdb")):
            return None
        columns = tuple(str(column[0]) for column in connection.description or ())
        return _Statement(self._place_of(connection), hide_values(text), columns)

    def connects(self, connection: Any, database: str | None) -> None:
        """DuckDB opened a database: a file, or None for memory."""
        if len(self._files) > _MOST_CURSORS:
            self._files.clear()
        self._files[id(connection)] = os.path.abspath(database) if database else ""

    def relation(self, relation: Any, result: Any, by: SeenBy) -> Seen | None:
        """A relation of DuckDB gave what it reads; None when that counts otherwise."""
        from nbops.capture.libraries.relations import describe_relation

        frame = _calling_frame("duckdb")
        if _package_of(frame) in _TELLING:
            return None
        place = self._place_of(getattr(relation, "_con", None))
        return describe_relation(relation, place, frame, result, by)

    def _place_of(self, connection: Any) -> str:
        file = self._files.get(id(connection))
        return f"duckdb://{redact_name(file)}" if file else "duckdb:"

    def yields(self, name: str, cursor: Any, result: Any, by: SeenBy) -> None:
        """A cursor, or a result of SQLAlchemy, gives a row, several, or a frame."""
        fetched = self._open.get(id(cursor))
        if fetched is None:
            key = self._statements.get(id(cursor))
            if key is None:
                return
            fetched = self._open[id(cursor)] = self._fetched.get(key) or self._first_of(key, by)
        if name not in _ONE_ROW:
            fetched.add(result)
        elif result is not None:
            fetched.waiting.append(result)
            if len(fetched.waiting) >= _AT_ONCE:
                fetched.add_waiting()
        if self._tell is not None and result is not None:
            self._tell_piece(self._tell, cursor, fetched, is_row=name in _ONE_ROW)

    def _tell_piece(
        self, tell: Callable[[Seen], None], cursor: Any, fetched: _Fetched, *, is_row: bool
    ) -> None:
        self._fetched.pop(fetched.statement, None)
        self._open.pop(id(cursor), None)
        self._alone[id(cursor)] += is_row
        if self._alone[id(cursor)] > _MOST_ALONE:
            fetched.missing = _PIECES
        if self._alone[id(cursor)] <= _MOST_ALONE + 1:
            tell(fetched.seen())

    def _first_of(self, key: _Statement, by: SeenBy) -> _Fetched:
        if len(self._fetched) < MOST_STATEMENTS:
            return self._fetched.setdefault(key, _Fetched(key, by, key.columns))
        key = _Statement(key.place, _BEYOND)
        return self._fetched.setdefault(key, _Fetched(key, by, (), missing=_TOO_MANY))

    def hides(self, driver: str, connection: Any, by: SeenBy) -> None:
        """A connection was made whose cursors show nobody what they fetch."""
        if _caller(driver) not in _TELLING:
            key = _Statement(place_of(connection), f"cursors of {driver}")
            fetched = self._fetched.setdefault(key, _Fetched(key, by, ()))
            fetched.missing = (
                "what they fetch cannot be seen, but through SQLAlchemy or pandas.read_sql"
            )
            if self._tell is not None:
                self._tell(self._fetched.pop(key).seen())

    @property
    def is_empty(self) -> bool:
        return not (self._open or self._fetched)

    def take(self) -> Iterable[Seen]:
        """What was fetched since the last call."""
        self._open.clear()
        for key in list(self._fetched):
            yield self._fetched.pop(key).seen()


def beyond_most(seen: Seen) -> Seen:
    """What stands for statements that are too many to be told one by one."""
    uri = f"{seen.uri.partition('#')[0]}#{_BEYOND}"
    return Seen(uri=uri, name=_BEYOND, kind="query", seen_by=seen.seen_by, missing=_TOO_MANY)


_ONE_ROW = ("fetchone", "fetchrow", "__next__", "__anext__")


def _is_told_elsewhere(cursor: Any) -> bool:
    """Whether who asks reports it, or asks for ends of its own."""
    driver = type(cursor).__module__.partition(".")[0]
    if driver != "sqlalchemy":
        return _caller(driver) in _TELLING
    return _caller("sqlalchemy") in _TELLING


def _caller(but: str) -> str:
    """Package of the nearest code outside of another, and of nbops; SQLAlchemy may ask for ends of its own."""
    return _package_of(_calling_frame(but))


def _calling_frame(but: str) -> FrameType | None:
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - nothing else tells who asks
    while frame is not None:
        package = _package_of(frame)
        if package not in ("nbops", "contextlib", but) or _is_for_itself(frame):
            return frame
        frame = frame.f_back
    return None


def _is_for_itself(frame: FrameType) -> bool:
    """Whether SQLAlchemy asks what it needs to know of the database."""
    module = frame.f_globals.get("__name__")
    is_asking = module == "sqlalchemy.engine.reflection" or frame.f_code.co_name == "initialize"
    return is_asking and _package_of(frame) == "sqlalchemy"


def _package_of(frame: FrameType | None) -> str:
    return str(frame.f_globals.get("__name__", "")).partition(".")[0] if frame else ""


def _statement_of(cursor: Any, given: Any) -> _Statement | None:
    """Where a query goes, what it says, its values hidden, and what columns come of it."""
    text = getattr(given, "statement", given)  # of SQLAlchemy's context
    text = text.as_string(cursor) if hasattr(text, "as_string") else text  # psycopg's
    text = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    if not isinstance(text, str):
        text = str(text)
    if text.lstrip().lower().startswith("pragma"):
        return None
    about = getattr(getattr(cursor, "cursor", cursor), "description", None)
    columns = tuple(str(column[0]) for column in about or ())
    connection = getattr(cursor, "connection", None) or getattr(cursor, "_connection", None)
    return _Statement(place_of(connection), hide_values(text), columns)
