"""What a person sees of a sweep while it runs."""

import pytest

from nbops.cli import sweep_board
from nbops.cli.sweep_board import SweepBoard
from nbops.jobs.sweep_plan import Result


def test_the_time_left_counts_a_worker_that_is_about_to_take_its_next_point(
    monkeypatch: pytest.MonkeyPatch,
):
    now = 0.0
    monkeypatch.setattr(sweep_board.time, "monotonic", lambda: now)
    board = SweepBoard(9, None, is_quiet=True)
    board.begun(0, {"x": 0})
    board.begun(1, {"x": 1})
    now = 10.0
    board.tell(Result(0, {"x": 0}, "finished"), None)
    assert board._summary() == "[1/9] · about 40.0 s left"
