import time
from contextlib import nullcontext

import pytest
from processes import wait_until

from nbops.capture.outputs import OutputLog
from nbops.capture.secrets.masking import Masker
from nbops.journal.facts import OutputsKept
from nbops.recording import outputs
from nbops.recording.outputs import OutputKeeper
from nbops.store import Store
from nbops.workspace import Workspace


class Kept:
    """A keeper with what it has done."""

    def __init__(self, workspace: Workspace) -> None:
        self.facts: list[OutputsKept] = []
        self.settled = 0
        self.keeper = OutputKeeper(
            Store(workspace.store), Masker(), self.facts.append, self._settle, nullcontext
        )

    def _settle(self) -> None:
        self.settled += 1

    def print(self, cell_run: str) -> None:
        log = OutputLog(cell_run)
        log.add_stream("stdout", cell_run)
        self.keeper.put(log)


@pytest.fixture
def kept(fresh_workspace: Workspace):
    kept = Kept(fresh_workspace)
    yield kept
    kept.keeper.close()


def test_outputs_wait_until_no_cell_runs_and_are_kept_together(kept: Kept, monkeypatch):
    monkeypatch.setattr(outputs, "_AT_MOST_S", 3600.0)
    kept.keeper.begin_cell()
    for number in range(3):
        kept.print(f"s.{number}")
        time.sleep(0.1)  # in which it could
    assert not kept.facts
    kept.keeper.end_cell()
    wait_until(lambda: len(kept.facts) == 3)
    assert [fact.cell_run for fact in kept.facts] == ["s.0", "s.1", "s.2"]
    assert kept.settled == 1


def test_outputs_do_not_wait_for_a_long_cell(kept: Kept):
    kept.keeper.begin_cell()
    kept.print("s.0")
    wait_until(lambda: len(kept.facts) == 1)


def test_what_waits_is_kept_at_the_end(kept: Kept, monkeypatch):
    monkeypatch.setattr(outputs, "_AT_MOST_S", 3600.0)
    kept.keeper.begin_cell()
    kept.print("s.0")
    kept.keeper.close()
    assert len(kept.facts) == 1
