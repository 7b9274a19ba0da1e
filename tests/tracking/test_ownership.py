import os
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from nbops.capture.environment.machine import ProcessId, this_process
from nbops.journal.reader import JOURNAL
from nbops.tracking import ownership
from nbops.tracking.ownership import Lease

HERE = this_process()


@pytest.fixture
def session(tmp_path: Path) -> Path:
    """Folder of a session whose kernel is a process of this namespace."""
    folder = tmp_path / "session"
    folder.mkdir()
    (folder / JOURNAL).write_text("")
    return folder


@pytest.fixture
def be_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Go on as a process of this container, or of another one, with the same home."""

    def go(name: str) -> None:
        process = HERE if name == "here" else replace(HERE, pid_namespace=f"pid:[{name}]")
        monkeypatch.setattr(ownership, "this_process", lambda: process)
        monkeypatch.setattr(
            ProcessId,
            "is_local",
            property(lambda self: self.pid_namespace == process.pid_namespace),
        )
        monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / name))
        (tmp_path / name).mkdir(exist_ok=True)

    return go


def started() -> SimpleNamespace:
    about = {name: getattr(HERE, name) for name in ("host", "boot_id", "pid_namespace", "pid")}
    return SimpleNamespace(**about, pid_started=HERE.pid_started)


def grow_old(path: Path, seconds: float = 130.0) -> None:
    then = time.time() - seconds
    os.utime(path, (then, then))


def test_a_new_session_of_another_container_is_left_to_it(session: Path, be_in):
    be_in("there")
    assert not Lease(session).take(started())


def test_a_session_whose_container_is_gone_is_taken_over(session: Path, be_in):
    be_in("here")
    assert Lease(session).take(started())
    be_in("there")
    grow_old(session / "lease")
    assert not Lease(session).take(started()), "its kernel was heard of a moment ago"
    grow_old(session / JOURNAL)
    assert Lease(session).take(started())


def test_who_cannot_see_the_kernel_gives_the_session_back_to_who_can(
    session: Path, be_in, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(ownership, "_HEARTBEAT_S", 0.0)
    be_in("there")
    grow_old(session / JOURNAL)
    guest = Lease(session)
    assert guest.take(started())
    assert guest.renew()
    be_in("here")
    owner = Lease(session)
    assert not owner.take(started()), "not before the other one has let go"
    be_in("there")
    assert guest.renew() is False
    be_in("here")
    assert owner.take(started())
    assert owner.renew()


def test_who_slept_while_another_took_over_knows_it(
    session: Path, be_in, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(ownership, "_HEARTBEAT_S", 0.0)
    be_in("here")
    sleeper = Lease(session)
    assert sleeper.take(started())
    be_in("there")
    for name in ("lease", JOURNAL):
        grow_old(session / name)
    assert Lease(session).take(started())
    be_in("here")
    assert sleeper.renew() is False
