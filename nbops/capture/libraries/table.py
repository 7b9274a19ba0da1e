"""Functions of libraries that read or write files, many of them behind Python's back.

What Python itself opens is seen anyway; these know the frame's shape, too, and what C++ and Rust open.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

Does = Literal[
    "reads",
    "writes",
    "opens",
    "connects",
    "queries",
    "fetches",
    "relates",
    "scans",
    "collects",
    "sinks",
    "requests",
    "visits",
    "awaits",
    "executes",
    "yields",
    "hides",
    "spawns",
    "versions",
]


OTHER_ARGUMENTS = ("mode", "read_only", "con", "connection", "uri")
"""Parameters that say how a path is opened, and where a query goes."""


@dataclass(frozen=True)
class Call:
    """One such function.

    Parameters
    ----------
    name
        Its name in the module, or in the class `owner` of the module.
    argument
        Parameter that holds the path, or several paths, or the SQL.
    does
        `opens` reads or writes as its parameter `mode` says; `connects` opens a database; `queries`
        runs SQL over files, `fetches` over a database; `relates` gives what a relation of DuckDB reads;
        `scans` makes a lazy frame, which reads when
        something `collects` or `sinks` it; `requests` gets a URL, and `visits` a file on a file system
        of fsspec, which may be anywhere; `awaits` runs a coroutine of such a file system.
        A cursor of a database `executes` a statement and `yields` what it fetches; a
        driver whose cursors are of C `hides` that, from its connection on;
        `spawns` returns what a worker process is prepared with; `versions` reads one version of a
        table that keeps its history.
    position
        Of the argument, `self` not counted.
    subject
        Parameter that holds the frame which is written.
    """

    name: str
    argument: str
    does: Does
    owner: str | None = None
    position: int = 0
    subject: str = "self"

    @property
    def writes(self) -> bool:
        return self.does in ("writes", "sinks")


def _calls(
    names: str,
    argument: str,
    does: Does = "reads",
    owner: str | None = None,
    position: int = 0,
    subject: str = "self",
) -> Iterable[Call]:
    return (Call(name, argument, does, owner, position, subject) for name in names.split())


_PANDAS = (
    *_calls("read_csv read_table read_fwf read_stata read_sas read_pickle", "filepath_or_buffer"),
    *_calls("read_parquet read_feather read_orc read_spss", "path"),
    *_calls("read_json read_hdf", "path_or_buf"),
    *_calls("read_xml", "path_or_buffer"),
    *_calls("read_excel read_html", "io"),
    *_calls("read_sql read_sql_query", "sql", "fetches"),
    *_calls("read_sql_table", "table_name", "fetches"),
    *_calls("to_parquet to_feather to_orc to_stata to_pickle", "path", "writes", "DataFrame"),
    *_calls("to_csv to_json to_hdf", "path_or_buf", "writes", "DataFrame"),
    *_calls("to_excel", "excel_writer", "writes", "DataFrame"),
    *_calls("to_xml", "path_or_buffer", "writes", "DataFrame"),
    *_calls("to_csv to_json to_hdf", "path_or_buf", "writes", "Series"),
    *_calls("to_pickle", "path", "writes", "Series"),
)
_PARQUET = (
    *_calls("read_table read_pandas", "source"),
    *_calls("__init__", "source", owner="ParquetFile"),
    *_calls("__init__", "path_or_paths", owner="ParquetDataset"),
    *_calls("__init__", "where", "writes", "ParquetWriter"),
    *_calls("write_table", "where", "writes", position=1, subject="table"),
    *_calls("write_to_dataset", "root_path", "writes", position=1, subject="table"),
)
_POLARS = (
    *_calls(
        "read_avro read_csv read_delta read_excel read_ipc read_ipc_stream read_json read_lines"
        " read_ndjson read_ods read_parquet",
        "source",
    ),
    *_calls("read_database read_database_uri", "query", "fetches"),
    *_calls("scan_csv scan_delta scan_ipc scan_lines scan_ndjson scan_parquet", "source", "scans"),
    *_calls("collect collect_async collect_batches", "self", "collects", "LazyFrame"),
    *_calls("collect_all", "lazy_frames", "collects"),
    *_calls("sink_csv sink_ipc sink_ndjson sink_parquet", "path", "sinks", "LazyFrame"),
    *_calls(
        "write_avro write_csv write_ipc write_ipc_stream write_json write_ndjson write_parquet",
        "file",
        "writes",
        "DataFrame",
    ),
    *_calls("write_excel", "workbook", "writes", "DataFrame"),
    *_calls("write_delta", "target", "writes", "DataFrame"),
)
_FETCHES = "fetchone fetchmany fetchall"
_FRAMES = "df fetchdf fetch_df fetchnumpy pl arrow fetch_arrow_table fetch_record_batch"
_DUCKDB = (
    *(
        call
        for owner in (None, "DuckDBPyConnection")
        for call in (
            *_calls("sql query execute executemany from_query", "query", "queries", owner),
            *_calls("read_csv from_csv_auto", "args", owner=owner),
            *_calls("read_parquet from_parquet read_json", "path_or_buffer", owner=owner),
        )
    ),
    *_calls("connect", "database", "connects"),
    *_calls(f"{_FETCHES} {_FRAMES}", "self", "yields", "DuckDBPyConnection"),
    *_calls(f"fetchall to_df to_arrow_table {_FRAMES}", "self", "relates", "DuckDBPyRelation"),
    *_calls("write_parquet to_parquet write_csv to_csv", "file_name", "writes", "DuckDBPyRelation"),
)

_SQLALCHEMY = (
    *_calls("__init__", "context", "executes", "CursorResult"),
    *(
        call
        for owner in ("", "BufferedRow", "FullyBuffered")
        for call in _calls(
            "fetchone fetchmany fetchall", "result", "yields", f"{owner}CursorFetchStrategy"
        )
    ),
)

CALLS: Mapping[str, tuple[Call, ...]] = {
    "pandas": _PANDAS,
    "pyarrow": (*_calls("memory_map", "path", "opens"), *_calls("input_stream", "source")),
    "pyarrow.parquet": _PARQUET,
    "pyarrow.dataset": (
        *_calls("dataset", "source"),
        *_calls("write_dataset", "base_dir", "writes", position=1, subject="data"),
    ),
    "pyarrow.csv": (
        *_calls("read_csv open_csv", "input_file"),
        *_calls("write_csv", "output_file", "writes", position=1, subject="data"),
    ),
    "pyarrow.json": tuple(_calls("read_json", "input_file")),
    "pyarrow.orc": (
        *_calls("read_table", "source"),
        *_calls("write_table", "where", "writes", position=1, subject="table"),
    ),
    "pyarrow.feather": (
        *_calls("read_feather read_table", "source"),
        *_calls("write_feather", "dest", "writes", position=1, subject="df"),
    ),
    "pyarrow.ipc": (
        *_calls("open_file open_stream", "source"),
        *_calls("new_file new_stream", "sink", "writes", subject=""),
    ),
    "urllib.request": tuple(_calls("urlopen", "url", "requests")),
    "fsspec.spec": tuple(_calls("open", "path", "visits", "AbstractFileSystem")),
    "fsspec.asyn": tuple(_calls("sync", "func", "awaits", subject="args", position=1)),
    "sqlalchemy.engine.cursor": _SQLALCHEMY,
    "adbc_driver_manager.dbapi": (
        *_calls("execute", "operation", "executes", "Cursor"),
        *_calls(f"{_FETCHES} fetch_arrow_table fetch_df fetch_polars", "self", "yields", "Cursor"),
        *_calls("fetch_record_batch fetch_arrow", "self", "yields", "Cursor"),
    ),
    "psycopg": tuple(
        call
        for owner in ("Cursor", "ServerCursor", "AsyncCursor", "AsyncServerCursor")
        for call in (
            *_calls("execute", "query", "executes", owner),
            *_calls(f"{_FETCHES} __next__ __anext__", "self", "yields", owner),
        )
    ),
    "asyncpg.connection": tuple(
        _calls("fetch fetchrow fetchval", "query", "fetches", "Connection")
    ),
    "asyncpg.cursor": (
        *_calls("__init__", "query", "executes", "BaseCursor"),
        *_calls("fetch fetchrow", "self", "yields", "Cursor"),
        *_calls("__anext__", "self", "yields", "CursorIterator"),
    ),
    "asyncpg.prepared_stmt": (
        *_calls("__init__", "query", "executes", "PreparedStatement"),
        *_calls("fetch fetchrow fetchval", "self", "yields", "PreparedStatement"),
    ),
    **{
        driver: tuple(_calls("connect", "", "hides", subject=""))
        for driver in ("psycopg2", "pymysql", "MySQLdb", "pyodbc", "oracledb", "pymssql")
    },
    "polars": _POLARS,
    "duckdb": _DUCKDB,
    "deltalake": tuple(_calls("write_deltalake", "table_or_uri", "writes", subject="data")),
    "deltalake.table": tuple(
        _calls("to_pyarrow_dataset scan load_cdf", "self", "versions", "DeltaTable")
    ),
    "polars.io.delta._dataset": tuple(
        _calls("to_dataset_scan", "self", "versions", "DeltaDataset")
    ),
    "pyiceberg.table": tuple(_calls("plan_files", "self", "versions", "DataScan")),
    "multiprocessing.spawn": tuple(_calls("get_preparation_data", "name", "spawns")),
    "multiprocess.spawn": tuple(_calls("get_preparation_data", "name", "spawns")),
    "joblib.externals.loky.backend.spawn": tuple(_calls("get_preparation_data", "name", "spawns")),
    "loky.backend.spawn": tuple(_calls("get_preparation_data", "name", "spawns")),
    "torch": (  # it writes by itself, and maps by itself
        *_calls("save", "f", "writes", position=1, subject="obj"),
        *_calls("load", "f"),
    ),
    "torch.jit": (
        *_calls("save", "f", "writes", position=1, subject="m"),
        *_calls("load", "f"),
    ),
    **{
        f"safetensors.{kind}": (
            *_calls("save_file", "filename", "writes", position=1, subject=""),
            *_calls("load_file", "filename"),
        )
        for kind in ("torch", "numpy", "flax")
    },
    "h5py": tuple(_calls("__init__", "name", "opens", "File")),
    "tables": tuple(_calls("open_file", "filename", "opens")),
    "xarray": (
        *_calls("open_dataset open_dataarray load_dataset", "filename_or_obj"),
        *_calls("open_mfdataset", "paths"),
        *_calls("open_zarr", "store"),
        *_calls("to_netcdf", "path", "writes", "Dataset"),
        *_calls("to_zarr", "store", "writes", "Dataset"),
    ),
}
"""By module, in the order in which the functions are watched."""
