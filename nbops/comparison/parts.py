"""What of two runs is compared: a person's run is made of some cells, a job of all that its notebook has."""

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nbops.comparison.code import assignment_of, pair_cells
from nbops.records import CellRun, Document, Scalar


@dataclass(frozen=True)
class Part:
    """Cell runs that are compared, and params."""

    cells: Sequence[CellRun]
    params: Mapping[str, Scalar]


def followed_cells(document: Document) -> list[CellRun]:
    """Cell runs whose values a run is made of; one that only imported says nothing by its code."""
    run = document.runs[0]
    only_imported = {*run.imports_from} - {*run.depends_on, *run.cell_run_ids}
    return [cell for cell in document.cell_runs if cell.id not in only_imported]


def align(a: Document, b: Document) -> tuple[Part, Part]:
    """What is compared of each.

    Beside a run of some cells, a job is those cells and what they took values from: its other cells ran for something
    else. Params of the job are held against what the other's cells assign as they stand.
    """
    one, other = (Part(followed_cells(each), each.runs[0].params) for each in (a, b))
    match [each.runs[0].origin == "job" for each in (a, b)]:
        case [True, False]:
            return _narrow(one, other), _fill(other, one.params)
        case [False, True]:
            return _fill(one, other.params), _narrow(other, one)
    return one, other


def _narrow(job: Part, part: Part) -> Part:
    """The job's cells that stand for the part's, with those that they depend on."""
    reached = {ours.id for theirs, ours in pair_cells(part.cells, job.cells) if theirs and ours}
    if not reached:  # another notebook's
        return job
    for cell in reversed(job.cells):
        if cell.id in reached:
            reached.update(cell.depends_on)
    return Part([cell for cell in job.cells if cell.id in reached], job.params)


def _fill(part: Part, params: Mapping[str, Scalar]) -> Part:
    """The part with params that its cells assign: what declares them was no param when a person ran it."""
    assigned: dict[str, Scalar] = {}
    for cell in part.cells:
        try:
            statements = ast.parse(cell.source).body
        except (SyntaxError, ValueError):  # magics
            continue
        assigned.update(found for each in statements if (found := assignment_of(each)))
    known = {name: assigned[name] for name in params if name in assigned}
    return Part(part.cells, {**known, **part.params})
