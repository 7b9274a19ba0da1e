"""What came of a step, as it is kept for the next time: what it depended on, and what it left."""

import os
import tempfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from nbops.capture.data.contents import path_of
from nbops.comparison.environments import environment_of
from nbops.digests import digest_file
from nbops.jobs.memory import peak_of
from nbops.jobs.metrics import metrics_of
from nbops.jobs.recorded import read_and_written
from nbops.records import DataKind, DataRef, Document, Record
from nbops.workspace import Workspace


class FileState(Record, frozen=True, kw_only=True):
    """A file, or a folder's files, with a content."""

    path: str  # relative to the workspace where it lies inside
    digest: str
    size_bytes: int | None = None
    kind: DataKind = "file"


class FolderNames(Record, frozen=True, kw_only=True):
    """Names in a folder that a step asked for."""

    path: str  # relative to the workspace where it lies inside; `.` is the workspace
    patterns: tuple[str, ...] = ()
    digest: str


class StepResult(Record, frozen=True, kw_only=True):
    """One run of a step that came to its end.

    `unknown` says what it depended on, or left, that nobody can look at again.
    """

    format: int = 1
    session_id: str
    mlflow_run_id: str | None = None
    host: str = ""
    at: datetime
    duration_s: float | None = None
    params: dict[str, Any] = msgspec.field(default_factory=dict)
    cells: tuple[str, ...] = ()  # digests of their sources
    reads: tuple[FileState, ...] = ()
    writes: tuple[FileState, ...] = ()
    modules: tuple[FileState, ...] = ()
    listings: tuple[FolderNames, ...] = ()
    python: str | None = None
    packages: dict[str, str] = msgspec.field(default_factory=dict)
    metrics: dict[str, float] = msgspec.field(default_factory=dict)
    peak_memory_bytes: int | None = None
    unknown: tuple[str, ...] = ()


def result_of(
    document: Document,
    workspace: Workspace,
    *,
    params: Mapping[str, Any],
    cells: list[str],
    reads: tuple[str, ...] = (),
    writes: tuple[str, ...] = (),
    is_just_over: bool = False,
) -> StepResult:
    """What is to be kept of a step's run.

    Parameters
    ----------
    params, cells
        As `read_signature` gives them.
    reads, writes
        Files that the pipeline names beside those that were seen, as absolute paths.
    is_just_over
        Whether the files are as the run left them; later nobody knows who took one away, or changed it.
    """
    unknown: list[str] = []
    seen_reads, seen_writes = read_and_written(document)
    left = [
        ref
        for ref in seen_writes
        if _is_named(ref, writes)
        or not _is_gone(ref)
        or not (is_just_over or _is_temporary(ref, workspace))
    ]
    read = _states(workspace, seen_reads, reads if is_just_over else (), unknown)
    written = _states(workspace, left, writes if is_just_over else (), unknown)
    modules: dict[str, FileState] = {}
    listings: dict[FolderNames, None] = {}
    for run in document.cell_runs:
        if run.skipped:
            unknown.append("what its skipped cell does is not recorded")
        for listing in run.listings:
            if listing.digest is None:
                unknown.append(f"nobody can tell if {listing.name} has other names")
            else:
                names = FolderNames(
                    path=listing.name.rstrip("/"),
                    patterns=listing.patterns,
                    digest=listing.digest,
                )
                listings[names] = None
        for module in run.modules:
            if module.digest is None:
                unknown.append(f"nobody can tell if {module.path} changed")
            else:
                modules[module.path] = FileState(path=module.path, digest=module.digest)
    if [run.source_digest for run in document.cell_runs] != cells:
        unknown.append("its record lacks some of its cells")
    environment = environment_of(document)
    if environment is None:
        unknown.append("its packages were not recorded")
    session = document.session
    job = next((run for run in document.runs if run.origin == "job"), None)
    return StepResult(
        session_id=session.id,
        mlflow_run_id=job.mlflow_run_id if job else session.mlflow_run_id,
        host=session.host,
        at=session.ended_at or session.started_at,
        duration_s=(session.ended_at - session.started_at).total_seconds()
        if session.ended_at
        else None,
        params=dict(params),
        cells=tuple(cells),
        reads=read,
        writes=written,
        modules=tuple(modules.values()),
        listings=tuple(listings),
        python=environment.python if environment else None,
        packages=environment.packages if environment else {},
        metrics=metrics_of(document),
        peak_memory_bytes=peak_of(document),
        unknown=tuple(dict.fromkeys(unknown)),
    )


def _is_gone(ref: DataRef) -> bool:
    return ref.uri.startswith("file:") and not os.path.exists(path_of(ref.uri))


def _is_temporary(ref: DataRef, workspace: Workspace) -> bool:
    """Whether a file lies where the system itself clears up."""
    path = path_of(ref.uri)
    inside = f"{workspace.root}{os.sep}"
    return path.startswith(f"{tempfile.gettempdir()}{os.sep}") and not path.startswith(inside)


def _is_named(ref: DataRef, named: tuple[str, ...]) -> bool:
    return ref.uri.startswith("file:") and path_of(ref.uri) in named


def _states(
    workspace: Workspace, refs: list[DataRef], named: tuple[str, ...], unknown: list[str]
) -> tuple[FileState, ...]:
    found: dict[str, FileState] = {}
    for ref in refs:
        if ref.digest is None or ref.sampled or ref.kind not in ("file", "folder"):
            unknown.append(f"nobody can tell if {ref.name} changed")
        else:
            path = workspace.name_of(path_of(ref.uri))
            found[path] = FileState(
                path=path, digest=ref.digest, size_bytes=ref.size_bytes, kind=ref.kind
            )
    for absolute in named:
        path = workspace.name_of(absolute)
        if path not in found and Path(absolute).is_file():
            size = Path(absolute).stat().st_size
            found[path] = FileState(path=path, digest=digest_file(absolute), size_bytes=size)
    return tuple(found.values())
