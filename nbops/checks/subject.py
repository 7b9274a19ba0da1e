"""What is checked: a notebook, what ran of it, and which results count."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from nbops.checks.cells import Cell, Notebook, place
from nbops.checks.keys import builds_on_itself
from nbops.checks.timeline import Step, follow
from nbops.records import CellRun


@dataclass(frozen=True)
class Subject:
    """A notebook with one session of it.

    Parameters
    ----------
    runs
        All cell runs of the session.
    only
        Ids of the cell runs that a run is made of and depends on. None: the latest of each cell of the
        notebook, the results that it shows.
    """

    notebook: Notebook
    runs: tuple[CellRun, ...] = ()
    only: frozenset[str] | None = None

    @cached_property
    def ran(self) -> list[Cell]:
        return place(self.runs, self.notebook)

    @cached_property
    def in_turn(self) -> dict[str, Step]:
        """Steps in the order of execution, by cell run."""
        return {step.cell.run.id: step for step in follow(self.ran) if step.cell.run}

    @cached_property
    def as_written(self) -> list[Step]:
        """Steps in the notebook's order, as its cells stand now."""
        return follow(self.notebook.cells)

    @cached_property
    def results(self) -> list[Step]:
        """Steps that gave the results that are looked at."""
        if self.only is not None:
            return [step for key, step in self.in_turn.items() if key in self.only]
        shown = [
            cell for cell in self.latest.values() if cell.position is not None and _went_well(cell)
        ]
        return [self.step_of(cell) for cell in sorted(shown, key=lambda cell: cell.position or 0)]

    @cached_property
    def cells(self) -> tuple[Cell, ...]:
        """Cells whose text is looked at: the notebook's, or those that a run is made of."""
        if self.only is None:
            return tuple(map(self.as_ran, self.notebook.cells))
        return tuple(step.cell for step in self.results)

    @cached_property
    def latest(self) -> dict[object, Cell]:
        """Last run of each cell; of a run, as things stood when it ended."""
        return {cell.key: cell for cell in self.ran if self._is_in_time(cell)}

    @cached_property
    def _end(self) -> int | None:
        ends = [cell.seq for cell in self.runs if self.only is not None and cell.id in self.only]
        return max(ends) if ends else None

    def _is_in_time(self, cell: Cell) -> bool:
        return self._end is None or cell.run is None or cell.run.seq <= self._end

    def as_ran(self, cell: Cell) -> Cell:
        """A cell of the notebook with its last run, where that ran it as it stands."""
        ran = self.latest.get(cell.key)
        return ran if ran and ran.code == cell.code else cell

    def step_of(self, cell: Cell) -> Step:
        return self.in_turn[cell.run.id] if cell.run else Step(cell)

    def written(self, cell: Cell) -> Step | None:
        """The cell's step in the notebook's order; None when it does not stand there as it ran."""
        now = self.notebook.now(cell)
        if now is None or now.position is None or now.code != cell.code:
            return None
        return self.as_written[now.position]

    def newer(self, cell: Cell, than: Cell) -> Cell | None:
        """A later run of a cell, after another one used it, that may have given something else."""
        latest = self.latest.get(cell.key)
        if latest is None or latest.run is None or cell.run is None or than.run is None:
            return None
        if latest.run.seq <= max(than.run.seq, cell.run.seq):
            return None
        return None if self._is_same_again(cell, latest) else latest

    def _is_same_again(self, one: Cell, other: Cell, depth: int = 0) -> bool:
        """Whether two runs of a cell had the same code, values and files to begin with."""
        if one is other or one.run is None or other.run is None:
            return one is other
        a, b = self.step_of(one), self.step_of(other)
        if depth > 50 or one.code != other.code or one.run.params != other.run.params:
            return False
        if a.draws or b.draws or _digests(one.run) != _digests(other.run):
            return False
        own = {name for name, cell in b.sources.items() if cell.key == other.key}
        if any(builds_on_itself(other, name) for name in own):
            return False
        before, now = (_others(step, own) for step in (a, b))
        return before.keys() == now.keys() and all(
            self._is_same_again(before[name], now[name], depth + 1) for name in before
        )


def _went_well(cell: Cell) -> bool:
    return cell.run is not None and cell.run.status in ("ok", "before_tracking")


def _digests(run: CellRun) -> set[tuple[str, str | None]]:
    listings = {(f"{one.uri}/{one.patterns}", one.digest) for one in run.listings}
    return {(ref.uri, ref.digest) for ref in run.reads} | listings


def _others(step: Step, own: Iterable[str]) -> dict[str, Cell]:
    """Cells that a step's names come from, but for those that it changes again."""
    return {name: cell for name, cell in step.sources.items() if name not in own}
