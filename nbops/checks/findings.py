"""One thing that a check found."""

from nbops.checks.cells import Cell
from nbops.records import Record, first_line

KINDS = {
    "order": "cells ran in an order that the notebook does not have",
    "hidden": "a result uses what no cell of the notebook makes any more",
    "stale": "what a cell used has changed since it ran",
    "random": "random numbers without a seed",
    "undeclared": "packages that are imported and not declared",
    "path": "files that other machines do not have",
}
"""What can be found, and silenced by this id."""


class Finding(Record, frozen=True, kw_only=True):
    """One thing that is wrong with one cell."""

    kind: str  # one of `KINDS`
    cell_id: str | None
    execution_count: int | None  # None: it has not run as it stands
    position: int | None  # its place among the notebook's code cells, from 0; None: not there
    cell: str  # first line of its code
    message: str  # one sentence
    way_out: str  # one sentence


def found_in(cell: Cell, kind: str, message: str, way_out: str) -> Finding:
    """A finding about a cell."""
    return Finding(
        kind=kind,
        cell_id=cell.cell_id,
        execution_count=cell.run.execution_count if cell.run else None,
        position=cell.position,
        cell=first_line(cell.source),
        message=message,
        way_out=way_out,
    )


def listed(names: list[str]) -> str:
    """Names as a sentence lists them.

    >>> listed(["b", "a", "c"])
    'a, b and c'
    """
    *most, last = sorted(names)
    return f"{', '.join(most)} and {last}" if most else last
