"""What DuckDB fetches of its tables."""

import inspect
import traceback
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest
from watching import seen

from nbops.capture.data.watch import DataWatch
from nbops.digests import RowsDigest, digest_frame
from nbops.journal.facts import Seen

ROWS = [(1, "x"), (2, "y")]
FRAME = pd.DataFrame(ROWS, columns=["a", "b"])


def queries(watch: DataWatch) -> list[Seen]:
    return [one for one in seen(watch).reads if one.kind == "query"]


def digest_of(rows: list[Any]) -> str:
    digest = RowsDigest(("a", "b"))
    digest.add(rows)
    return digest.digest()


@pytest.fixture
def connection(watch: DataWatch) -> duckdb.DuckDBPyConnection:
    """To a database in a file, whose table a cell before made."""
    connection = duckdb.connect("t.duckdb")
    connection.execute("create table t as select * from (values (1, 'x'), (2, 'y')) v(a, b)")
    assert queries(watch) == []
    watch.begin_cell()
    return connection


WAYS = {
    "relation.fetchall": lambda c: c.sql("select * from t").fetchall(),
    "connection.fetchall": lambda c: c.execute("select * from t").fetchall(),
    "connection.fetchone": lambda c: [c.execute("select * from t").fetchone(), c.fetchone()],
    "relation.df": lambda c: c.sql("select * from t").df(),
    "connection.df": lambda c: c.execute("select * from t").df(),
}


@pytest.mark.parametrize("way", WAYS)
def test_however_it_is_fetched_a_tables_rows_are_a_query(
    watch: DataWatch, connection: duckdb.DuckDBPyConnection, way: str
):
    fetched = WAYS[way](connection)
    (query,) = queries(watch)
    assert (query.name, query.uri) == (
        "select * from t",
        f"duckdb://{Path('t.duckdb').absolute()}#select * from t",
    )
    expected = digest_frame(fetched) if isinstance(fetched, pd.DataFrame) else digest_of(ROWS)
    assert (query.digest, query.shape, query.columns) == (expected, (2, 2), ("a", "b"))


def test_what_is_made_of_a_relation_is_another_query_and_without_random_names(
    watch: DataWatch, connection: duckdb.DuckDBPyConnection
):
    texts = []
    for _ in range(2):
        watch.begin_cell()
        rows = connection.sql("select * from t where b <> 'secret'").filter("a > 1").fetchall()
        (query,) = queries(watch)
        assert (rows, query.digest) == ([(2, "y")], digest_of(rows))
        texts.append(query.name)
    assert texts[0] == texts[1]
    assert "secret" not in texts[0]


def test_tables_in_memory_are_queries_and_files_and_variables_are_not(watch: DataWatch):
    local = FRAME
    rows = local["a"].to_list()
    assert [row[0] for row in duckdb.sql("select a from local").fetchall()] == rows
    assert [row[0] for row in duckdb.execute("select a from FRAME").fetchall()] == rows
    pa.parquet.write_table(pa.table({"a": [1]}), "f.parquet")
    watch.begin_cell()
    duckdb.sql("with c as (select * from 'f.parquet') select * from c").df()
    duckdb.execute("from 'f.parquet'").fetchall()
    facts = seen(watch)
    assert {(one.name, one.kind) for one in facts.reads} <= {("f.parquet", "file")}
    duckdb.execute("create or replace table kept as select * from local")
    duckdb.execute("select * from kept").fetchall()
    (query,) = queries(watch)
    assert (query.uri, query.digest) == ("duckdb:#select * from kept", digest_of(ROWS))
    duckdb.execute("drop table kept")


def test_its_methods_are_left_as_they_were(watch: DataWatch):
    assert duckdb.sql("select 1 as a").fetchall() == [(1,)]
    with pytest.raises(duckdb.Error) as caught:
        duckdb.execute("select * from nothing_there")
    frames = [frame for frame, _ in traceback.walk_tb(caught.value.__traceback__)]
    assert not [frame for frame in frames if "__nbops__" in frame.f_locals]
    assert inspect.getdoc(duckdb.DuckDBPyRelation.df)
