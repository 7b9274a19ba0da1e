"""Other processes: waiting for what they bring about, finding them, ending them."""

import contextlib
import os
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from nbops.workspace import Workspace

PATIENCE_S = 300.0
"""How long a test waits for what another process brings about. The background process gives way to all
others, so on a machine whose every core is taken it may be a minute late; a test that passes never waits so long."""


def free_port() -> int:
    """A port of this machine that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(condition: Callable[[], object], timeout_s: float = PATIENCE_S) -> None:
    """Wait for something that another process brings about."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.05)


def background_processes(workspace: Workspace) -> list[int]:
    """Background processes that serve a workspace."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"nbops.tracking.service" in words and os.fsencode(workspace.root) in words:
            found.append(int(folder.name))
    return found


def stop_background(workspace: Workspace) -> None:
    for pid in background_processes(workspace):
        end_process(pid)


def has_ended(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def end_process(pid: int, patience_s: float = 2.0) -> None:
    """End a process that is of no more use; one whose lines are counted gets time to tell them."""
    with contextlib.suppress(ProcessLookupError):
        if "COVERAGE_PROCESS_CONFIG" in os.environ:
            os.kill(pid, signal.SIGTERM)
            deadline = time.monotonic() + patience_s
            while time.monotonic() < deadline and not has_ended(pid):
                time.sleep(0.02)
        os.kill(pid, signal.SIGKILL)
