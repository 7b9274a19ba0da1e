"""Each library's own readers and writers, on real files: what was read, with the digest that it has."""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import h5py
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.csv
import pyarrow.dataset
import pyarrow.feather
import pyarrow.ipc
import pyarrow.json
import pyarrow.orc
import pyarrow.parquet
import pytest
import safetensors.numpy
import sqlalchemy
import xarray as xr
from watching import seen

from nbops.capture.data.folders import hash_folder
from nbops.capture.data.watch import DataWatch
from nbops.capture.libraries import sql
from nbops.capture.libraries.readers import release_readers
from nbops.capture.libraries.sql import describe_result
from nbops.digests import digest_file, digest_folder, digest_frame
from nbops.workspace import Workspace

# ruff: noqa: PLW0108

TABLE = pa.table({"a": [1, 2, 3], "b": ["x", "y", "z"]})
FRAME = pl.DataFrame({"a": [1, 2, 3], "b": ["x", "y", "z"]})


def write_lines(path: str) -> None:
    Path(path).write_text('{"a": 1}\n{"a": 2}\n')


def write_arrow(path: str) -> None:
    with pa.ipc.new_file(path, TABLE.schema) as writer:
        writer.write_table(TABLE)


def write_parquet(path: str) -> None:
    with pa.parquet.ParquetWriter(path, TABLE.schema) as writer:
        writer.write_table(TABLE)


# Looked up when they are called, as a cell does: on 3.11 a name bound earlier is not watched.
ROUND_TRIPS: dict[str, tuple[Any, Any]] = {
    "pyarrow.parquet": (
        lambda p: pa.parquet.write_table(TABLE, p),
        lambda p: pa.parquet.read_table(p),
    ),
    "ParquetFile": (
        lambda p: pa.parquet.write_table(TABLE, p),
        lambda p: pa.parquet.ParquetFile(p).read(),
    ),
    "pyarrow.csv": (
        lambda p: pyarrow.csv.write_csv(TABLE, p),
        lambda p: pyarrow.csv.read_csv(p),
    ),
    "pyarrow.feather": (
        lambda p: pa.feather.write_feather(TABLE, p),
        lambda p: pa.feather.read_table(p),
    ),
    "pyarrow.orc": (lambda p: pa.orc.write_table(TABLE, p), lambda p: pa.orc.read_table(p)),
    "polars.csv": (lambda p: FRAME.write_csv(p), lambda p: pl.read_csv(p)),
    "polars.parquet": (lambda p: FRAME.write_parquet(p), lambda p: pl.read_parquet(p)),
    "polars.ipc": (lambda p: FRAME.write_ipc(p), lambda p: pl.read_ipc(p)),
    "polars.ndjson": (lambda p: FRAME.write_ndjson(p), lambda p: pl.read_ndjson(p)),
    "polars.scan": (
        lambda p: FRAME.lazy().sink_parquet(p),
        lambda p: pl.scan_parquet(p).filter(pl.col("a") > 1).collect(),
    ),
    "duckdb.sql": (
        lambda p: duckdb.sql(f"copy (select 1 as a) to '{p}' (format parquet)"),
        lambda p: duckdb.sql(f"select * from read_parquet('{p}') where a <> 'x'"),
    ),
    "duckdb.execute": (
        lambda p: duckdb.execute(f"copy (select 1 as a) to '{p}' (format csv)"),
        lambda p: duckdb.connect().execute(f"select * from read_csv('{p}')").fetchall(),
    ),
    "duckdb.read_csv": (
        lambda p: duckdb.sql("select 1 as a, 2 as b").write_csv(p),
        lambda p: duckdb.read_csv(p).fetchall(),
    ),
    "pyarrow.json": (write_lines, lambda p: pa.json.read_json(p)),
    "pyarrow.ipc": (write_arrow, lambda p: pa.ipc.open_file(pa.memory_map(p)).read_all()),
    "pyarrow.open_csv": (
        lambda p: pyarrow.csv.write_csv(TABLE, p),
        lambda p: pyarrow.csv.open_csv(p).read_all(),
    ),
    "pyarrow.dataset": (write_parquet, lambda p: pa.dataset.dataset(p).to_table()),
    "polars.json": (lambda p: FRAME.write_json(p), lambda p: pl.read_json(p)),
    "polars.avro": (lambda p: FRAME.write_avro(p), lambda p: pl.read_avro(p)),
    "polars.stream": (lambda p: FRAME.write_ipc_stream(p), lambda p: pl.read_ipc_stream(p)),
    "polars.scan_csv": (lambda p: FRAME.lazy().sink_csv(p), lambda p: pl.scan_csv(p).collect()),
    "polars.scan_ipc": (lambda p: FRAME.lazy().sink_ipc(p), lambda p: pl.scan_ipc(p).collect()),
    "polars.scan_ndjson": (
        lambda p: FRAME.lazy().sink_ndjson(p),
        lambda p: pl.scan_ndjson(p).collect(engine="streaming"),
    ),
    "polars.collect_all": (
        lambda p: FRAME.lazy().sink_parquet(p),
        lambda p: pl.collect_all([pl.scan_parquet(p)]),
    ),
    "duckdb.from_parquet": (
        lambda p: duckdb.sql("select 1 as a, 2 as b").write_parquet(p),
        lambda p: duckdb.from_parquet(p).filter("a = 1").df(),
    ),
    "duckdb.read_json": (write_lines, lambda p: duckdb.read_json(p).fetchall()),
    "safetensors": (
        lambda p: safetensors.numpy.save_file({"a": np.ones(2)}, p),
        lambda p: safetensors.numpy.load_file(p),
    ),
}


@pytest.mark.parametrize("name", ROUND_TRIPS)
def test_what_goes_round_python_is_seen(watch: DataWatch, name: str):
    write, read = ROUND_TRIPS[name]
    write("data.x")
    (written,) = seen(watch).writes
    assert (written.name, written.digest) == ("data.x", digest_file("data.x"))
    read("data.x")
    facts = seen(watch)
    assert [(one.name, one.digest) for one in facts.reads] == [("data.x", digest_file("data.x"))]
    assert facts.writes == []


def test_arrow_tables_and_polars_frames_have_a_shape(watch: DataWatch):
    FRAME.write_parquet("f.parquet")
    (written,) = seen(watch).writes
    assert (written.shape, written.columns) == ((3, 2), ("a", "b"))
    for read in (pa.parquet.read_table, pl.read_parquet, pd.read_parquet):
        read("f.parquet")
        (one,) = seen(watch).reads
        assert (one.shape, one.columns) == ((3, 2), ("a", "b"))


def test_a_lazy_frame_reads_when_it_is_collected(watch: DataWatch):
    FRAME.write_csv("f.csv")
    watch.take("s.0", at_end=True)
    lazy = pl.scan_csv("f.csv")
    assert seen(watch).reads == []
    lazy.select("a").collect()
    assert [one.name for one in seen(watch).reads] == ["f.csv"]


def test_a_pattern_and_a_folder_are_one_thing_each(watch: DataWatch, fresh_workspace: Workspace):
    Path("parts").mkdir()
    for number in range(3):
        FRAME.write_parquet(f"parts/{number}.parquet")
    watch.take("s.0", at_end=True)
    lazy = pl.scan_parquet("**/*.parquet")
    duckdb.sql("from 'parts/**/*.parquet' where a <> '--'")  # neither holds a comment
    assert [one.name for one in seen(watch).reads] == ["parts/**/*.parquet"]
    list(lazy.collect_batches())
    assert [one.name for one in seen(watch).reads] == ["**/*.parquet"]
    pl.read_parquet("parts/*.parquet")
    duckdb.sql("from 'parts/*.parquet'")
    pa.dataset.dataset("parts").to_table()
    reads = seen(watch).reads
    assert [(one.name, one.kind) for one in reads] == [
        ("parts/*.parquet", "folder"),
        ("parts", "folder"),
    ]
    files = [(f"{n}.parquet", f"parts/{n}.parquet") for n in range(3)]
    for one in reads:
        found = hash_folder(str(fresh_workspace.root / one.name), one.stat[2])
        assert found == digest_folder(files)
        assert found.file_count == 3


def test_a_folder_that_changed_since_has_no_digest(watch: DataWatch, fresh_workspace: Workspace):
    Path("parts").mkdir()
    FRAME.write_parquet("parts/0.parquet")
    pa.dataset.dataset("parts")
    one = next(one for one in seen(watch).reads if one.kind == "folder")
    FRAME.write_parquet("parts/1.parquet")
    assert hash_folder(str(fresh_workspace.root / "parts"), one.stat[2]) is None


def test_very_many_files_are_their_folders(watch: DataWatch):
    for kind in ("cat", "dog"):
        Path("train", kind).mkdir(parents=True)
        for number in range(300):
            Path("train", kind, f"{number}.txt").write_text(str(number))
    watch.take("s.0", at_end=True)
    for path in sorted(Path("train").rglob("*.txt")):
        path.read_text()
    assert [(one.name, one.kind) for one in seen(watch).reads] == [
        ("train/cat", "folder"),
        ("train/dog", "folder"),
    ]


def test_hdf5_files_are_read_and_written_as_their_mode_says(watch: DataWatch):
    with h5py.File("f.h5", "w") as file:
        file["x"] = np.arange(3)
    facts = seen(watch)
    assert ([one.name for one in facts.writes], facts.reads) == (["f.h5"], [])
    with h5py.File("f.h5") as file:
        assert file["x"][1] == 1
    facts = seen(watch)
    assert ([one.digest for one in facts.reads], facts.writes) == ([digest_file("f.h5")], [])


def test_netcdf_through_xarray_is_seen(watch: DataWatch):
    xr.Dataset({"t": ("x", [1.0, 2.0])}).to_netcdf("f.nc")
    assert [one.name for one in seen(watch).writes] == ["f.nc"]
    xr.open_dataset("f.nc").load()
    assert [one.digest for one in seen(watch).reads] == [digest_file("f.nc")]


@pytest.mark.parametrize("library", [sqlite3, duckdb])
def test_a_database_is_read_when_it_is_opened_and_written_by_the_cells_that_change_it(
    watch: DataWatch, library: Any
):
    database = library.connect("f.db")

    def commit() -> None:
        if library is duckdb:  # else it is in the log beside the file
            database.execute("checkpoint")
        else:
            database.commit()

    database.execute("create table t (a int)")
    commit()
    assert [one.name for one in seen(watch).writes] == ["f.db"]
    watch.begin_cell()
    database.execute("select * from t").fetchall()
    assert seen(watch).writes == []
    watch.begin_cell()
    for _ in range(2000):
        database.execute("insert into t values (1)")
    commit()
    assert [one.name for one in seen(watch).writes] == ["f.db"]
    database.close()
    watch.begin_cell()
    watch.take("s.0", at_end=True)
    library.connect("f.db").close()
    assert [one.digest for one in seen(watch).reads] == [digest_file("f.db")]


def test_memory_maps_of_arrow_are_seen(watch: DataWatch):
    with pa.OSFile("f.arrow", "wb") as sink, pa.ipc.new_file(sink, TABLE.schema) as writer:
        writer.write(TABLE)
    watch.take("s.0", at_end=True)
    with pa.memory_map("f.arrow") as source:
        assert pa.ipc.open_file(source).read_all() == TABLE
    assert [one.name for one in seen(watch).reads] == ["f.arrow"]


def test_libraries_are_left_as_they_were(watch: DataWatch):
    release_readers()
    assert not hasattr(pyarrow.csv.read_csv, "__wrapped__")
    assert not hasattr(duckdb.execute, "__wrapped__")
    FRAME.write_parquet("f.parquet")
    assert seen(watch).writes == []


@pytest.fixture
def database() -> Iterator[sqlite3.Connection]:
    with contextlib.closing(sqlite3.connect(":memory:")) as database:
        yield database


def test_queries_are_seen_with_what_they_fetched(watch: DataWatch, database: sqlite3.Connection):
    database.execute("create table t (a int, b text)")
    database.executemany("insert into t values (?, ?)", [(1, "x"), (2, "y")])
    frame = pd.read_sql("select *\n from t where b <> 'private'", database)
    pl.read_database("select a from t", database)
    first, second = seen(watch).reads
    assert (first.kind, first.name) == ("query", "select * from t where b <> '?'")
    assert (first.shape, first.columns) == ((2, 2), ("a", "b"))
    assert first.digest == digest_frame(frame)
    assert (second.name, second.shape) == ("select a from t", (2, 1))
    database.execute("insert into t values (3, 'z')")
    pd.read_sql("select *\n from t where b <> 'private'", database)
    (again,) = seen(watch).reads
    assert again.uri == first.uri
    assert again.digest != first.digest


def test_a_query_names_its_database_without_the_password(watch: DataWatch):
    engine = sqlalchemy.create_engine("sqlite:///f.db")
    with engine.begin() as connection:
        connection.execute(sqlalchemy.text("create table t (a int)"))
        pd.read_sql(sqlalchemy.text("select * from t"), connection)
    engine.dispose()
    facts = seen(watch)
    (query,) = [one for one in facts.reads if one.kind == "query"]
    assert query.uri == "sqlite:///f.db#select * from t"
    url = sqlalchemy.URL.create("postgresql", "me", "hunter2", "db.example.com", database="prod")
    place = describe_result("select 1", {"con": FakeEngine(url)}, FRAME, "audit")
    assert place.uri == "postgresql://me@db.example.com/prod#select 1"


class FakeEngine:
    """Something that leads to a server that is not there."""

    def __init__(self, url: sqlalchemy.URL) -> None:
        self.url = url


def test_what_is_fetched_in_pieces_or_is_too_large_says_so(
    watch: DataWatch, database: sqlite3.Connection, monkeypatch
):
    monkeypatch.setattr(sql, "MOST_VALUES", 3)
    database.execute("create table t (a int)")
    database.executemany("insert into t values (?)", [(n,) for n in range(4)])
    for piece in pd.read_sql("select a from t", database, chunksize=2):
        assert len(piece) == 2
    pd.read_sql("select a as b from t", database)
    assert [one.missing for one in seen(watch).reads] == [
        "it was fetched piece by piece",
        "too large to be hashed as it was fetched: %track data VARIABLE hashes it",
    ]
