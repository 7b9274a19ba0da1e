"""Tables that keep their own history, Delta's and Iceberg's: where one lies, and which version of it is read.

Each is asked only for what it holds in memory anyway: what it read of its log, to know its files.
"""

from typing import Any, NamedTuple

from nbops.capture.data.contents import path_of

_DIGITS = 8
"""Of a Delta table's own id: a new table at the same place counts from 0 again."""


class TableVersion(NamedTuple):
    """One version of a table."""

    location: str  # a path, or a URL
    version: str  # "3 of 1f0a9c22" of Delta's, or the id of Iceberg's snapshot


def read_version(reader: Any) -> TableVersion | None:
    """Version that is read by a table of Delta, a scan of Iceberg, or what polars makes of the first.

    None of a table that has none yet.
    """
    if hasattr(reader, "table_metadata"):
        snapshot = reader.snapshot()
        location = str(reader.table_metadata.location)
        return TableVersion(_place(location), str(snapshot.snapshot_id)) if snapshot else None
    table = reader.table() if hasattr(reader, "table") else reader
    version = f"{table.version()} of {str(table.metadata().id)[:_DIGITS]}"
    return TableVersion(_place(str(table.table_uri)), version)


def _place(location: str) -> str:
    path = path_of(location) if location.startswith("file:") else location
    return path.rstrip("/")
