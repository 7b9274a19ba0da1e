"""What cursors fetch is recorded: the statement without its values, the rows' digest; nothing else changes."""

import asyncio
import sys
import types
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import adbc_driver_sqlite.dbapi
import aiosqlite
import pandas as pd
import pytest
import sqlalchemy as sa
from IPython.core.interactiveshell import InteractiveShell
from sqlalchemy.orm import Session
from watching import seen

from nbops.capture.data.watch import DataWatch
from nbops.capture.libraries import cursors
from nbops.capture.libraries.interception import release_functions
from nbops.capture.libraries.readers import watch_readers
from nbops.digests import RowsDigest, digest_file, digest_frame
from nbops.journal.facts import Seen

ROWS = [(1, "x"), (2, "y"), (3, "z")]


def rows_digest(*rows: object, columns: tuple[str, ...] = ("a", "b")) -> str:
    digest = RowsDigest(columns)
    digest.add(rows)
    return digest.digest()


def queries(watch: DataWatch) -> list[Seen]:
    return [one for one in seen(watch).reads if one.kind == "query"]


@pytest.fixture
def engine(watch: DataWatch) -> Iterator[sa.Engine]:
    engine = sa.create_engine("sqlite://")
    with engine.begin() as connection:
        connection.execute(sa.text("create table t (a int, b text)"))
        connection.execute(sa.text("insert into t values (1, 'x'), (2, 'y'), (3, 'z')"))
    assert queries(watch) == []
    yield engine
    engine.dispose()


WAYS = {
    "all": lambda result: result.all(),
    "iteration": list,
    "pieces": lambda result: [row for part in result.partitions(2) for row in part],
    "buffered": lambda result: result.yield_per(2).all(),
    "mappings": lambda result: [tuple(row.values()) for row in result.mappings()],
}


@pytest.mark.parametrize("way", WAYS)
def test_however_sqlalchemy_fetches_the_rows_are_the_same(
    watch: DataWatch, engine: sa.Engine, way: str
):
    with engine.connect() as connection:
        result = connection.execute(sa.text("select a,\n b from t where b <> 'private'"))
        assert type(result) is sa.CursorResult
        assert WAYS[way](result) == ROWS
    (query,) = queries(watch)
    assert (query.uri, query.name) == (
        f"sqlite://#{query.name}",
        "select a, b from t where b <> '?'",
    )
    assert (query.shape, query.columns, query.missing) == ((3, 2), ("a", "b"), None)
    assert query.digest == rows_digest(*ROWS)


def test_a_statement_in_a_loop_is_one_query_with_all_its_rows(watch: DataWatch, engine: sa.Engine):
    statement = sa.text("select a, b from t where a = :a")
    with engine.connect() as connection:
        for number in (1, 2):
            connection.execute(statement, {"a": number}).one()
    (query,) = queries(watch)
    assert (query.shape, query.digest) == ((2, 2), rows_digest(*ROWS[:2]))


def test_what_is_not_fetched_does_not_count(watch: DataWatch, engine: sa.Engine):
    with engine.connect() as connection:
        connection.execute(sa.text("select a, b from t")).fetchmany(2)
        connection.execute(sa.text("select a from t"))
    (query,) = queries(watch)
    assert query.digest == rows_digest(*ROWS[:2])


def test_objects_of_an_orm_are_rows(watch: DataWatch, engine: sa.Engine):
    table = sa.Table("t", sa.MetaData(), sa.Column("a", sa.Integer, primary_key=True))
    with Session(engine) as session:
        assert session.scalars(sa.select(table)).all() == [1, 2, 3]
    (query,) = queries(watch)
    assert query.digest == rows_digest((1,), (2,), (3,), columns=("a",))


def test_a_frame_that_pandas_makes_is_one_query(watch: DataWatch, engine: sa.Engine):
    frame = pd.read_sql("select a from t", engine)
    (query,) = queries(watch)
    assert query.digest == digest_frame(frame)


def test_libraries_that_keep_their_own_state_are_left_alone(watch: DataWatch, engine: sa.Engine):
    names = {"__name__": "mlflow.store", "engine": engine, "sa": sa}
    exec("with engine.connect() as c: c.execute(sa.text('select a from t')).all()", names)  # noqa: S102
    assert queries(watch) == []


def test_a_cursor_of_adbc_gives_rows_or_a_table(watch: DataWatch):
    with adbc_driver_sqlite.dbapi.connect() as connection, connection.cursor() as cursor:
        cursor.execute("select 1 as a, 'x' as b")
        assert cursor.fetchone() == (1, "x")
        assert cursor.fetchone() is None
        cursor.execute("select 2 as a")
        table = cursor.fetch_arrow_table()
        cursor.execute("select 3 as a")
        cursor.fetch_record_batch().read_all()
    rows, frame, stream = queries(watch)
    assert rows.digest == rows_digest((1, "x"))
    assert (frame.digest, frame.shape) == (digest_frame(table), (1, 1))
    assert (stream.digest, stream.missing) == (None, "it was fetched piece by piece")


def test_a_driver_that_shows_nothing_is_named(watch: DataWatch, monkeypatch):
    driver = types.ModuleType("pymysql")
    exec("class Connection: ...\ndef connect(host): return Connection()", driver.__dict__)  # noqa: S102
    monkeypatch.setitem(sys.modules, "pymysql", driver)
    watch_readers()
    assert type(driver.connect("db")) is driver.Connection
    (query,) = queries(watch)
    assert (query.uri, query.digest) == ("pymysql:#cursors of pymysql", None)
    assert query.missing.startswith("what they fetch cannot be seen")


AWAITED = """
class AsyncCursor:
    description = [("a",), ("b",)]
    async def execute(self, query): self.rows = iter([(1, "x"), (2, "y")])
    async def fetchone(self): return next(self.rows, None)
    async def fetchall(self): return list(self.rows)
    def __aiter__(self): return self
    async def __anext__(self):
        for row in self.rows: return row
        raise StopAsyncIteration
"""


@pytest.mark.parametrize("way", ["all", "iteration", "one by one"])
def test_what_is_awaited_of_a_cursor_is_fetched(watch: DataWatch, monkeypatch, way: str):
    driver = types.ModuleType("psycopg")
    exec(AWAITED, driver.__dict__)  # noqa: S102
    monkeypatch.setitem(sys.modules, "psycopg", driver)
    watch_readers()

    async def fetch() -> list[Any]:
        cursor = driver.AsyncCursor()
        await cursor.execute("select a, b from t")
        if way == "all":
            return await cursor.fetchall()
        if way == "iteration":
            return [row async for row in cursor]
        return [await cursor.fetchone(), await cursor.fetchone()]

    assert asyncio.run(fetch()) == ROWS[:2]
    (query,) = queries(watch)
    assert (query.name, query.digest) == ("select a, b from t", rows_digest(*ROWS[:2]))


def test_a_database_of_aiosqlite_counts_as_its_file(watch: DataWatch):
    async def write_and_read() -> list[Any]:
        async with aiosqlite.connect("a.db") as connection:
            await connection.execute("create table t (a)")
            await connection.commit()
        watch.take("s.0", at_end=True)
        watch.begin_cell()
        async with aiosqlite.connect("a.db") as connection:
            return list(await connection.execute_fetchall("select * from t"))

    assert asyncio.run(write_and_read()) == []
    assert [one.digest for one in seen(watch).reads] == [digest_file("a.db")]


@pytest.mark.filterwarnings("ignore")  # of its own
def test_the_magic_of_jupysql_is_seen(watch: DataWatch, monkeypatch):
    monkeypatch.setenv("PLOOMBER_STATS_ENABLED", "false")
    shell = InteractiveShell()
    for line in ("load_ext sql", "sql sqlite://", "sql create table t (a int, b text)"):
        shell.run_line_magic(*line.split(" ", 1))
    shell.run_line_magic("sql", "insert into t values (1, 'x')")
    watch.take("s.0", at_end=True)
    watch.begin_cell()
    shell.run_line_magic("sql", "select * from t")
    (query,) = queries(watch)
    assert (query.name, query.digest) == ("select * from t", rows_digest((1, "x")))


def test_too_much_and_too_many_say_so(watch: DataWatch, engine: sa.Engine, monkeypatch):
    monkeypatch.setattr(cursors, "MOST_VALUES", 4)
    monkeypatch.setattr(cursors, "MOST_STATEMENTS", 2)
    with engine.connect() as connection:
        for text in ("a, b", "a", "b", "a, a", "b, b"):
            connection.execute(sa.text(f"select {text} from t")).all()
    assert [(one.name, one.missing) for one in queries(watch)] == [
        ("select a, b from t", cursors.TOO_LARGE),
        ("select a from t", None),
        ("statements beyond 100", "too many different statements in one cell"),
    ]


def test_errors_and_released_classes_are_the_users(watch: DataWatch, engine: sa.Engine):
    with engine.connect() as connection, pytest.raises(sa.exc.ResourceClosedError):
        connection.execute(sa.text("delete from t")).all()
    release_functions()
    assert not hasattr(sa.CursorResult.__init__, "__wrapped__")
    with engine.connect() as connection:
        connection.execute(sa.text("select 1")).all()
    assert queries(watch) == []


def test_values_are_told_apart_by_their_type():
    values = [1, 1.0, True, "1", b"1", None, Decimal(1), date(2026, 1, 1), datetime(2026, 1, 1)]  # noqa: DTZ001
    values += ["2026-01-01", 2**70, str(2**70), [1], {"a": 1}, [["a", 1]]]
    digests = {rows_digest((value,)) for value in values}
    assert len(digests) == len(values)
    assert rows_digest({"a": 1, "b": "x"}) == rows_digest([1, "x"]) == rows_digest((1, "x"))
    with pytest.raises(TypeError, match="a value of type object"):
        rows_digest((object(),))


if sys.version_info < (3, 12):

    def test_a_wrapper_looks_like_what_it_wraps(watch: DataWatch, engine: sa.Engine):
        from sqlalchemy.engine.cursor import CursorFetchStrategy

        assert CursorFetchStrategy.fetchall.__qualname__ == "CursorFetchStrategy.fetchall"
