"""A notebook in front: what the panel is sent of its sessions, cell runs and runs."""

from typing import Any

from msgspec.structs import replace

from nbops.index.queries import Index, NotebookView
from nbops.records import FORMAT, MetricPoint
from nbops.replay import replay_folder

_CURVE_POINTS = 200

Curves = dict[str, list[MetricPoint]]


def describe_notebook(
    index: Index, notebook: str, kernel: str | None, since: int, session: str | None = None
) -> dict[str, Any]:
    """What the panel is sent of a notebook.

    Who asks from the start, as after a reload, is told the curves so far of what a running cell logs, or the run that it makes.

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
    curves = {} if since else _curves(index, view)
    return {
        "format": FORMAT,
        "unchanged": False,
        "version": view.version,
        "notebook": notebook,
        "sessions": view.sessions,
        "cell_runs": [
            replace(cell, metrics=curves.get(cell.id, cell.metrics)) for cell in view.cell_runs
        ],
        "runs": [replace(run, metrics=curves.get(run.id, run.metrics)) for run in view.runs],
        "unshipped": view.unshipped,
        "error": view.state.get("error") or None,
    }


def _curves(index: Index, view: NotebookView) -> dict[str, Curves]:
    """By cell run and run that still runs, the latest points of its metrics: the index keeps the last one."""
    going = {cell.id for cell in view.cell_runs if cell.status == "running" and cell.metrics}
    going |= {run.id for run in view.runs if run.status == "running" and run.metrics}
    folder = index.workspace.sessions / (view.sessions[0].id if view.sessions else "-")
    if not going or not folder.exists():
        return {}
    replay = replay_folder(folder)
    logged = {cell.id: cell.metrics for cell in replay.cell_runs()}
    logged |= {run.id: run.metrics for run in replay.runs()}
    return {
        each: {name: points[-_CURVE_POINTS:] for name, points in logged[each].items()}
        for each in going & logged.keys()
    }
