"""What the notebooks of a workspace were seen to read and write."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nbops.errors import NbopsError
from nbops.index.queries import Index
from nbops.jobs.parameters import as_json, read_notebook
from nbops.jobs.recorded import given_parameters, read_and_written
from nbops.records import DataRef, Document
from nbops.replay import replay_folder

_SESSIONS_A_NOTEBOOK = 20


@dataclass
class Observed:
    """What a notebook was seen to do.

    Parameters
    ----------
    notebook
        Absolute path.
    at
        When its last run began, as sortable text.
    reads
        Of its last run.
    writes
        Of its last run.
    versions
        Digests that this run and earlier ones left, by URI.
    params
        That a job was given.
    """

    notebook: str
    at: str
    reads: list[DataRef] = field(default_factory=list)
    writes: list[DataRef] = field(default_factory=list)
    versions: dict[str, set[str]] = field(default_factory=dict)
    params: dict[str, Any] = field(default_factory=dict)


def observe(
    index: Index, folder: Path, notebooks: Sequence[Path], left_out: list[str]
) -> list[Observed]:
    """What the notebooks below a folder did when they last ran to their end.

    Parameters
    ----------
    notebooks
        Only these; all when there are none.
    left_out
        Gains what is not among them, and why.
    """
    workspace = index.workspace
    index.wait()
    found: dict[str, list[Document]] = {}
    failed: dict[str, str] = {}
    chosen = {str(path.resolve()) for path in notebooks}
    for session in index.sessions():
        if session.notebook is None:
            continue
        path = os.path.join(workspace.root, session.notebook)
        reason = _not_a_step(path, folder, chosen, session.notebook)
        if reason is not None:
            failed.setdefault(path, reason)
            continue
        if session.status in ("failed", "died"):
            failed.setdefault(path, f"{session.notebook}: it {session.status} when it last ran")
            continue
        documents = found.setdefault(path, [])
        place = workspace.sessions / session.id
        if len(documents) < _SESSIONS_A_NOTEBOOK and place.exists():
            document = replay_folder(place).document()
            if document.cell_runs:
                documents.append(document)
    left_out += [told for path, told in failed.items() if told and not found.get(path)]
    left_out += [
        f"{workspace.name_of(path)}: it was not recorded"
        for path in sorted(chosen - found.keys() - failed.keys())
    ]
    return [_observed(path, documents, left_out) for path, documents in found.items() if documents]


def _not_a_step(path: str, folder: Path, chosen: set[str], name: str) -> str | None:
    """Why a notebook is none of the steps; empty when nobody would expect it there."""
    if chosen and path not in chosen:
        return ""
    if not path.endswith((".ipynb", ".py")):
        return ""
    if not os.path.exists(path):
        return f"{name}: it is gone"
    if not path.startswith(f"{folder}{os.sep}"):
        return f"{name}: it does not lie below {folder.name}"
    return None


def _observed(path: str, documents: list[Document], left_out: list[str]) -> Observed:
    params: dict[str, Any] = {}
    if documents[0].session.kind == "job":
        try:
            params = given_parameters(documents[0], read_notebook(Path(path)), Path(path))
        except NbopsError as error:
            left_out.append(f"params of {os.path.basename(path)}: {error.message}")
    reads, writes = read_and_written(documents[0])
    versions: dict[str, set[str]] = {}
    for document in documents:
        for ref in read_and_written(document)[1]:
            if ref.digest:
                versions.setdefault(ref.uri, set()).add(ref.digest)
    return Observed(
        path, documents[0].session.started_at.isoformat(), reads, writes, versions, as_json(params)
    )
