"""What takes seconds of a processor waits until no cell needs it, and no longer than it must."""

from collections.abc import Callable

import pytest
from processes import wait_until
from told import Told

from nbops.errors import StoreUnreachable
from nbops.tracking import environments, shipping
from nbops.tracking.environments import PackageChecker
from nbops.tracking.resting import Rest
from nbops.tracking.shipping import Shipper
from nbops.workspace import Workspace


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def rest_after(told: Told, seconds: float) -> Rest:
    clock = Clock()
    rest = Rest(clock)
    for fact in told.facts:
        rest.heed(fact)
    clock.now += seconds
    return rest


def told_of(*sources: str, ends: bool = True, kind: str = "interactive") -> Told:
    told = Told(kind=kind)
    for source in sources:
        told.cell(source, ends=ends)
    return told


@pytest.mark.parametrize(
    ("told", "seconds", "may_compare", "may_load"),
    [
        (told_of("x = 1"), 1.0, True, True),
        (told_of("x = 1"), 0.01, False, False),  # the next cell of many
        (told_of("fit()", ends=False), 60.0, False, False),
        (told_of("import mlflow", ends=False), 0.01, False, True),
        (told_of("fit()", ends=False, kind="job"), 0.01, True, True),
    ],
)
def test_mlflow_is_loaded_and_packages_are_compared_while_no_cell_needs_the_processor(
    told: Told, seconds: float, may_compare: bool, may_load: bool
):
    rest = rest_after(told, seconds)
    assert (rest.may_compare, rest.may_load) == (may_compare, may_load)


def test_comparing_packages_makes_way_for_a_cell_and_goes_on_after_it(
    monkeypatch: pytest.MonkeyPatch,
):
    jobs: list[Callable[[], None]] = []
    done: list[str] = []
    monkeypatch.setattr(environments, "_Check", lambda *_: FakeCheck(done))
    checker = PackageChecker(lambda _: None, jobs.append)
    checker.plan(told_of().facts[0], "e0", "d")
    checker.look(is_over=True, may_work=True)
    checker.look(is_over=True, may_work=False)
    jobs.pop()()
    assert (done, jobs) == (["a moment"], [])
    checker.look(is_over=True, may_work=False)
    assert not jobs
    checker.look(is_over=True, may_work=True)
    jobs.pop()()
    assert (len(done), len(jobs)) == (2, 1)


class FakeCheck:
    """A comparison that never comes to its end."""

    def __init__(self, done: list[str]) -> None:
        self._done = done

    def go_on(self) -> bool:
        self._done.append("a moment")
        return False


def test_a_store_is_opened_when_there_is_time_or_when_someone_asks(
    fresh_workspace: Workspace, monkeypatch: pytest.MonkeyPatch
):
    opened: list[str] = []

    def open_store(_workspace: Workspace, uri: str) -> None:
        opened.append(uri)
        raise StoreUnreachable("It is away.", "")

    monkeypatch.setattr(shipping, "open_store", open_store)
    asked: list[bool] = []
    shipper = Shipper(fresh_workspace, "http://nowhere", None, lambda: bool(asked.append(True)))
    try:
        wait_until(lambda: len(asked) > 2)
        assert not opened
        shipper.retry_now()
        wait_until(lambda: opened)
    finally:
        shipper.stop()
