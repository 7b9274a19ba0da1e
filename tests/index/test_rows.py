"""Versions of files compared in a process of their own."""

from pathlib import Path

import pytest

from nbops.index import rows as rows_module
from nbops.index.rows import RowsReader
from nbops.records import DataRef
from nbops.store import Store
from nbops.workspace import Workspace


@pytest.fixture
def keep(fresh_workspace: Workspace):
    """Keep a copy of some content under a name."""
    fresh_workspace.kept_data.mkdir(parents=True)
    store = Store(fresh_workspace.kept_data)

    def keep(content: str, name: str = "wine.csv") -> DataRef:
        file = fresh_workspace.root / "file"
        file.write_text(content)
        digest, size = store.put_file(file)
        return DataRef(uri="file:///wine.csv", name=name, digest=digest, size_bytes=size)

    return keep


def test_kept_versions_are_compared_and_what_is_not_kept_says_so(fresh_workspace: Workspace, keep):
    a, b, c = (keep(f"id,x\n1,2\n2,{x}\n") for x in (3, 4, "3\n3,5"))
    large = DataRef(uri=a.uri, name=a.name, digest="file1:" + "0" * 64, size_bytes=17_000_000)
    text, more = keep("one\n", "a.txt"), keep("one\ntwo\n", "a.txt")
    with RowsReader(fresh_workspace) as reader:
        assert (reader(a, b).changed, reader(a, c).added) == (1, 1)
        assert reader(a, large) == "no copy of B is kept, which is larger than keep_data (16 MB)"
        assert (reader(text, more).added, reader(text, more).lines[0].text) == (1, "two")
        process = reader._process
    assert process is not None
    assert process.returncode is not None, "it is gone with the question"


def test_private_columns_are_not_told_of(fresh_workspace: Workspace, keep):
    (fresh_workspace.root / "pyproject.toml").write_text(
        '[tool.nbops]\nprivate_columns = ["ssn"]\n'
    )
    a, b = keep("id,SSN\n1,1111\n"), keep("id,SSN\n1,2222\n")
    with RowsReader(Workspace(fresh_workspace.root, fresh_workspace.state)) as reader:
        told = reader(a, b)
    assert "SSN" not in repr(told)
    assert told.changed == 0


def test_a_file_that_takes_too_long_is_left_and_so_are_the_ones_after_it(
    fresh_workspace: Workspace, keep, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(rows_module, "_COMMAND", ["sleep", "600"])
    a, b, c = (keep(f"x\n{x}\n") for x in (1, 2, 3))
    with RowsReader(fresh_workspace, patience_s=0.1) as reader:
        assert reader(a, b) == "comparing its rows took too long"
        assert reader(a, c) == "comparing the rows of all files took too long"
    monkeypatch.setattr(rows_module, "_COMMAND", ["false"])
    with RowsReader(fresh_workspace) as reader:
        assert reader(a, b).startswith("its rows could not be compared")
        Path(fresh_workspace.kept_data).rename(fresh_workspace.root / "gone")
        assert reader(a, c) == "no copy of A is kept"
