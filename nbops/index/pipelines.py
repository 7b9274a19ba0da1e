"""Pipelines of a workspace as their newest runs left them, or go now, for the panel."""

import os
from datetime import datetime
from pathlib import Path

import msgspec

from nbops.capture.environment.machine import ProcessId
from nbops.digests import digest_bytes
from nbops.index.pages import RunRow, list_rows
from nbops.index.queries import Index
from nbops.records import (
    FORMAT,
    PipelineState,
    Record,
    RunStatus,
    StepState,
    StepStatus,
    from_json,
)


class StepView(Record, frozen=True, kw_only=True):
    """One step, as the panel shows it."""

    name: str
    notebook: str  # relative to the workspace
    path: str | None = None  # as the front end opens it; None: out of its reach
    after: tuple[str, ...] = ()
    status: StepStatus = "waiting"
    reason: str = ""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    run: RunRow | None = None  # its own; of the one that it repeats when it is unchanged


class PipelineView(Record, frozen=True, kw_only=True):
    """One pipeline, as the panel shows it."""

    id: str
    name: str
    file: str
    status: RunStatus
    started_at: datetime
    ended_at: datetime | None = None
    steps: tuple[StepView, ...] = ()


class PipelinesView(Record, frozen=True, kw_only=True):
    """What `GET /nbops/pipelines` sends."""

    format: int = FORMAT
    version: str  # ask with it as `since`
    unchanged: bool = False
    pipelines: tuple[PipelineView, ...] = ()  # the one that began last first


def describe_pipelines(index: Index, since: str | None, served: Path | None) -> PipelinesView:
    """What the pipelines of a workspace have come to.

    Parameters
    ----------
    since
        Version that the caller has.
    served
        Folder from which the front end opens notebooks; None where it opens none.
    """
    root = index.workspace.root
    texts = _read_texts(index.workspace.state / "pipelines")
    states = sorted(
        (_judge(state) for state in map(_parse, texts) if state and (root / state.file).exists()),
        key=lambda state: state.started_at,
        reverse=True,
    )
    told = [f"{state.id} {state.status}".encode() for state in states]
    runs = str(index.state().get("runs_version", 0)).encode()
    version = digest_bytes(b"\0".join([runs, *told, *texts])).partition(":")[2][:16]
    if since == version:
        return PipelinesView(version=version, unchanged=True)
    sessions = [step.session_id for state in states for step in state.steps if step.session_id]
    rows = {row.id: row for row in list_rows(index, sessions)}
    return PipelinesView(
        version=version,
        pipelines=tuple(
            PipelineView(
                id=state.id,
                name=state.name,
                file=state.file,
                status=state.status,
                started_at=state.started_at,
                ended_at=state.ended_at,
                steps=tuple(_view(step, rows, root, served) for step in state.steps),
            )
            for state in states
        ),
    )


def _read_texts(folder: Path) -> list[bytes]:
    texts = []
    for path in sorted(folder.glob("*.json")):
        try:
            texts.append(path.read_bytes())
        except OSError:
            continue  # replaced just now; the next question finds it
    return texts


def _parse(text: bytes) -> PipelineState | None:
    try:
        return from_json(text, PipelineState)
    except msgspec.DecodeError:
        return None


def _judge(state: PipelineState) -> PipelineState:
    """A run whose process is gone has died, whatever it wrote last."""
    process = ProcessId(
        state.host, state.boot_id, state.pid_namespace, state.pid, state.pid_started
    )
    if state.status != "running" or not process.has_ended:
        return state
    return msgspec.structs.replace(state, status="died")


def _view(step: StepState, rows: dict[str, RunRow], root: Path, served: Path | None) -> StepView:
    path = Path(os.path.abspath(root / step.notebook))
    is_served = served is not None and path.is_relative_to(served)
    return StepView(
        name=step.name,
        notebook=step.notebook,
        path=path.relative_to(served).as_posix() if served is not None and is_served else None,
        after=step.after,
        status=step.status,
        reason=step.reason,
        started_at=step.started_at,
        ended_at=step.ended_at,
        run=rows.get(step.session_id or ""),
    )
