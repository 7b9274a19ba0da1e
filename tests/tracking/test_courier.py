"""What the background process makes of sessions that are damaged, newer than it, or cannot be followed."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from processes import PATIENCE_S, wait_until

from nbops.capture.environment.machine import this_process
from nbops.index.database import discard_index
from nbops.index.executed import EXECUTED_NOTEBOOK
from nbops.index.queries import Index
from nbops.journal import facts
from nbops.journal.reader import FINDINGS, JOURNAL
from nbops.journal.writer import Journal
from nbops.recording.background import request_retry
from nbops.tracking import courier as courier_module
from nbops.tracking import service
from nbops.tracking.courier import Courier
from nbops.tracking.driver import Driver
from nbops.tracking.following import FollowedSession
from nbops.tracking.ownership import Lease
from nbops.workspace import Workspace


class NoStore:
    """Stands for a store that is sent nothing."""

    error = None
    failures = 0

    def __init__(self, *_: Any) -> None:
        pass

    put = ask = forget = retry_now = stop = __init__


@pytest.fixture
def courier(fresh_workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Iterator[Courier]:
    monkeypatch.setattr(courier_module, "Shipper", NoStore)
    courier = Courier(fresh_workspace)
    yield courier
    courier.close()


def leave_session(workspace: Workspace, name: str, *, cells: int = 2) -> Path:
    """A session whose kernel was killed after its last cell."""
    folder = workspace.sessions / name
    workspace.prepare()
    folder.mkdir()
    journal = Journal(folder / JOURNAL)
    here = this_process()
    journal.append(
        facts.SessionStarted(
            format=1, session=name, kind="interactive", name=name, experiment="e", notebook=None,
            kernel_id=None, user="me", host=here.host, boot_id=here.boot_id,
            pid_namespace=here.pid_namespace, pid=2**30, pid_started=1.0, at=1.0, nbops="0",
            executable="/nowhere/python", sys_path=[], environment_stamp="", python="3.11.0",
            implementation="CPython", platform="", cwd=str(workspace.root),
            workspace=str(workspace.root), tracking_uri=workspace.embedded_uri,
        )
    )  # fmt: skip
    for seq in range(cells):
        cell = f"{name}.{seq}"
        journal.append(
            facts.CellStarted(
                cell_run=cell, seq=seq, cell_id=None, execution_count=seq + 1, source=f"x = {seq}",
                at=2.0 + seq, environment_stamp="",
            )
        )  # fmt: skip
        journal.append(
            facts.CellEnded(
                cell_run=cell,
                status="ok",
                at=2.5 + seq,
                duration_s=0.5,
                cpu_s=0.1,
                peak_memory_bytes=1,
            )
        )
    journal.close()
    return folder


def serve_until(courier: Courier, condition: Any) -> None:
    def look() -> object:
        courier.tick()
        return condition()

    wait_until(look)


def status_of(index: Index, name: str) -> str | None:
    return next((s.status for s in index.sessions() if s.id == name), None)


def test_a_torn_last_line_is_said_and_nobody_waits_for_its_end(courier: Courier):
    folder = leave_session(courier.workspace, "torn")
    with (folder / JOURNAL).open("ab") as file:
        file.write(b'0123 {"fact":"cell_st')
    index = Index(courier.workspace)
    serve_until(courier, lambda: status_of(index, "torn") == "finished")
    assert index.wait(0.0), "as far as it goes, it is indexed"
    (session,) = index.sessions()
    assert session.problems == ("the record's last line is torn: what it said is lost",)
    assert len(index.document(index.resolve("torn")).cell_runs) == 2


def test_facts_of_a_newer_nbops_are_counted_in_the_record(courier: Courier):
    folder = leave_session(courier.workspace, "newer")
    lines = (folder / JOURNAL).read_bytes()
    newer = lines.replace(b'"fact":"cell_ended"', b'"fact":"cell_dreamt"')
    assert newer != lines
    (folder / JOURNAL).write_bytes(newer)
    index = Index(courier.workspace)
    serve_until(courier, lambda: status_of(index, "newer") == "died")
    (session,) = index.sessions()
    assert [problem.partition(":")[0] for problem in session.problems] == [
        "2 lines of the record are damaged",
        "2 facts are of kinds that only a newer nbops knows",
    ]


def test_a_session_that_cannot_be_followed_keeps_back_no_other_and_is_taken_up_again(
    courier: Courier, monkeypatch: pytest.MonkeyPatch
):
    for name in ("bad", "good"):
        leave_session(courier.workspace, name)
    advance = FollowedSession.advance

    def fail_once(followed: FollowedSession) -> bool:
        if followed.id == "bad":
            raise OSError(28, os.strerror(28))
        return advance(followed)

    monkeypatch.setattr(FollowedSession, "advance", fail_once)
    index = Index(courier.workspace)
    serve_until(courier, lambda: status_of(index, "good") == "finished")
    assert index.state()["error"] == "session bad: [Errno 28] No space left on device"
    monkeypatch.setattr(FollowedSession, "advance", advance)
    request_retry(courier.workspace)
    serve_until(courier, lambda: status_of(index, "bad") == "finished")
    serve_until(courier, lambda: index.state()["error"] == "")


def test_a_session_that_was_thought_gone_and_goes_on_is_running_again(courier: Courier):
    folder = leave_session(courier.workspace, "back", cells=3)
    whole = (folder / JOURNAL).read_bytes()
    (folder / JOURNAL).write_bytes(b"".join(whole.splitlines(keepends=True)[:3]))
    index = Index(courier.workspace)
    serve_until(courier, lambda: status_of(index, "back") == "finished")
    from nbops.replay import replay_folder

    (folder / JOURNAL).write_bytes(whole)
    assert replay_folder(folder).status == "running"


def test_a_wish_to_look_into_mlflow_is_heard_though_the_clock_was_set_back(
    courier: Courier, monkeypatch: pytest.MonkeyPatch
):
    looked: list[str] = []
    monkeypatch.setattr(NoStore, "look_now", lambda _: looked.append("once"), raising=False)
    wish = courier.workspace.state / "look"
    wish.touch()
    serve_until(courier, lambda: looked)
    an_hour_ago = time.time() - 3600
    os.utime(wish, (an_hour_ago, an_hour_ago))
    serve_until(courier, lambda: len(looked) == 2)


@pytest.fixture
def serve(fresh_workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Serves the workspace in this process, as the one in the background does, until all is done."""
    monkeypatch.setattr(courier_module, "Shipper", NoStore)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setattr(service, "yield_a_little", lambda: None)
    monkeypatch.setenv("NBOPS_WORKSPACE", str(fresh_workspace.root))
    monkeypatch.setenv("NBOPS_STAY_S", "0.2")
    return lambda: service.main(str(fresh_workspace.root))


def damage_index(workspace: Workspace) -> None:
    data = bytearray(workspace.index.read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)
    workspace.index.write_bytes(data)


def test_a_damaged_index_is_built_anew(fresh_workspace: Workspace, serve: Callable[[], None]):
    leave_session(fresh_workspace, "one")
    serve()
    index = Index(fresh_workspace)
    assert status_of(index, "one") == "finished"
    damage_index(fresh_workspace)
    leave_session(fresh_workspace, "two")
    serve()
    assert (status_of(index, "one"), status_of(index, "two")) == ("finished", "finished")


def test_an_index_that_is_taken_away_is_built_anew_by_who_writes_it(
    fresh_workspace: Workspace, serve: Callable[[], None], monkeypatch: pytest.MonkeyPatch
):
    handlers: dict[int, Any] = {}
    monkeypatch.setattr(signal, "signal", handlers.__setitem__)
    monkeypatch.setenv("NBOPS_STAY_S", "60")
    leave_session(fresh_workspace, "one")
    index = Index(fresh_workspace)
    serving = threading.Thread(target=serve)
    serving.start()
    wait_until(lambda: status_of(index, "one") == "finished")
    discard_index(fresh_workspace)
    try:
        wait_until(lambda: status_of(index, "one") == "finished", 10)
    finally:
        handlers[signal.SIGTERM]()
        serving.join()


def test_a_job_is_carried_on_when_the_index_is_damaged(
    fresh_workspace: Workspace, serve: Callable[[], None]
):
    leave_session(fresh_workspace, "before")
    serve()
    damage_index(fresh_workspace)
    leave_session(fresh_workspace, "job")
    with Driver(fresh_workspace, "job", is_errand=True) as driver:
        assert driver.finish(10) is None
    assert status_of(Index(fresh_workspace), "job") == "finished"


def test_a_job_that_cannot_be_carried_on_says_why_at_once_and_leaves_it_to_others(
    fresh_workspace: Workspace, monkeypatch: pytest.MonkeyPatch
):
    def fail(_: Courier) -> None:
        raise OSError(5, os.strerror(5))

    monkeypatch.setattr(Courier, "tick", fail)
    folder = leave_session(fresh_workspace, "job")
    with Driver(fresh_workspace, "job") as driver:
        told = driver.finish(10)
        assert Lease(folder).take(None)
    assert told == (
        "its runs wait for MLflow (OSError: [Errno 5] Input/output error);"
        " `nbops sync` ships what is left."
    )


def test_a_job_is_carried_on_until_its_notebook_is_kept(fresh_workspace: Workspace):
    folder = leave_session(fresh_workspace, "over")
    index = Index(fresh_workspace)
    with Driver(fresh_workspace, "over", is_errand=True) as driver:
        wait_until(lambda: [s.status for s in index.sessions()] == ["finished"])
        time.sleep(
            0.5
        )  # all that it wrote is seen to, and its kernel still takes its time to leave
        driver.keep_notebook(nbformat.v4.new_notebook())
        assert driver.finish(PATIENCE_S) is None
    assert EXECUTED_NOTEBOOK in (folder / FINDINGS).read_text()
