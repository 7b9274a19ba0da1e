"""A watch on this very process, as a session has it while a cell runs."""

from collections.abc import Iterator

import pytest

from nbops.capture.data import hashing
from nbops.capture.data.audit import watch_with
from nbops.capture.data.beacon import Beacon
from nbops.capture.data.watch import DataWatch
from nbops.capture.libraries.readers import release_readers, watch_readers
from nbops.workspace import Workspace


@pytest.fixture
def audit_watch(fresh_workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Iterator[DataWatch]:
    """Sees what the interpreter opens."""
    monkeypatch.chdir(fresh_workspace.root)
    monkeypatch.setattr(hashing, "_BUDGET_S", 60.0)  # a slow machine hashes at once, too
    watch = DataWatch(fresh_workspace)
    watch_with(watch)
    watch.begin_cell()
    yield watch
    watch.end_cell()
    watch_with(None)
    assert watch.failures == 0


@pytest.fixture
def watch(audit_watch: DataWatch) -> Iterator[DataWatch]:
    """Sees what libraries open, too."""
    watch_readers()
    yield audit_watch
    release_readers()


@pytest.fixture
def worker_watch(
    fresh_workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> Iterator[DataWatch]:
    """Sees what workers open, too."""
    fresh_workspace.prepare()
    monkeypatch.chdir(fresh_workspace.root)
    folder = fresh_workspace.sessions / "s"
    folder.mkdir()
    beacon = Beacon("s")
    beacon.make()
    watch = DataWatch(fresh_workspace, folder, beacon)
    watch_with(watch)
    watch_readers()  # which invite who is spawned
    beacon.begin(0)
    watch.begin_cell()
    yield watch
    watch_with(None)
    release_readers()
