"""How the cells of an open notebook stand to what they show, as its text is now, saved or not."""

import json
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from blake3 import blake3

from nbops.capture.secrets.redaction import add_patterns, redact
from nbops.checks import Cell, CellState, Notebook, judge_cells, place
from nbops.index.check import says_something
from nbops.index.glance import Glance
from nbops.index.queries import Index
from nbops.index.remembered import Remembered, remember
from nbops.recording.doubts import raise_doubts
from nbops.records import FORMAT, Record, Run, Session, from_json, now

_SESSIONS = 5
"""The newest, of which the first that fits is judged by."""


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
    is_of_selected: bool = False  # judged by the runs that were selected; else by the newest
    states: tuple[CellState, ...] = ()


def states_version(index: Index, notebook: str, selected: Collection[str] = ()) -> str | None:
    """What tells whether the records of a notebook, or the files that its cells read, are others."""
    sessions = _sessions(index, notebook, _looked_at(index, notebook, selected))
    return _version_of(sessions, _glance(index, sessions)) if sessions else None


def describe_states(
    index: Index, notebook: str, cells: Sequence[OpenCell], selected: Collection[str] = ()
) -> CellStates:
    """Judge the cells of an open notebook by the newest session in which they ran.

    Files that may have changed are left to the background process; the version changes when it has told.

    Parameters
    ----------
    selected
        Runs that a person looks at: the newest session that has some of them counts, and these alone.
    """
    looked_at = _looked_at(index, notebook, selected)
    sessions = _sessions(index, notebook, looked_at)
    if not sessions:
        return CellStates(version=None)
    glance = _glance(index, sessions)
    version = _version_of(sessions, glance)
    settings = index.workspace.settings
    add_patterns(settings.redact)
    standing = Notebook(
        tuple(Cell(redact(one.source), one.id, one.tags, at) for at, one in enumerate(cells)), now()
    )
    judged = looked_at or next(
        (_Looked(one, _newest_run(one)) for one in sessions if _fits(one, standing)), None
    )
    if judged is None:
        return CellStates(version=version)
    around, ignored = glance.surroundings(), settings.ignore_checks
    runs, results = judged.session.cell_runs, judged.runs
    states = judge_cells(standing, runs, results, around, ignore=ignored)
    raise_doubts(index.workspace, glance.unsure)
    return CellStates(version=version, is_of_selected=bool(looked_at), states=tuple(states))


class _Looked(NamedTuple):
    """A session, and those of its runs that a person looks at."""

    session: Remembered
    runs: list[Run]


def _looked_at(index: Index, notebook: str, selected: Collection[str]) -> _Looked | None:
    """The newest session of a notebook that has some of the selected runs."""
    query = (
        "SELECT s.id, s.version, r.record FROM runs r JOIN sessions s ON s.id = r.session_id"
        " WHERE s.notebook = ? AND r.id IN (SELECT value FROM json_each(?))"
        " ORDER BY s.started_at DESC"
    )
    rows = index.rows(query, [notebook, json.dumps(list(selected))]) if selected else []
    runs = [from_json(row["record"], Run) for row in rows if row["id"] == rows[0]["id"]]
    return _Looked(remember(index, rows[0]["id"], rows[0]["version"]), runs) if runs else None


def _newest_run(session: Remembered) -> list[Run]:
    return [session.newest] if session.newest else []


def _sessions(index: Index, notebook: str, looked_at: _Looked | None) -> list[Remembered]:
    """Those that cells may be judged by."""
    return [*([looked_at.session] if looked_at else []), *_newest_sessions(index, notebook)]


def _newest_sessions(index: Index, notebook: str) -> list[Remembered]:
    """Newest sessions of a notebook; a person's before a job's."""
    query = (
        "SELECT id, version, record FROM sessions WHERE notebook = ?"
        " ORDER BY started_at DESC LIMIT 20"
    )
    rows = [(row, from_json(row["record"], Session)) for row in index.rows(query, [notebook])]
    rows.sort(key=lambda found: found[1].kind != "interactive")
    return [remember(index, row["id"], row["version"]) for row, _ in rows[:_SESSIONS]]


def _glance(index: Index, sessions: Iterable[Remembered]) -> Glance:
    files = dict.fromkeys(path for session in sessions for path in session.files)
    return Glance(index, files, dict.fromkeys(one for each in sessions for one in each.listings))


def _version_of(sessions: Iterable[Remembered], glance: Glance) -> str:
    marks = [*(str(session.version) for session in sessions), *glance.marks()]
    return blake3("\n".join(marks).encode(errors="surrogateescape")).hexdigest()[:32]


def _fits(session: Remembered, standing: Notebook) -> bool:
    return any(map(says_something, place(session.cell_runs, standing)))
