"""Cells as they stand in the notebook, and as they ran."""

import ast
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache

from nbops.capture.code.lines import split_mark, to_python
from nbops.capture.code.names import find_names
from nbops.digests import digest_source
from nbops.journal.facts import NamesFound
from nbops.records import CellRun, first_line


@dataclass(frozen=True)
class Cell:
    """A code cell.

    Parameters
    ----------
    position
        Its place among the notebook's code cells; None when it is not there.
    run
        What was recorded of it; None for a cell as it stands.
    """

    source: str
    cell_id: str | None = None
    tags: tuple[str, ...] = ()
    position: int | None = None
    run: CellRun | None = None

    @property
    def found(self) -> NamesFound:
        return _read(self.source)[0]

    @property
    def tree(self) -> ast.Module:
        """Its Python; empty where that cannot be read."""
        return _read(self.source)[1]

    @property
    def code(self) -> str:
        """What two versions of it have in common when they do the same: comments and spaces do not count."""
        return _read(self.source)[2]

    @property
    def key(self) -> object:
        """Equal for the same cell of the notebook, however often it ran."""
        if self.position is not None:
            return self.position
        return self.cell_id or digest_source(self.source)

    @property
    def label(self) -> str:
        """What a sentence calls it."""
        count = self.run.execution_count if self.run else None
        line = first_line(self.source)
        line = line if len(line) <= 40 else line[:39] + "…"
        return f"cell [{' ' if count is None else count}] `{line}`"


@lru_cache(maxsize=4096)  # a notebook that is open is judged after each cell run
def _read(source: str) -> tuple[NamesFound, ast.Module, str]:
    """What a cell's text says: its names, its tree, its code."""
    try:
        tree = ast.parse(to_python(split_mark(source)[1]))
    except (SyntaxError, ValueError, RecursionError):
        tree = ast.Module([], [])
    mark = source if source.lstrip().startswith("%%") else ""
    code = ast.dump(tree) + mark if tree.body else digest_source(source)
    return find_names("", source), tree, code


@dataclass(frozen=True)
class Notebook:
    """A notebook as it was saved.

    Parameters
    ----------
    cells
        Its code cells, in order.
    saved_at
        What ran later may stand in it by now, unsaved. None: nothing of it is known.
    """

    cells: tuple[Cell, ...] = ()
    saved_at: datetime | None = None

    def knows(self, cell: Cell) -> bool:
        """Whether a cell run is old enough for the saved notebook to tell about its cell."""
        started = cell.run.started_at if cell.run else None
        return self.saved_at is not None and (started is None or started < self.saved_at)

    def with_unsaved(self, runs: Iterable[CellRun]) -> "Notebook":
        """The notebook with the text of cells that ran since it was saved."""
        latest = {run.cell_id: run for run in sorted(runs, key=lambda run: run.seq)}
        cells = []
        for cell in self.cells:
            run = latest.get(cell.cell_id) if cell.cell_id else None
            is_newer = run is not None and not self.knows(Cell(run.source, run=run))
            cells.append(replace(cell, source=run.source) if run and is_newer else cell)
        return replace(self, cells=tuple(cells))

    def now(self, cell: Cell) -> Cell | None:
        """A cell that ran, as it stands now."""
        return None if cell.position is None else self.cells[cell.position]


def place(runs: Iterable[CellRun], notebook: Notebook) -> list[Cell]:
    """Cell runs in order of execution, with where they stand in the notebook.

    A cell that was cut and pasted has a new id; it is known by its code.
    """
    by_id = {cell.cell_id: cell for cell in notebook.cells if cell.cell_id}
    by_code = {cell.code: cell for cell in reversed(notebook.cells)}
    placed = []
    for run in sorted(runs, key=lambda run: run.seq):
        as_run = Cell(run.source, run.cell_id, run=run)
        now = by_id.get(run.cell_id or "") or by_code.get(as_run.code)
        if now is not None:
            as_run = Cell(run.source, now.cell_id, now.tags, now.position, run)
        placed.append(as_run)
    return placed
