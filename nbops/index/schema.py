"""Tables of the index, shared by processes of several versions."""

import sqlite3
from pathlib import Path

_VERSION = 4
"""Other versions may write to the same file: a new one adds tables and columns, and changes none."""

_SCHEMA = """
CREATE TABLE sessions (
    id TEXT PRIMARY KEY, notebook TEXT, kernel_id TEXT, name TEXT, experiment TEXT, status TEXT,
    started_at TEXT, version INTEGER, record BLOB, journal_bytes INTEGER, findings_bytes INTEGER,
    unshipped INTEGER
);
CREATE INDEX sessions_by_notebook ON sessions (notebook, started_at);
CREATE TABLE cell_runs (
    id TEXT PRIMARY KEY, session_id TEXT, seq INTEGER, cell_id TEXT, version INTEGER, record BLOB
);
CREATE INDEX cell_runs_by_session ON cell_runs (session_id, seq);
CREATE INDEX cell_runs_by_cell ON cell_runs (cell_id);
CREATE TABLE data_uses (
    digest TEXT, cell_run_id TEXT, way TEXT, uri TEXT, name TEXT,
    PRIMARY KEY (digest, cell_run_id, way, uri)
) WITHOUT ROWID;
CREATE INDEX data_uses_by_cell ON data_uses (cell_run_id);
CREATE TABLE runs (
    id TEXT PRIMARY KEY, session_id TEXT, experiment TEXT, notebook TEXT, name TEXT, status TEXT,
    origin TEXT, user TEXT, started_at TEXT, duration_s REAL, mlflow_run_id TEXT, version INTEGER,
    tracking_uri TEXT, search TEXT, record BLOB
);
CREATE INDEX runs_by_experiment ON runs (experiment, started_at);
CREATE INDEX runs_by_user ON runs (user, started_at);
CREATE INDEX runs_by_time ON runs (started_at);
CREATE INDEX runs_by_mlflow ON runs (mlflow_run_id);
CREATE INDEX runs_by_session ON runs (session_id, started_at, id);
CREATE TABLE run_values (
    run_id TEXT, kind TEXT, name TEXT, number REAL, text TEXT, PRIMARY KEY (run_id, kind, name)
) WITHOUT ROWID;
CREATE INDEX run_values_by_name ON run_values (kind, name, number);
CREATE TABLE digests (
    path TEXT PRIMARY KEY, inode INTEGER, size_bytes INTEGER, mtime_ns INTEGER, digest TEXT
) WITHOUT ROWID;
CREATE TABLE state (key TEXT PRIMARY KEY, value TEXT);
INSERT INTO state VALUES ('version', strftime('%s', 'now') || '000');
"""
"""Versions go on from the time, so that those of an index that was made anew are newer than the old one's."""

_WRITTEN = {
    "sessions": "id notebook kernel_id name experiment status started_at version record"
    " journal_bytes findings_bytes unshipped",
    "cell_runs": "id session_id seq cell_id version record",
    "data_uses": "digest cell_run_id way uri name",
    "runs": "id session_id experiment notebook name status origin user started_at duration_s"
    " mlflow_run_id version tracking_uri search record",
    "run_values": "run_id kind name number text",
    "digests": "path inode size_bytes mtime_ns digest",
    "state": "key value",
}
INTO = {
    table: f"INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
    for table, names in ((table, names.split()) for table, names in _WRITTEN.items())
}
"""Statements with the columns by their names: a newer version may have made more of them."""


def with_schema(connection: sqlite3.Connection, path: Path) -> sqlite3.Connection:
    """Make the tables, in place of an older version's.

    In the file that is there, since a process of the older version may still write to it. What a newer
    version made has more columns, and is used as it is.
    """
    if connection.execute("PRAGMA user_version").fetchone()[0] < _VERSION:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        drop = "".join(f"DROP TABLE {name};" for (name,) in tables.fetchall())
        ours = f"{_SCHEMA} PRAGMA user_version = {_VERSION};"
        connection.executescript(f"BEGIN IMMEDIATE; {drop} {ours} COMMIT;")
        path.chmod(0o600)
    return connection
