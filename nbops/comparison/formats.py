"""Tables from the bytes of files: CSV, Parquet, Feather, JSON. Nothing in them is run."""

import csv
import io
import json
import zlib
from typing import Any

_MOST_BYTES = 500_000_000
"""Unpacked; a small file may hold a large table."""

_PACKED = (".gz",)
_DELIMITERS = ",;\t|"


class NoTable(Exception):
    """Bytes that are no table, or none that is read here; says why in a few words."""


def read_table(content: bytes, name: str) -> Any:
    """A `pyarrow.Table` of a file's content, each column under a name of its own.

    Parameters
    ----------
    name
        Of the file: its ending says what it is.

    Raises
    ------
    NoTable
        It is none, or is too large.
    """
    import pyarrow as pa

    name = name.lower()
    if name.endswith(_PACKED):
        content, name = _unpack(content), name.rpartition(".")[0]
    reader = next((read for ends, read in _READERS.items() if name.endswith(ends)), None)
    if reader is None:
        raise NoTable("rows are compared of CSV, Parquet, Feather and JSON")
    try:
        table = reader(content)
    except (pa.ArrowException, ValueError, TypeError, KeyError, OSError) as error:
        raise NoTable(
            f"it cannot be read as a table: {str(error).splitlines()[0][:120]}"
        ) from error
    if table.nbytes > _MOST_BYTES:
        raise NoTable("the table is too large to be compared row by row")
    return table.rename_columns(_unique(table.column_names))


def _unpack(content: bytes) -> bytes:
    unpacker = zlib.decompressobj(wbits=31)
    try:
        unpacked = unpacker.decompress(content, _MOST_BYTES)
    except zlib.error as error:
        raise NoTable("it cannot be unpacked") from error
    if unpacker.unconsumed_tail:
        raise NoTable("the table is too large to be compared row by row")
    return unpacked


def _read_csv(content: bytes) -> Any:
    from pyarrow import csv as arrow

    line = content.partition(b"\n")[0].decode("utf-8", "replace")
    try:
        delimiter = csv.Sniffer().sniff(line, _DELIMITERS).delimiter
    except csv.Error:
        delimiter = ","
    return arrow.read_csv(
        io.BytesIO(content),
        parse_options=arrow.ParseOptions(delimiter=delimiter, newlines_in_values=True),
    )


def _read_parquet(content: bytes) -> Any:
    from pyarrow import parquet

    file = parquet.ParquetFile(io.BytesIO(content))
    groups = (file.metadata.row_group(number) for number in range(file.metadata.num_row_groups))
    if sum(group.total_byte_size for group in groups) > _MOST_BYTES:
        raise NoTable("the table is too large to be compared row by row")
    return file.read()


def _read_feather(content: bytes) -> Any:
    from pyarrow import feather

    return feather.read_table(io.BytesIO(content))


def _read_lines(content: bytes) -> Any:
    from pyarrow import json as arrow

    return arrow.read_json(io.BytesIO(content))


def _read_json(content: bytes) -> Any:
    """Records, or columns by name as pandas writes them."""
    import pyarrow as pa

    found = json.loads(content)
    if isinstance(found, dict) and found:
        columns = [list(c.values()) if isinstance(c, dict) else c for c in found.values()]
        if not all(isinstance(column, list) for column in columns):
            raise ValueError("it has no rows")
        return pa.Table.from_pydict(dict(zip(found, columns, strict=True)))
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise ValueError("it has no rows")
    names = dict.fromkeys(name for row in found for name in row)
    return pa.Table.from_pydict({name: [row.get(name) for row in found] for name in names})


def _unique(names: list[str]) -> list[str]:
    """Names of columns, each once: files may hold one twice.

    >>> _unique(["x", "y", "x"])
    ['x', 'y', 'x.1']
    """
    found: dict[str, None] = {}
    for name in names:
        count, given = 0, name
        while given in found:
            count += 1
            given = f"{name}.{count}"
        found[given] = None
    return list(found)


_READERS = {
    (".csv", ".tsv"): _read_csv,
    (".parquet", ".pq"): _read_parquet,
    (".feather", ".arrow"): _read_feather,
    (".jsonl", ".ndjson"): _read_lines,
    (".json",): _read_json,
}
