"""Tables made so that it is known which rows, columns and values differ."""

import io
import json

import pandas as pd
import pyarrow as pa
import pytest

from nbops.comparison.differences import ColumnSummary, RowsChange
from nbops.comparison.formats import NoTable, read_table
from nbops.comparison.tables import compare_tables

WINE = pd.DataFrame(
    {"id": range(1, 7), "price": [4.5, 3.0, 8.0, None, 2.5, 9.0], "kind": list("rwrwrw")}
)


def compared(a: pd.DataFrame, b: pd.DataFrame) -> RowsChange:
    return compare_tables(*(pa.Table.from_pandas(one, preserve_index=False) for one in (a, b)))


def counts(found: RowsChange) -> tuple[int, int, int, str | None]:
    return found.added, found.removed, found.changed, found.key


def test_rows_are_known_by_a_column_that_names_each_once():
    other = WINE.copy()
    other.loc[1, "price"] = 3.5
    other.loc[6] = [7, 1.0, "w"]
    other = other.drop(index=0).sample(frac=1, random_state=1)
    found = compared(WINE, other)
    assert counts(found) == (1, 1, 1, "id")
    assert [line.text for line in found.lines] == [
        "id,price,kind",
        "2,3.0,w",
        "2,3.5,w",
        "1,4.5,r",
        "7,1.0,w",
    ]
    (price,) = [column for column in found.columns if column.changed]
    assert (price.name, price.changed) == ("price", 1)
    assert price.a == ColumnSummary(missing=1, low=2.5, high=9.0, mean=5.4)


def test_rows_without_a_name_are_known_by_their_place_or_by_what_they_hold():
    bare = WINE[["price", "kind"]]
    changed = bare.copy()
    changed.loc[2, "kind"] = "w"
    assert counts(compared(bare, changed)) == (0, 0, 1, None)
    assert counts(compared(bare, bare.drop(index=0))) == (0, 1, 0, None)
    twice = pd.concat([bare, bare.head(1)])
    assert counts(compared(bare, twice)) == (1, 0, 0, None)


def test_a_row_number_that_shifts_is_no_name():
    numbered = WINE[["price", "kind"]].reset_index()
    shifted = numbered.drop(index=0).reset_index(drop=True)
    shifted["index"] = range(len(shifted))
    found = compared(numbered, shifted)
    assert found.removed - found.added == 1, "whatever the way, the counts agree with the tables"
    assert found.a_rows == 6


def test_the_same_rows_in_another_order_are_told_as_that():
    found = compared(WINE, WINE.iloc[::-1])
    assert (counts(found), found.is_reordered) == ((0, 0, 0, None), True)
    assert not compared(WINE, WINE).is_reordered


def test_columns_that_came_went_or_have_another_type_are_named():
    other = WINE.rename(columns={"kind": "sort"}).astype({"id": "float64"})
    found = compared(WINE, other)
    assert counts(found) == (0, 0, 0, None), "1 and 1.0 are the same value"
    types = {column.name: (column.a_type, column.b_type) for column in found.columns}
    assert types == {
        "id": ("int64", "float64"),
        "kind": ("large_string", None),
        "sort": (None, "large_string"),
    }
    assert compared(WINE, WINE.add_prefix("other_")).missing == "no column is in both"


def test_missing_values_infinities_and_nested_ones_are_compared():
    a = pa.table({"x": [1.0, float("nan"), None, float("inf")], "y": [[1], [2], None, []]})
    b = pa.table({"x": [1.0, float("nan"), None, float("-inf")], "y": [[1], [3], None, []]})
    found = compare_tables(a, b)
    assert counts(found) == (0, 0, 2, None)
    assert {column.name: column.changed for column in found.columns} == {"x": 1, "y": 1}
    assert counts(compare_tables(a, a)) == (0, 0, 0, None)
    assert compare_tables(a.slice(0, 0), b).added == 4


@pytest.mark.parametrize("name", ["a.csv", "a.TSV", "a.csv.gz", "a.parquet", "a.feather", "a.json"])
def test_files_of_these_kinds_are_tables(name: str):
    content = io.BytesIO()
    match name.lower().removesuffix(".gz").rpartition(".")[2]:
        case "csv":
            WINE.to_csv(content, index=False, compression="gzip" if name.endswith("gz") else None)
        case "tsv":
            WINE.to_csv(content, index=False, sep="\t")
        case "parquet":
            WINE.to_parquet(content)
        case "feather":
            WINE.to_feather(content)
        case "json":
            WINE.to_json(content)
    table = read_table(content.getvalue(), name)
    assert table.column_names == ["id", "price", "kind"]
    assert table.column("price").to_pylist()[:4] == [4.5, 3.0, 8.0, None]


def test_lines_of_json_and_records_are_tables_and_columns_of_one_name_are_told_apart():
    lines = "\n".join(map(json.dumps, [{"x": 1}, {"x": 2, "y": "z"}]))
    records = '[{"x": 1}, {"x": 2, "y": "z"}]'
    for content, name in ((lines, "a.jsonl"), (records, "a.json")):
        assert read_table(content.encode(), name).to_pydict() == {"x": [1, 2], "y": [None, "z"]}
    assert read_table(b"x;x\n1;2\n", "a.csv").column_names == ["x", "x.1"]


@pytest.mark.parametrize(
    ("content", "name", "why"),
    [
        (b"x", "a.pkl", "rows are compared of CSV"),
        (b"x,y\n1\n1,2,3\n", "a.csv", "cannot be read as a table"),
        (b"PAR1", "a.parquet", "cannot be read as a table"),
        (b'{"x": 3}', "a.json", "it has no rows"),
        (b"no gzip", "a.csv.gz", "cannot be unpacked"),
    ],
)
def test_what_is_no_table_says_why(content: bytes, name: str, why: str):
    with pytest.raises(NoTable, match=why):
        read_table(content, name)
