"""Kinds `data` and `tracking`: what the job reads and writes to, seen from where it will run."""

import ast
import os
import re
import socket
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from nbops.capture.code.randomness import dotted_name
from nbops.capture.data.contents import path_of
from nbops.capture.secrets.redaction import redact
from nbops.checks import Cell
from nbops.checks.paths import find_uses
from nbops.errors import UsageError
from nbops.recording.destination import choose_destination
from nbops.scheduling.preflight.findings import Finding, say_job
from nbops.scheduling.preflight.subject import Subject

if TYPE_CHECKING:
    from nbops.scheduling.bundle import LeftOut
    from nbops.scheduling.job import Job
    from nbops.scheduling.target import Target

_URL = re.compile(r"[a-z][a-z0-9+.-]*://[^\s'\"<>)}\]]*", re.IGNORECASE)
_HIDDEN = re.compile(r"\[redacted(:\w+)?\]")
_LOCAL_HOSTS = frozenset(["localhost", "127.0.0.1", "0.0.0.0", "::1", "host.docker.internal"])  # noqa: S104
_FILES = ("sqlite", "duckdb", "file")
_KEEP = "Keep it in the project, or read it from where both reach it, such as a bucket."


def is_local(url: str) -> bool:
    """Whether a URL means this machine, so that it means another one elsewhere.

    >>> [is_local(url) for url in ("http://localhost:5000", "sqlite:///a.db", "https://x.org/localhost")]
    [True, True, False]
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    if parts.scheme.partition("+")[0] in _FILES:
        return ":memory:" not in url and url.rstrip("/") != f"{parts.scheme}:"
    return host in _LOCAL_HOSTS or host.startswith("127.") or host == socket.gethostname().lower()


def check_tracking(job: "Job", target: "Target | None") -> Iterator[Finding]:
    """Where runs would be recorded, as the job is configured here."""
    if target is None or not target.is_remote:
        return
    try:
        uri = choose_destination(
            job.workspace, uri=job.tracking_uri, experiment=None, notebook=None
        ).uri
    except UsageError as error:
        yield say_job("error", "tracking", error.message, error.hint)
        return
    if is_local(uri):
        what = "a server of this machine" if uri.startswith("http") else "a store of this machine"
        message = f"Runs would go to {redact(uri)}, {what}, which {target.name} does not reach."
        hint = 'Name a server that it reaches: tracking_uri = "https://..." under [tool.nbops], or $MLFLOW_TRACKING_URI.'
        yield say_job("error", "tracking", message, hint)


def check_reach(subject: Subject) -> Iterator[Finding]:
    """Files, databases and servers that are here and not there; nothing of a job that stays on this machine."""
    if not subject.is_remote:
        return
    for left in subject.job.bundle.left_out:
        reader = _find_reader(subject, _path_of(subject.job, left))
        if reader is not None:
            yield _say_left_out(subject, reader, left)
    for cell in subject.recorded:
        for ref in cell.run.reads if cell.run else ():
            if ref.is_read and not ref.uri.startswith("file:") and is_local(ref.uri):
                message = (
                    f"It read {ref.name} from this machine, which {subject.where} does not reach."
                )
                yield subject.say(
                    "error", "data", cell, message, "Read it from a server that both reach."
                )
    yield from _check_urls(subject)


def check_left_out(subjects: Collection[Subject]) -> Iterator[Finding]:
    """Files that stay behind though no cell was seen to read them: a pipeline's file names them, for one."""
    for subject in [*subjects][:1]:
        for left in subject.job.bundle.left_out if subject.is_remote else ():
            path = _path_of(subject.job, left)
            if not any(_find_reader(one, path) for one in subjects):
                message = f"{left.path} does not travel with the job: {left.reason}."
                yield say_job("warning", "data", message, _KEEP)


@dataclass(frozen=True)
class _Reader:
    """A cell that reads a file, and whether its text, or another's, names that."""

    cell: Cell
    is_named: bool


def _path_of(job: "Job", left: "LeftOut") -> Path:
    return Path(os.path.normpath(job.workspace.root / left.path))


def _find_reader(subject: Subject, path: Path) -> _Reader | None:
    for cell, use in find_uses(subject.cells):
        named = os.path.normpath(subject.folder / os.path.expanduser(use.path))
        if use.is_read and Path(named) in (path, *path.parents):
            return _Reader(cell, is_named=True)
    for cell in subject.recorded:
        for ref in cell.run.reads if cell.run else ():
            if ref.is_read and ref.uri.startswith("file:"):
                read = Path(path_of(ref.uri))
                if read == path or (ref.kind == "folder" and path.is_relative_to(read)):
                    is_named = any(read.name in other.source for other in subject.cells)
                    return _Reader(cell, is_named)
    return None


def _say_left_out(subject: Subject, reader: _Reader, left: "LeftOut") -> Finding:
    is_ours = not os.path.isabs(left.path)
    if not is_ours and not reader.is_named:
        message = f"A library read {left.path}, outside of the project: there it has to fetch it, or fails."
        return subject.say("warning", "data", reader.cell, message, _KEEP)
    message = f"It reads {left.path}, which does not travel with the job: {left.reason}."
    return subject.say("error", "data", reader.cell, message, _KEEP)


def _check_urls(subject: Subject) -> Iterator[Finding]:
    """Addresses in the text that mean another machine there."""
    for cell in subject.cells:
        tracking = _tracking_uris(cell)
        told = set[str]()
        for node in ast.walk(cell.tree):
            if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
                continue
            for match in _URL.finditer(_HIDDEN.sub("...", node.value)):
                url = match[0].rstrip(".,;")
                if url in told or not is_local(url):
                    continue
                told.add(url)
                kind = "tracking" if any(url in uri for uri in tracking) else "data"
                message = f"`{url}` means this machine: {subject.where} does not reach it."
                hint = (
                    "Take the line out: the target sets MLFLOW_TRACKING_URI."
                    if kind == "tracking"
                    else "Make the address a parameter, or read it from a server that both reach."
                )
                yield subject.say("error", kind, cell, message, hint)


def _tracking_uris(cell: Cell) -> list[str]:
    """Texts that a cell hands to `mlflow.set_tracking_uri`."""
    return [
        node.args[0].value
        for node in ast.walk(cell.tree)
        if isinstance(node, ast.Call)
        and dotted_name(node.func).endswith(("set_tracking_uri", "set_registry_uri"))
        and node.args
        and isinstance(node.args[0], ast.Constant)
        and isinstance(node.args[0].value, str)
    ]
