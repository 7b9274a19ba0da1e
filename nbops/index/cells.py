"""One cell run in full, the versions a cell has had, and where data came from and went."""

from datetime import datetime
from typing import Any

from nbops.errors import NotFound
from nbops.index.queries import Index
from nbops.records import (
    FORMAT,
    CellRun,
    CellStatus,
    Environment,
    Record,
    Run,
    Session,
    first_line,
    from_json,
)
from nbops.replay import replay_folder
from nbops.store import open_store
from nbops.views.outputs import read_outputs

_MOST_USES = 500
_SHORTEST_DIGEST = 7


class CellDetails(Record, frozen=True, kw_only=True):
    """What `GET /nbops/cell-run/<id>` sends."""

    format: int = FORMAT
    cell_run: CellRun
    session: Session
    run: Run | None = None  # that it is part of
    environment: Environment | None = None
    outputs: tuple[dict[str, Any], ...] = ()  # as a notebook of format 4 holds them


class CellVersion(Record, frozen=True, kw_only=True):
    """One text that a cell has had."""

    source: str
    source_digest: str
    cell_run_id: str  # the latest with this text
    execution_count: int | None
    status: CellStatus
    first_at: datetime | None
    last_at: datetime | None
    count: int  # of its executions
    session_name: str
    run_ids: tuple[str, ...] = ()


class CellVersions(Record, frozen=True, kw_only=True):
    """What `GET /nbops/versions` sends: newest first."""

    format: int = FORMAT
    cell_id: str
    versions: tuple[CellVersion, ...] = ()


class DataUse(Record, frozen=True, kw_only=True):
    """One cell run that read or wrote data."""

    cell_run_id: str
    name: str  # what the data was called there
    uri: str
    first_line: str
    execution_count: int | None
    cell_id: str | None
    at: datetime | None
    session_id: str
    session_name: str
    notebook: str | None
    user: str
    run_id: str | None = None


class Lineage(Record, frozen=True, kw_only=True):
    """What `GET /nbops/lineage` sends: who wrote this content, and who read it, newest first."""

    format: int = FORMAT
    digest: str
    wrote: tuple[DataUse, ...] = ()
    read: tuple[DataUse, ...] = ()


def describe_cell_run(index: Index, cell_run_id: str) -> CellDetails:
    """All that is known of one cell run.

    Raises
    ------
    NotFound
        None has this id.
    """
    rows = index.rows("SELECT session_id FROM cell_runs WHERE id = ?", [cell_run_id])
    folder = index.workspace.sessions / (rows[0][0] if rows else "-")
    if not folder.exists():
        raise NotFound(f"There is no cell run {cell_run_id!r}.")
    replay = replay_folder(folder)
    if cell_run_id not in replay.cells:
        raise NotFound(f"There is no cell run {cell_run_id!r}.")
    cell = replay.cell_run(cell_run_id)
    is_of_run = cell.run_id in replay.composition().runs
    return CellDetails(
        cell_run=cell,
        session=replay.session(),
        run=replay.run(cell.run_id) if is_of_run and cell.run_id else None,
        environment=replay.environments.get(cell.environment or ""),
        outputs=tuple(read_outputs(cell, open_store(index.workspace))),
    )


def list_versions(index: Index, cell_id: str, text: str | None = None) -> CellVersions:
    """Texts that a cell has had, across sessions.

    Parameters
    ----------
    text
        Only those that hold this, in any case.
    """
    query = (
        "SELECT c.record, s.name FROM cell_runs c JOIN sessions s ON s.id = c.session_id"
        " WHERE c.cell_id = ? ORDER BY s.started_at DESC, c.seq DESC"
    )
    by_digest: dict[str, list[tuple[CellRun, str]]] = {}
    for row in index.rows(query, [cell_id]):
        cell = from_json(row[0], CellRun)
        if cell.skipped is None and (text or "").lower() in cell.source.lower():
            by_digest.setdefault(cell.source_digest, []).append((cell, row[1]))
    return CellVersions(cell_id=cell_id, versions=tuple(map(_version, by_digest.values())))


def _version(same: list[tuple[CellRun, str]]) -> CellVersion:
    newest, session_name = same[0]
    return CellVersion(
        source=newest.source,
        source_digest=newest.source_digest,
        cell_run_id=newest.id,
        execution_count=newest.execution_count,
        status=newest.status,
        first_at=same[-1][0].started_at,
        last_at=newest.started_at,
        count=len(same),
        session_name=session_name,
        run_ids=tuple(dict.fromkeys(cell.run_id for cell, _ in same if cell.run_id)),
    )


def trace_data(index: Index, digest: str) -> Lineage:
    """Who wrote and read data of this content.

    Parameters
    ----------
    digest
        Whole, or the first characters of what follows its kind.

    Raises
    ------
    NotFound
        No cell run here saw it.
    """
    whole = _whole_digest(index, digest)
    return Lineage(
        digest=whole, wrote=_uses(index, whole, "wrote"), read=_uses(index, whole, "read")
    )


def _whole_digest(index: Index, digest: str) -> str:
    query = "SELECT digest FROM data_uses WHERE digest = ? LIMIT 1"
    rows = index.rows(query, [digest])
    if not rows and ":" not in digest and len(digest) >= _SHORTEST_DIGEST and digest.isalnum():
        query = "SELECT DISTINCT digest FROM data_uses WHERE digest GLOB ? LIMIT 2"
        rows = index.rows(query, [f"*:{digest}*"])
    if len(rows) != 1:
        raise NotFound(f"No recorded cell read or wrote data of digest {digest!r}.")
    return str(rows[0][0])


def _uses(index: Index, digest: str, way: str) -> tuple[DataUse, ...]:
    query = (
        "SELECT u.name, u.uri, c.record cell, s.record session FROM data_uses u"
        " JOIN cell_runs c ON c.id = u.cell_run_id JOIN sessions s ON s.id = c.session_id"
        " WHERE u.digest = ? AND u.way = ? ORDER BY s.started_at DESC, c.seq DESC LIMIT ?"
    )
    uses = []
    for row in index.rows(query, [digest, way, _MOST_USES]):
        cell, session = from_json(row["cell"], CellRun), from_json(row["session"], Session)
        uses.append(
            DataUse(
                cell_run_id=cell.id,
                name=row["name"],
                uri=row["uri"],
                first_line=first_line(cell.source),
                execution_count=cell.execution_count,
                cell_id=cell.cell_id,
                at=cell.started_at,
                session_id=session.id,
                session_name=session.name,
                notebook=session.notebook,
                user=session.user,
                run_id=cell.run_id,
            )
        )
    return tuple(uses)
