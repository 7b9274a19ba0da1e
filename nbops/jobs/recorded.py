"""A job that was run before: the same cells, parameters, data, local modules and environment."""

import copy
import json
import os
from collections.abc import Container, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from nbops.capture.data.contents import path_of
from nbops.capture.data.listings import fits, names_in
from nbops.digests import digest_source
from nbops.errors import UsageError
from nbops.index.around import look_around
from nbops.index.queries import Index
from nbops.jobs.declarations import read_declarations
from nbops.jobs.expected import check_environment
from nbops.jobs.injection import inject
from nbops.jobs.kinds import Kind, Unfit, read_any
from nbops.jobs.memory import peak_of
from nbops.jobs.parameters import Typed, as_json, check_parameters, read_parameters
from nbops.recording.scalars import as_scalar
from nbops.records import DataRef, Document, Listing, Scalar, Session
from nbops.replay import replay_folder
from nbops.workspace import Workspace

_HASHED_BYTES = 2_000_000_000
_MOST_LOOKED_AT = 20
"""Runs with the same parameters, from the newest back: one whose code and data are those of now may be older."""


class Recorded:
    """Runs of one notebook that are recorded.

    Parameters
    ----------
    notebook
        As read from `path`.
    workdir
        Folder that they worked in; the notebook's own when None.
    """

    def __init__(
        self, index: Index, path: Path, notebook: Any, workdir: Path | None = None
    ) -> None:
        self._index = index
        self._path = path
        self._notebook = notebook
        self._workdir = workdir.resolve() if workdir else path.parent
        self._around = look_around(index, path.parent, max_bytes=_HASHED_BYTES)
        self._environments: dict[str | None, bool] = {}
        self._added: dict[str, set[str]] = {}  # as `_writers`, since it was made

    @cached_property
    def _jobs(self) -> list[Session]:
        self._index.wait()
        name = self._index.workspace.name_of(str(self._path))
        sessions = self._index.sessions()
        return [each for each in sessions if (each.notebook, each.kind) == (name, "job")]

    @cached_property
    def _sessions(self) -> dict[str, list[Session]]:
        """Those that may be repeated, newest first, by their parameters: a sweep asks once for each of its points."""
        found: dict[str, list[Session]] = {}
        for session in self._jobs:
            if session.status == "finished" and "nbops.resumed" not in session.tags:
                found.setdefault(key_of(session.params), []).append(session)
        return found

    def add(self, document: Document) -> None:
        """Take note of a run that has come to its end meanwhile."""
        key = key_of(document.session.params)
        self._sessions.setdefault(key, []).insert(0, document.session)
        for ref in read_and_written(document)[1]:
            self._added.setdefault(ref.uri, set()).add(key)

    def tagged(self, name: str, value: str) -> list[Session]:
        """Those that may be repeated and have this tag, oldest first."""
        found = (each for sessions in self._sessions.values() for each in sessions)
        return sorted(
            (each for each in found if each.tags.get(name) == value), key=lambda s: s.started_at
        )

    def peak_bytes(self) -> int | None:
        """Most memory that the kernel of its newest run held, 0 when that is not recorded; None without a run."""
        for session in self._jobs:
            folder = self._index.workspace.sessions / session.id
            if session.status == "finished" and folder.exists():
                return peak_of(replay_folder(folder).document()) or 0
        return None

    def why_none(self, parameters: Mapping[str, Any]) -> str:
        """What is said when no run with these parameters came to its end."""
        wanted, _ = read_signature(self._notebook, parameters)
        if self._sessions.get(key_of(wanted)):
            return "it has run in another folder only"
        if any(key_of(session.params) == key_of(wanted) for session in self._jobs):
            return "it has not run to its end yet"
        return "it has not run with these params yet" if self._jobs else "it has not run yet"

    def with_parameters(self, parameters: Mapping[str, Any]) -> Iterator[Document]:
        """Runs with these parameters, whatever else has changed since, the newest first; see `find`."""
        wanted, _ = read_signature(self._notebook, parameters)
        yield from self._with(wanted)

    def find(self, parameters: Mapping[str, Any]) -> Document | None:
        """The newest run with these parameters that would come out the same; None when there is none.

        Parameters
        ----------
        parameters
            Those that are given; the others are as the notebook says.
        """
        wanted, digests = read_signature(self._notebook, parameters)
        found = (document for document in self._with(wanted) if self._is_as_now(document, digests))
        return next(found, None)

    def _with(self, wanted: Mapping[str, Scalar]) -> Iterator[Document]:
        for session in self._sessions.get(key_of(wanted), ())[:_MOST_LOOKED_AT]:
            folder = self._index.workspace.sessions / session.id
            if folder.exists():
                document = replay_folder(folder).document()
                if folder_of(self._index.workspace, document) in (None, self._workdir):
                    yield document

    def _is_as_now(self, document: Document, digests: list[str]) -> bool:
        runs = document.cell_runs
        if [run.source_digest for run in runs] != digests:
            return False
        if any(run.skipped for run in runs):  # what these read is not recorded
            return False
        modules = (module for run in runs for module in run.modules)
        if any(self._around.has_changed_module(module) is not False for module in modules):
            return False
        reads, writes = read_and_written(document)
        if any(ref.sampled or self._around.has_changed(ref) is not False for ref in reads):
            return False
        if not all(self._is_left(ref, document) for ref in writes):
            return False
        listings = (listing for run in runs for listing in run.listings)
        own = [ref.uri for ref in writes]
        has_names = all(self._has_its_names(listing, own, document) for listing in listings)
        return has_names and self._has_its_environment(document)

    def _has_its_names(self, listing: Listing, own: list[str], document: Document) -> bool:
        """Whether a folder has the names that a run saw, but for what runs of this notebook write there."""
        is_other = self._around.has_other_names(listing, own)
        if not is_other:
            return is_other is False
        added = [
            path_of(uri)
            for uri in (*self._writers, *self._added)
            if uri.startswith(f"{listing.uri}/") and self._is_by_others(uri, document)
        ]
        folder = path_of(listing.uri)
        others = set(names_in(folder, added)) - set(names_in(folder, map(path_of, own)))
        return any(fits(name, listing.patterns) for name in others)

    def _is_left(self, ref: DataRef, document: Document) -> bool:
        """Whether a file is as a run left it; of one outside of the project that is not asked."""
        if ref.kind != "file" or ref.digest is None:
            return False
        is_outside = os.path.isabs(self._index.workspace.name_of(path_of(ref.uri)))
        if is_outside or self._around.has_changed(ref) is False:
            return True
        return self._is_by_others(ref.uri, document)

    def _is_by_others(self, uri: str, document: Document) -> bool:
        """Whether runs with other parameters write this file, too: it is as the last one of them left it."""
        writers = {*self._writers.get(uri, ()), *self._added.get(uri, ())}
        return bool(writers - {key_of(document.session.params)})

    @cached_property
    def _writers(self) -> dict[str, set[str]]:
        """Parameters of the runs that wrote a file, by its URI."""
        keys = {session.id: key_of(session.params) for session in self._jobs}
        name = self._index.workspace.name_of(str(self._path))
        found: dict[str, set[str]] = {}
        for uri, session_id in self._index.written_by(name):
            if session_id in keys:
                found.setdefault(uri, set()).add(keys[session_id])
        return found

    def _has_its_environment(self, document: Document) -> bool:
        key = document.cell_runs[-1].environment if document.cell_runs else None
        if key not in self._environments:
            workspace, metadata = self._index.workspace, self._notebook.metadata
            try:
                check_environment(workspace, document.session.id, metadata)
                self._environments[key] = True
            except UsageError:
                self._environments[key] = False
        return self._environments[key]


def given_parameters(
    document: Document, notebook: Any, path: Path, *, anew: Container[str] = ()
) -> dict[str, Any]:
    """What a job was given, as far as it is not what the notebook says anyway.

    Parameters
    ----------
    anew
        Parameters that are left out, since they are given again.

    Raises
    ------
    UsageError
        It does not fit the notebook any more, or was secret.
    """
    declared = read_declarations(notebook.cells, path.name)
    usual = as_recorded({parameter.name: parameter.default for parameter in declared.parameters})
    given = {
        name: _as_given(declared[name].kind, value)
        for name, value in document.session.params.items()
        if name in usual and usual[name] != value and name not in anew
    }
    if any(is_hidden(document.session.params[name]) for name in given):
        raise UsageError(
            "A parameter of it was secret, so it is not recorded.", "Give it again with -p."
        )
    return check_parameters(declared, given)


def as_recorded(parameters: Mapping[str, Any]) -> dict[str, Scalar]:
    """Parameters as a session's record has them: of what is no number, text or truth value its text."""
    plain = json.loads(json.dumps(as_json(parameters)))
    return {name: as_scalar(name, value) for name, value in plain.items()}


def _as_given(kind: Kind, value: Any) -> Any:
    """A recorded value as it may have been given; only text may stand for something else."""
    if not isinstance(value, str):
        return value
    if kind == Kind():
        try:
            read = read_any(value)
        except Unfit:
            return value
        return read if isinstance(read, list | tuple | set | dict) else value
    return Typed(value)


def is_hidden(value: Any) -> bool:
    """Whether a parameter was secret, so that its record does not tell it."""
    return "[redacted" in str(value)


def read_signature(
    notebook: Any, parameters: Mapping[str, Any]
) -> tuple[dict[str, Scalar], list[str]]:
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
    return as_recorded(read_parameters(made)), [digest_source(cell.source) for cell in cells]


def folder_of(workspace: Workspace, document: Document) -> Path | None:
    """The folder here that a job's was, wherever it ran."""
    workdir = document.session.workdir
    return None if workdir is None else workspace.root / workdir


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
    removed = document.session.removed
    return list(reads.values()), [ref for ref in writes.values() if ref.uri not in removed]


def key_of(parameters: Mapping[str, Any]) -> str:
    """Text that is the same for the same parameters, as `as_json` or `as_recorded` gives them."""
    return json.dumps(parameters, sort_keys=True)
