"""A notebook in front: what the panel is sent of its sessions, cell runs and runs."""

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from nbops.index.queries import Index
from nbops.records import FORMAT, CellRun
from nbops.replay import replay_folder

_CURVE_POINTS = 200


def describe_notebook(
    index: Index, notebook: str, kernel: str | None, since: int, session: str | None = None
) -> dict[str, Any]:
    """What the panel is sent of a notebook.

    Who asks from the start, as after a reload, is told the curves so far of what a running cell logs.

    Parameters
    ----------
    session
        The only one that is wanted, such as an earlier one; None for all, with the newest one's cell runs.

    Raises
    ------
    NotFound
        There is no such session.
    """
    view = index.session(session) if session else index.notebook(notebook, kernel, since=since)
    if view is None:
        return {"format": FORMAT, "unchanged": True, "version": since}
    cells = view.cell_runs if since else _with_curves(index, view.cell_runs)
    return {
        "format": FORMAT,
        "unchanged": False,
        "version": view.version,
        "notebook": notebook,
        "sessions": view.sessions,
        "cell_runs": cells,
        "runs": view.runs,
        "unshipped": view.unshipped,
        "error": view.state.get("error") or None,
    }


def _with_curves(index: Index, cells: Sequence[CellRun]) -> list[CellRun]:
    """Cell runs, those that run with the latest points of their metrics: the index keeps the last one only."""
    return [
        _with_curve(index, cell) if cell.status == "running" and cell.metrics else cell
        for cell in cells
    ]


def _with_curve(index: Index, cell: CellRun) -> CellRun:
    found = index.rows("SELECT session_id FROM cell_runs WHERE id = ?", [cell.id])
    folder = index.workspace.sessions / (found[0][0] if found else "-")
    if not folder.exists():
        return cell
    replay = replay_folder(folder)
    if cell.id not in replay.cells:
        return cell
    curves = replay.cell_run(cell.id).metrics
    return replace(cell, metrics={name: points[-_CURVE_POINTS:] for name, points in curves.items()})
