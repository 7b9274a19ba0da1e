"""How the cells of an open notebook stand to what they show, as its text is now, saved or not."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from blake3 import blake3

from nbops.capture.contents import path_of
from nbops.capture.folders import list_files
from nbops.capture.redaction import add_patterns, redact
from nbops.checks import Cell, CellState, Notebook, judge_cells
from nbops.index.around import look_around
from nbops.index.check import find_session
from nbops.index.queries import Index
from nbops.records import FORMAT, Record, now

_OPEN_NOTHING = -1
"""A cell may be running, and the net would take what is opened here for what the cell read: sizes, and digests
that the background process has found, must do."""
_MOST_LOOKED_AT = 2000
_READ = (
    "SELECT DISTINCT d.uri FROM cell_runs c JOIN data_uses d ON d.cell_run_id = c.id"
    " WHERE c.session_id = ? AND d.way = 'read' AND d.uri GLOB 'file:*'"
)
_IMPORTED = (
    "SELECT DISTINCT json_extract(m.value, '$.path') FROM cell_runs c,"
    " json_each(CAST(c.record AS TEXT), '$.modules') m WHERE c.session_id = ?"
)


class OpenCell(Record, frozen=True, kw_only=True):
    """A code cell as it is on the screen."""

    id: str
    source: str
    tags: tuple[str, ...] = ()


class StatesVersion(Record, frozen=True, kw_only=True):
    """What `GET /nbops/states` sends: another version where cells may stand otherwise by now."""

    format: int = FORMAT
    version: str | None  # None: nothing of the notebook is recorded


class CellStates(Record, frozen=True, kw_only=True):
    """What `POST /nbops/states` sends."""

    format: int = FORMAT
    version: str | None
    states: tuple[CellState, ...] = ()


def states_version(index: Index, notebook: str) -> str | None:
    """What tells whether the records of a notebook, or the files that its cells read, are others."""
    query = "SELECT id, version FROM sessions WHERE notebook = ? ORDER BY started_at DESC LIMIT 2"
    sessions = index.rows(query, [notebook])
    if not sessions:
        return None
    seen = [repr(tuple(row)) for row in sessions]
    for row in sessions:
        seen += map(_look, _watched(index, row["id"]))
    return blake3("\n".join(seen).encode()).hexdigest()[:32]


def describe_states(
    index: Index, path: Path, notebook: str, cells: Sequence[OpenCell]
) -> CellStates:
    """Judge the cells of an open notebook by the newest session in which they ran."""
    version = states_version(index, notebook)  # first: what changes meanwhile is seen the next time
    if version is None:
        return CellStates(version=None)
    add_patterns(index.workspace.settings.redact)
    standing = Notebook(
        tuple(Cell(redact(one.source), one.id, one.tags, at) for at, one in enumerate(cells)), now()
    )
    document = find_session(index, path, standing)
    if document is None:
        return CellStates(version=version)
    newest = max(document.runs, key=lambda run: run.started_at, default=None)
    around = look_around(index, path.parent, max_bytes=_OPEN_NOTHING, with_declared=False)
    ignored = index.workspace.settings.ignore_checks
    states = judge_cells(standing, document.cell_runs, newest, around, ignore=ignored)
    return CellStates(version=version, states=tuple(states))


def _watched(index: Index, session_id: str) -> Iterator[str]:
    """Files whose change makes a cell of a session stale."""
    for row in index.rows(_READ, [session_id]):
        path = path_of(row[0])
        yield path
        if not os.path.isfile(path):
            for count, file in enumerate(list_files(path)):
                if count > _MOST_LOOKED_AT:
                    break
                yield file
    for row in index.rows(_IMPORTED, [session_id]):
        yield os.path.join(index.workspace.root, row[0])


def _look(path: str) -> str:
    try:
        found = os.stat(path)
    except OSError:
        return path
    return f"{path} {found.st_ino} {found.st_size} {found.st_mtime_ns}"
