"""Notes of MLflow runs that many jobs hang below, for as long as they are open: who opened one may be killed.

<workspace>/.nbops/parents/<MLflow run id>.json    its time of change says when its process last lived
                           making-<id>.json        while MLflow is asked to make one
"""

import contextlib
import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from nbops.capture.environment.machine import ProcessId, this_process
from nbops.records import Record, from_json, to_json
from nbops.workspace import Workspace
from nbops.writing import write_whole

HEARTBEAT_S = 5.0
_SILENCE_S = 120.0


class OpenParent(Record, frozen=True, kw_only=True):
    """A run in MLflow that is to be ended, by this process or by who finds it gone.

    Parameters
    ----------
    run_id
        Empty while it is being made: then it is the one in the experiment that has the tags.
    """

    format: int = 1
    run_id: str
    experiment_id: str = ""
    tags: dict[str, str] = msgspec.field(default_factory=dict)
    tracking_uri: str  # as records name it
    status: str | None = None  # as MLflow is to be told; None: while it goes on
    host: str
    boot_id: str
    pid_namespace: str
    pid: int
    pid_started: float


def note_open(workspace: Workspace, run_id: str, shown_uri: str) -> Path:
    """Write down that this process has opened a run; returns where."""
    return _put(workspace, run_id, run_id=run_id, tracking_uri=shown_uri)


def note_making(
    workspace: Workspace, shown_uri: str, experiment_id: str, tags: Mapping[str, str]
) -> Path:
    """Write down that this process is about to open a run, which these tags tell from all others."""
    asked = {"tracking_uri": shown_uri, "experiment_id": experiment_id, "tags": dict(tags)}
    return _put(workspace, f"making-{os.urandom(4).hex()}", run_id="", **asked)


def _put(workspace: Workspace, name: str, **about: Any) -> Path:
    process = this_process()
    note = OpenParent(
        **about,
        host=process.host,
        boot_id=process.boot_id,
        pid_namespace=process.pid_namespace,
        pid=process.pid,
        pid_started=process.pid_started,
    )
    path = _folder(workspace) / f"{name}.json"
    path.parent.mkdir(mode=0o700, exist_ok=True)
    write_whole(path, to_json(note))
    return path


def note_status(path: Path, status: str) -> None:
    """Write down how a run is to be ended that could not be ended now."""
    with contextlib.suppress(OSError, msgspec.DecodeError):
        note = from_json(path.read_bytes(), OpenParent)
        write_whole(path, to_json(msgspec.structs.replace(note, status=status)))


def find_abandoned(workspace: Workspace) -> Iterator[tuple[Path, OpenParent, float]]:
    """Notes of runs that nobody else will end, and when their process was last known to live.

    One on a machine that cannot be seen from here is given up when it was silent for two minutes.
    """
    for path in _folder(workspace).glob("*.json"):
        with contextlib.suppress(OSError, msgspec.DecodeError):
            lived_at = path.stat().st_mtime
            note = from_json(path.read_bytes(), OpenParent)
            if note.status is not None or _is_gone(note, lived_at):
                yield path, note, lived_at


def _is_gone(note: OpenParent, lived_at: float) -> bool:
    process = ProcessId(note.host, note.boot_id, note.pid_namespace, note.pid, note.pid_started)
    is_silent = not process.is_local and time.time() - lived_at > _SILENCE_S
    return process.has_ended or is_silent


def say_alive(path: Path) -> None:
    """Say that the process which opened a run lives."""
    with contextlib.suppress(OSError):
        os.utime(path)


def _folder(workspace: Workspace) -> Path:
    return workspace.state / "parents"
