"""Tables that keep their own history are recorded with the version that was read."""

from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pyarrow as pa
import pytest
from told import Told
from watching import seen

from nbops.capture.data.watch import DataWatch
from nbops.capture.libraries.tables import TableVersion
from nbops.capture.secrets.privacy import set_private
from nbops.comparison.data import compare_data
from nbops.digests import digest_version
from nbops.journal.facts import Seen

TABLE = pa.table({"a": [1, 2, 3]})


def versions(watch: DataWatch) -> list[tuple[str, str, str | None]]:
    reads = [one for one in seen(watch).reads if one.version or one.kind != "file"]
    return [(one.name, one.kind, one.version) for one in reads]


@pytest.fixture
def delta(watch: DataWatch) -> Any:
    """A table of Delta with two versions."""
    library = pytest.importorskip("deltalake")
    for number in (0, 1):
        library.write_deltalake("table", TABLE, mode="append")
        assert [one.name for one in seen(watch).writes] == ["table"]
        watch.begin_cell()
        assert library.DeltaTable("table").version() == number
    assert versions(watch) == []  # it was opened, and not read
    return library


def test_a_table_of_delta_is_a_folder_with_the_version_that_was_read(watch: DataWatch, delta: Any):
    table = delta.DeltaTable("table")
    name = f"of {table.metadata().id[:8]}"
    assert len(table.to_pandas()) == 6
    assert versions(watch) == [("table", "folder", f"1 {name}")]
    table.load_as_version(0)
    table.to_pyarrow_table()
    delta.DeltaTable("table").to_pyarrow_dataset()
    assert versions(watch) == [
        ("table", "folder", f"0 {name}"),
        ("table", "folder", f"1 {name}"),
    ]
    assert len(pl.read_delta("table")) == 6
    (read,) = seen(watch).reads
    assert (read.version, read.shape) == (f"1 {name}", (6, 1))
    lazy = pl.scan_delta("table", version=0)
    watch.take("s.0", at_end=True)
    assert len(lazy.collect()) == 3
    assert versions(watch) == [("table", "folder", f"0 {name}")]
    delta.write_deltalake("my table", TABLE)
    watch.begin_cell()
    watch.take("s.0", at_end=True)
    delta.DeltaTable("my table").to_pyarrow_table()
    assert [one[0] for one in versions(watch)] == ["my table"]


def test_a_scan_of_iceberg_names_its_snapshot(watch: DataWatch, monkeypatch):
    monkeypatch.setenv("POLARS_ICEBERG_PLANNER", "pyiceberg")
    memory = pytest.importorskip("pyiceberg.catalog.memory")
    Path("lake").mkdir()
    catalog = memory.InMemoryCatalog("c", warehouse=f"file://{Path('lake').absolute()}")
    catalog.create_namespace("n")
    table = catalog.create_table("n.t", schema=TABLE.schema)
    assert len(table.scan().to_arrow()) == 0  # no snapshot yet
    for _ in range(2):
        table.append(TABLE)
    first, last = (str(one.snapshot_id) for one in table.snapshots())
    watch.take("s.0", at_end=True)
    watch.begin_cell()
    assert len(table.scan().to_arrow()) == 6
    assert versions(watch) == [("lake/n/t", "folder", last)]
    table.scan(snapshot_id=int(first)).to_pandas()
    assert versions(watch) == [("lake/n/t", "folder", first)]
    assert len(pl.scan_iceberg(table).collect()) == 6
    assert versions(watch) == [("lake/n/t", "folder", last)]
    catalog.engine.dispose()


def test_a_table_elsewhere_is_its_version(watch: DataWatch):
    watch.read_table(TableVersion("s3://bucket/t", "3 of 1f0a9c22"), "wrapper")
    (read,) = seen(watch).reads
    digest = digest_version("s3://bucket/t", "version", "3 of 1f0a9c22")
    assert (read.kind, read.uri, read.digest) == ("url", "s3://bucket/t", digest)
    assert (read.version, read.missing) == ("3 of 1f0a9c22", None)


def test_of_a_private_table_nothing_is_said(watch: DataWatch):
    root = Path.cwd()
    set_private((), ["vault/**", "s3://bucket/vault/**"], root)
    try:
        for location in (str(root / "vault/t"), "s3://me@bucket/vault/t"):
            Path("vault/t").mkdir(parents=True, exist_ok=True)
            watch.read_table(TableVersion(location, "3 of 1f0a9c22"), "wrapper")
            (read,) = seen(watch).reads
            assert (read.name, read.missing, read.version) == ("private", "private", None)
    finally:
        set_private((), (), root)


def cell_that_read(digest: str, *versions: str | None) -> Any:
    told = Told()
    read = Seen(uri="file:///w/t", name="t", kind="folder", seen_by="wrapper", digest=digest)
    looks = [
        msgspec.structs.replace(read, version=one, stat=(0, 0, at))
        for at, one in enumerate(versions)
    ]
    told.cell("train()", reads=looks)
    return told.replay().document().cell_runs


def test_a_folder_of_a_table_counts_once_for_each_version_of_it():
    (cell,) = cell_that_read("folder1:a", "3 of 1f", None, "4 of 1f", "3 of 1f")
    assert [ref.version for ref in cell.reads] == ["3 of 1f", "4 of 1f"]


def test_the_same_version_is_the_same_data_whatever_was_added_beside_it():
    before, after = cell_that_read("folder1:a", "3 of 1f"), cell_that_read("folder1:b", "3 of 1f")
    same: dict[str, int] = {}
    assert compare_data(before, after, same) == ([], [])
    assert same == {"inputs": 1}
    (change,), _ = compare_data(before, cell_that_read("folder1:b", "4 of 1f"), {})
    assert change.note == "version 3 of 1f → 4 of 1f"
