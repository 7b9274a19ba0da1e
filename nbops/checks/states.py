"""How the cells of a notebook stand to what they show: what they wear in its margin."""

from collections.abc import Collection, Iterable, Iterator
from typing import Literal

from nbops.checks.cells import Cell, Notebook
from nbops.checks.findings import Finding
from nbops.checks.links import check_links
from nbops.checks.silence import silenced_kinds
from nbops.checks.staleness import check_staleness
from nbops.checks.subject import Subject
from nbops.checks.surroundings import Surroundings
from nbops.checks.timeline import Step
from nbops.records import CellRun, Record, Run

StateKind = Literal["failed", "changed", "stale", "order"]

_KIND: dict[str, StateKind] = {"stale": "stale", "hidden": "stale", "order": "order"}
"""What is gone, or was edited since, changed upstream of the cell that used it."""
_FAILED = {"error": "failed", "interrupted": "was interrupted", "died": "ended with its kernel"}


class CellMark(Record, frozen=True, kw_only=True):
    """One thing that a person should know of a cell before they believe what it shows."""

    kind: StateKind
    message: str  # one sentence
    way_out: str  # one sentence; empty where the person knows


class CellState(Record, frozen=True, kw_only=True):
    """A cell of the notebook, and what is to be known of its last run."""

    cell_id: str
    cell_run_id: str  # its last
    matters: bool  # whether a run that people look at is made of it, or depends on it
    marks: tuple[CellMark, ...]  # the gravest first


def judge_cells(
    notebook: Notebook,
    runs: Iterable[CellRun],
    results: Collection[Run],
    around: Surroundings,
    *,
    ignore: Collection[str] = (),
) -> list[CellState]:
    """Judge cells by their last run in one session; those with nothing to say are left out.

    Parameters
    ----------
    results
        Runs that people look at; where there are none, all that is shown counts alike.
    ignore
        Kinds of findings not to look for.
    """
    subject = Subject(notebook, tuple(runs))
    marks: dict[int, list[CellMark]] = {}
    for cell, mark in (*_own(subject), *_found(subject, around, ignore)):
        if cell.position is not None:
            marks.setdefault(cell.position, []).append(mark)
    if "stale" not in ignore:
        _pass_on(subject, marks)
    needed = _needed(subject, results)
    states = []
    for position, told in sorted(marks.items()):
        cell = notebook.cells[position]
        run = subject.latest[cell.key].run
        if cell.cell_id and run:
            has_failed = told[0].kind == "failed"
            matters = has_failed or needed is None or position in needed
            state = CellState(
                cell_id=cell.cell_id, cell_run_id=run.id, matters=matters, marks=tuple(told)
            )
            states.append(state)
    return states


def _own(subject: Subject) -> Iterator[tuple[Cell, CellMark]]:
    """What is to be said of a cell for itself."""
    for cell in subject.latest.values():
        run, now = cell.run, subject.notebook.now(cell)
        if run is None or now is None or run.skipped:
            continue
        if run.status in _FAILED:
            error = run.error if run.status == "error" else None
            told = f"{error.name}: {error.message}" if error else f"It {_FAILED[run.status]}"
            message = told.rstrip(" .:") + "."
            yield cell, CellMark(kind="failed", message=message, way_out="")
        if run.status != "running" and now.code != cell.code:
            count = f", [{run.execution_count}]" if run.execution_count else ""
            message = f"It shows the result of its earlier code{count}."
            yield cell, CellMark(kind="changed", message=message, way_out="Run it.")


def _found(
    subject: Subject, around: Surroundings, ignore: Collection[str]
) -> Iterator[tuple[Cell, CellMark]]:
    """What checks find of results, the changed files and modules first."""
    findings: list[Finding] = [*check_staleness(subject, around), *check_links(subject)]
    told = [one for one in findings if one.kind not in ignore and one.position is not None]
    for finding in sorted(told, key=lambda one: _KIND[one.kind] == "order"):
        cell = subject.notebook.cells[finding.position or 0]
        if finding.kind not in silenced_kinds(cell):
            kind = _KIND[finding.kind]
            yield cell, CellMark(kind=kind, message=finding.message, way_out=finding.way_out)


def _pass_on(subject: Subject, marks: dict[int, list[CellMark]]) -> None:
    """Cells that used values, or files, of a stale one are stale, too."""
    for step in sorted(subject.results, key=lambda step: step.cell.run.seq if step.cell.run else 0):
        position = step.cell.position
        if position is None or _is_stale(marks.get(position, ())):
            continue
        if "stale" in silenced_kinds(subject.notebook.cells[position]):
            continue
        for thing, source in _sources(step):
            at = source.position
            if at is not None and at != position and _is_stale(marks.get(at, ())):
                message = f"It used {thing} of {source.label}, which is stale."
                way_out = "Run that cell, and then this one."
                mark = CellMark(kind="stale", message=message, way_out=way_out)
                marks.setdefault(position, []).append(mark)
                break


def _sources(step: Step) -> Iterator[tuple[str, Cell]]:
    yield from ((f"`{name}`", source) for name, source in step.sources.items())
    yield from step.files.items()


def _is_stale(marks: Iterable[CellMark]) -> bool:
    return any(mark.kind == "stale" for mark in marks)


def _needed(subject: Subject, results: Collection[Run]) -> set[int | None] | None:
    """Places of the cells that runs are made of and depend on."""
    if not results:
        return None
    wanted = {
        cell_run
        for run in results
        for cell_run in (*run.cell_run_ids, *run.depends_on, *run.imports_from)
    }
    return {cell.position for cell in subject.ran if cell.run and cell.run.id in wanted}
