"""How a script finds the session of the process that started it.

No variable is set for it, since tracking changes nothing: the process of a session leaves a card under its
pid in this user's runtime folder, and a script that begins to log looks for one on its way up its parents.
"""

import contextlib
import os
from pathlib import Path

import msgspec

from nbops.capture.environment.machine import ProcessId, parent_of, this_process
from nbops.workspace import Workspace, runtime_home

_MOST_GENERATIONS = 64


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """What a process says of the session that it records."""

    session: str
    name: str
    experiment: str
    tracking_uri: str
    root: str
    state: str
    host: str
    boot_id: str
    pid_namespace: str
    pid: int
    pid_started: float

    @property
    def workspace(self) -> Workspace:
        return Workspace(Path(self.root), Path(self.state))

    @property
    def is_valid(self) -> bool:
        """Whether it is that of a process which lives, and not of one that had its pid before."""
        process = ProcessId(self.host, self.boot_id, self.pid_namespace, self.pid, self.pid_started)
        return process.is_local and process.is_alive()


def leave_card(
    session: str,
    name: str,
    experiment: str,
    tracking_uri: str,
    workspace: Workspace,
) -> None:
    """Let the children of this process find its session."""
    process = this_process()
    card = Card(
        session=session,
        name=name,
        experiment=experiment,
        tracking_uri=tracking_uri,
        root=str(workspace.root),
        state=str(workspace.state),
        host=process.host,
        boot_id=process.boot_id,
        pid_namespace=process.pid_namespace,
        pid=process.pid,
        pid_started=process.pid_started,
    )
    with contextlib.suppress(OSError):  # then its children have sessions of their own
        path = _path(process.pid)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        part = path.with_suffix(".part")
        part.write_bytes(msgspec.json.encode(card))
        part.replace(path)


def take_card_back() -> None:
    with contextlib.suppress(OSError):
        _path(os.getpid()).unlink()


def find_card() -> Card | None:
    """Card of the nearest process above this one that records a session."""
    pid = os.getppid()
    for _ in range(_MOST_GENERATIONS):
        if pid <= 1:
            break
        card = _read(pid)
        if card is not None and card.is_valid:
            return card
        pid = parent_of(pid) or 0
    return None


def _read(pid: int) -> Card | None:
    try:
        return msgspec.json.decode(_path(pid).read_bytes(), type=Card)
    except (OSError, ValueError):
        return None


def _path(pid: int) -> Path:
    return runtime_home() / "recording" / f"{pid}.json"
