"""The file of the index: a cache, that is made anew when it is damaged, and only then."""

import sqlite3
from pathlib import Path

import pytest

from nbops.errors import UsageError
from nbops.index import database
from nbops.workspace import Workspace


def test_an_index_that_another_process_has_locked_is_not_thrown_away(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
):
    older = database.connect(workspace.index, to_write=True)
    older.execute("PRAGMA user_version = 0")
    inode = workspace.index.stat().st_ino
    older.execute("BEGIN IMMEDIATE")
    open_patiently = database._open_to_write

    def open_to_write(path: Path) -> sqlite3.Connection:
        db = open_patiently(path)
        db.execute("PRAGMA busy_timeout = 100")
        return db

    monkeypatch.setattr(database, "_open_to_write", open_to_write)
    with pytest.raises(UsageError, match="locked"):
        database.connect(workspace.index, to_write=True)
    assert workspace.index.stat().st_ino == inode
    older.close()
