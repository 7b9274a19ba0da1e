"""A job that was run before: the same cells, parameters, data, local modules and environment."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from nbops.digests import digest_source
from nbops.errors import UsageError
from nbops.index.around import look_around
from nbops.index.queries import Index
from nbops.jobs.declarations import read_declarations
from nbops.jobs.expected import check_environment
from nbops.jobs.injection import inject
from nbops.jobs.parameters import as_json, check_parameters, read_parameters
from nbops.records import DataRef, Document, Session
from nbops.replay import replay_folder

_HASHED_BYTES = 2_000_000_000


@dataclass(frozen=True)
class Found:
    """What the records say of a job.

    Parameters
    ----------
    document
        The newest run of it that would come out the same; None when there is none.
    reason
        Why there is none: what differs from the newest run that is nearest to it.
    """

    document: Document | None
    reason: str = ""


class Recorded:
    """Runs of one notebook that are recorded.

    Parameters
    ----------
    notebook
        As read from `path`.
    """

    def __init__(self, index: Index, path: Path, notebook: Any) -> None:
        self._index = index
        self._path = path
        self._notebook = notebook
        self._around = look_around(index, path.parent, max_bytes=_HASHED_BYTES)
        self._environments: dict[str | None, str] = {}

    @cached_property
    def _sessions(self) -> list[Session]:
        self._index.wait()
        name = self._index.workspace.name_of(str(self._path))
        return [
            session
            for session in self._index.sessions()
            if (session.notebook, session.kind, session.status) == (name, "job", "finished")
            and "nbops.resumed" not in session.tags
        ]

    def find(self, parameters: Mapping[str, Any]) -> Found:
        """Look for a run with these parameters.

        Parameters
        ----------
        parameters
            Those that are given; the others are as the notebook says.
        """
        wanted, digests = read_signature(self._notebook, parameters)
        reason = "it was not run yet"
        for session in self._sessions:
            if session.params != wanted:
                reason = _differing(session.params, wanted) if reason.startswith("it") else reason
                continue
            folder = self._index.workspace.sessions / session.id
            if not folder.exists():
                continue
            document = replay_folder(folder).document()
            changed = self._what_changed(document, digests)
            if changed is None:
                return Found(document)
            reason = changed
            break  # an older one differs as much, or more
        return Found(None, reason)

    def _what_changed(self, document: Document, digests: list[str]) -> str | None:
        runs = document.cell_runs
        if [run.source_digest for run in runs] != digests:
            return "its cells changed"
        for run in runs:
            if run.skipped:
                return "what a skipped cell read is not recorded"
            for module in run.modules:
                if self._around.has_changed_module(module) is not False:
                    return f"{module.path} changed"
        reads, writes = read_and_written(document)
        for ref in reads:
            changed = None if ref.sampled else self._around.has_changed(ref)
            if changed is not False:
                return (
                    f"{ref.name} changed" if changed else f"nobody can tell if {ref.name} changed"
                )
        for ref in writes:
            if ref.kind != "file" or ref.digest is None:
                return f"nobody can tell what it wrote to {ref.name}"
        return self._other_environment(document) or None

    def _other_environment(self, document: Document) -> str:
        key = document.cell_runs[-1].environment if document.cell_runs else None
        if key not in self._environments:
            workspace, metadata = self._index.workspace, self._notebook.metadata
            try:
                check_environment(workspace, document.session.id, metadata)
                self._environments[key] = ""
            except UsageError as error:
                self._environments[key] = error.message
        return self._environments[key]


def given_parameters(document: Document, notebook: Any, path: Path) -> dict[str, Any]:
    """What a job was given, as far as it is not what the notebook says anyway.

    Raises
    ------
    UsageError
        It does not fit the notebook any more, or was secret.
    """
    declared = read_declarations(notebook.cells, path.name)
    usual = as_json({parameter.name: parameter.default for parameter in declared.parameters})
    given = {
        name: value
        for name, value in document.session.params.items()
        if name in usual and usual[name] != value
    }
    if any("[redacted" in str(value) for value in given.values()):
        raise UsageError("A parameter of it was secret, so it is not recorded.", "Give all again.")
    return check_parameters(declared, given)


def read_signature(
    notebook: Any, parameters: Mapping[str, Any]
) -> tuple[dict[str, Any], list[str]]:
    """All parameters as they will be recorded, and the digests of the code cells that will run.

    Parameters
    ----------
    parameters
        Those that are given.
    """
    import nbformat

    made = nbformat.v4.upgrade(copy.deepcopy(notebook))
    if parameters:
        inject(made, parameters)
    cells = [cell for cell in made.cells if cell.cell_type == "code" and cell.source.strip()]
    return as_json(read_parameters(made)), [digest_source(cell.source) for cell in cells]


def read_and_written(document: Document) -> tuple[list[DataRef], list[DataRef]]:
    """What a job read of the world, and what it left there: files between its own cells are neither."""
    reads: dict[str, DataRef] = {}
    writes: dict[str, DataRef] = {}
    for run in document.cell_runs:
        for ref in run.reads:
            if ref.uri not in writes and ref.kind != "frame" and ref.is_read:
                reads.setdefault(ref.uri, ref)
        for ref in run.writes:
            if ref.kind != "frame":
                writes[ref.uri] = ref
    return list(reads.values()), list(writes.values())


def _differing(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    names = [name for name in {**before, **now} if before.get(name) != now.get(name)]
    return f"{', '.join(names[:3])} differs from the last run" if names else "it was not run yet"
