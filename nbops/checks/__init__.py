"""What would keep a notebook, or a run, from giving the same result again.

Pure: cells and records in, findings out. What must be looked up (a file's digest now, what the project
declares) is asked through `Surroundings`, which the caller hands in.
"""

from nbops.checks.cells import Cell, Notebook, place
from nbops.checks.check import check_notebook, check_run
from nbops.checks.findings import KINDS, Finding
from nbops.checks.states import CellMark, CellState, judge_cells
from nbops.checks.surroundings import Surroundings

__all__ = [
    "KINDS",
    "Cell",
    "CellMark",
    "CellState",
    "Finding",
    "Notebook",
    "Surroundings",
    "check_notebook",
    "check_run",
    "judge_cells",
    "place",
]
