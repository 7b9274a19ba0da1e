"""How long the cells of a notebook took before, for the time that is left."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from nbops.index.queries import Index
from nbops.jobs.declarations import read_declarations
from nbops.jobs.parameters import check_parameters, is_python, read_notebook
from nbops.jobs.recorded import key_of, read_signature
from nbops.records import CellRun
from nbops.replay import replay_folder

_RUNS = 3


def read_pace(index: Index, notebook: Path, given: Mapping[str, Any]) -> dict[str, float]:
    """Seconds by cell id, from the latest runs of a notebook that finished: with these parameters, or else all.

    Parameters
    ----------
    given
        Parameters that it is run with; the others are as the notebook says.

    Raises
    ------
    UsageError, NotFound
        The file is no notebook, or a parameter is unknown or unfit.
    """
    took: dict[str, list[float]] = {}
    name, wanted = index.workspace.name_of(str(notebook.resolve())), _key(notebook, given)
    finished = [s for s in index.sessions() if s.notebook == name and s.status == "finished"]
    alike = [session for session in finished if key_of(session.params) == wanted]
    for session in (alike or finished)[:_RUNS]:
        folder = index.workspace.sessions / session.id
        cells: Sequence[CellRun] = (
            replay_folder(folder).document().cell_runs if folder.exists() else ()
        )
        for cell in cells:
            if cell.cell_id and cell.duration_s is not None and cell.status == "ok":
                took.setdefault(cell.cell_id, []).append(cell.duration_s)
    return {cell_id: median(values) for cell_id, values in took.items()}


def _key(path: Path, given: Mapping[str, Any]) -> str:
    notebook = read_notebook(path)
    if not is_python(notebook):
        return ""
    values = check_parameters(read_declarations(notebook.cells, path.name), given)
    return key_of(read_signature(notebook, values)[0])


def time_left(pace: Mapping[str, float], cells: Sequence[Any]) -> float | None:
    """Seconds that cells will take; None when one of them never ran before."""
    if not pace or any(cell.id not in pace for cell in cells):
        return None
    return sum(pace[cell.id] for cell in cells)
