"""How long the cells of a notebook took before, for the time that is left."""

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from nbops.index.queries import Index
from nbops.records import CellRun
from nbops.replay import replay_folder

_RUNS = 3


def read_pace(index: Index, notebook: str) -> dict[str, float]:
    """Seconds by cell id, from the latest runs of a notebook that finished.

    Parameters
    ----------
    notebook
        As records name it.
    """
    took: dict[str, list[float]] = {}
    finished = [s for s in index.sessions() if s.notebook == notebook and s.status == "finished"]
    for session in finished[:_RUNS]:
        folder = index.workspace.sessions / session.id
        cells: Sequence[CellRun] = (
            replay_folder(folder).document().cell_runs if folder.exists() else ()
        )
        for cell in cells:
            if cell.cell_id and cell.duration_s is not None and cell.status == "ok":
                took.setdefault(cell.cell_id, []).append(cell.duration_s)
    return {cell_id: median(values) for cell_id, values in took.items()}


def time_left(pace: Mapping[str, float], cells: Sequence[Any]) -> float | None:
    """Seconds that cells will take; None when one of them never ran before."""
    if not pace or any(cell.id not in pace for cell in cells):
        return None
    return sum(pace[cell.id] for cell in cells)
