"""What stands where a secret stood."""

import stat
import subprocess
import sys
from pathlib import Path

import pytest
from processes import PATIENCE_S

from nbops.capture.secrets.fingerprints import PLAIN, STAND_IN, stand_in_for
from nbops.capture.secrets.redaction import redact
from nbops.recording.scalars import as_scalar
from nbops.workspace import state_home

_ONE = "from nbops.capture.secrets.fingerprints import stand_in_for as f; print(f('hunter2'))"


def in_another_process() -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", _ONE], stdout=subprocess.PIPE, text=True)


def test_the_same_secret_is_the_same_wherever_it_stands():
    shown = {
        redact("password = 'hunter2'").partition("'")[2].rstrip("'"),
        redact("postgresql://me:hunter2@db/x").partition("me:")[2].partition("@")[0],
        redact("!app --password=hunter2").partition("=")[2],
        as_scalar("db_password", "hunter2"),
    }
    (one,) = shown
    assert STAND_IN.fullmatch(one)
    assert one != PLAIN
    assert one != as_scalar("db_password", "hunter3")


def test_the_key_is_the_users_own_and_two_users_differ(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    mine = stand_in_for("hunter2")
    (key,) = state_home().glob("*.key*")
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "another"))
    assert stand_in_for("hunter2") != mine


def test_processes_that_need_the_first_key_at_once_have_the_same():
    processes = [in_another_process() for _ in range(6)]
    said = {process.communicate(timeout=PATIENCE_S)[0] for process in processes}
    assert said == {stand_in_for("hunter2") + "\n"}
    assert [path.name for path in state_home().iterdir()] == ["redaction.key"]


def test_without_a_place_for_a_key_nothing_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    blocked = tmp_path / "a file"
    blocked.touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(blocked))
    assert redact("password = 'hunter2'") == "password = '[redacted]'"


@pytest.mark.parametrize(
    "text",
    [
        "https://[redacted:1f0a9c]@github.com/o/r.git",
        "https://me:[redacted:1f0a9c]@github.com/o/r.git",
        "password = '[redacted:1f0a9c]'; pin_secret = [redacted]",
        '{"password": "[redacted:1f0a9c]"}',
    ],
)
def test_what_stands_for_a_secret_stays(text: str):
    assert redact(text) == text
