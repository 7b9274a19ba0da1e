"""What is looked at every other second tells that something may have changed, and costs little."""

import os
import shutil

import pytest

from nbops.capture.data.listings import list_folder
from nbops.index.glance import Glance
from nbops.index.queries import Index
from nbops.records import Listing
from nbops.workspace import Workspace


def marks(workspace: Workspace, listing: Listing) -> list[str]:
    return list(Glance(Index(workspace), (), [listing]).marks())


@pytest.mark.parametrize(("pattern", "new"), [("*.csv", "a.csv"), ("*/a.csv", "b/a.csv")])
def test_a_folder_with_another_name_has_another_mark(
    fresh_workspace: Workspace, pattern: str, new: str
):
    data = fresh_workspace.root / "data"
    (data / "b").mkdir(parents=True)
    os.utime(data, ns=(1, 1))  # as if long ago
    listing = list_folder(str(data), (pattern,), fresh_workspace)
    before = marks(fresh_workspace, listing)
    assert marks(fresh_workspace, listing) == before
    (data / new).touch()
    assert marks(fresh_workspace, listing) != before
    shutil.rmtree(data)
    assert len(marks(fresh_workspace, listing)) == 1


def test_to_mark_a_folder_its_names_are_not_read_and_unknown_ones_have_no_mark(
    fresh_workspace: Workspace, monkeypatch: pytest.MonkeyPatch
):
    listing = list_folder(str(fresh_workspace.root), (), fresh_workspace)
    unknown = Listing(uri=listing.uri, name="./", missing="it has more than 10,000 names")
    with monkeypatch.context() as patched:
        patched.delattr(os, "scandir")
        assert len(marks(fresh_workspace, listing)) == 1
        assert marks(fresh_workspace, unknown) == []
