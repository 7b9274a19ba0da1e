"""The system's own cron and systemd, started for a test where nothing else on the machine sees them.

Both run in a mount namespace of their own, which root may make: cron has empty tables, and systemd's manager of a user
is told that the machine runs systemd. A test that asks for one is left out where that is not possible.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_MANAGER = Path("/usr/lib/systemd/systemd")
_CRON = """\
mount -t tmpfs none /run
mount -t tmpfs none /etc/cron.d
mount -t tmpfs none /var/spool/cron
mkdir -m 1730 /var/spool/cron/crontabs && chgrp crontab /var/spool/cron/crontabs
: > /run/empty && mount --bind /run/empty /etc/crontab
exec cron -f
"""
_SYSTEMD = f"""\
mkdir -p /run/systemd && mount -t tmpfs none /run/systemd && mkdir /run/systemd/system
exec {_MANAGER} --user
"""
_PATIENCE_S = 30.0


@contextmanager
def real_cron(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A daemon, and a `crontab` first in the path that speaks to it."""
    if not shutil.which("cron", path="/usr/sbin"):
        pytest.skip("there is no cron here")
    with _apart(_CRON, {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}) as process:
        folder.mkdir()
        program = folder / "crontab"
        program.write_text(f'#!/bin/sh\nexec nsenter -t {process.pid} -m /usr/bin/crontab "$@"\n')
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
        _wait(["crontab", "-l"], lambda done: "no crontab for" in done.stderr)
        yield


@contextmanager
def real_systemd(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A manager of this user's units, which `systemctl --user` speaks to."""
    if not _MANAGER.exists():
        pytest.skip("there is no systemd here")
    # A socket's path is short.
    with tempfile.TemporaryDirectory(prefix="nbops-", ignore_cleanup_errors=True) as runtime:
        monkeypatch.setenv("XDG_RUNTIME_DIR", runtime)
        monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
        with _apart(_SYSTEMD, dict(os.environ)):
            _wait(["systemctl", "--user", "list-timers"], lambda done: done.returncode == 0)
            yield


@contextmanager
def _apart(script: str, environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    try:
        subprocess.run(["unshare", "--mount", "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("mounts of one's own are not allowed here")
    command = ["unshare", "--mount", "sh", "-ec", script]
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(command: list[str], is_there) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        done = subprocess.run(command, capture_output=True, text=True)
        if is_there(done):
            return
        assert time.monotonic() < deadline, done
        time.sleep(0.05)
