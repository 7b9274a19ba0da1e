"""Cells that two runs executed in another order, where that can matter."""

from collections.abc import Iterator, Sequence
from itertools import combinations

from nbops.comparison.code import Paired, code_of
from nbops.comparison.differences import Change
from nbops.records import CellRun, first_line


def compare_order(paired: Sequence[Paired], called: str = "B") -> Iterator[Change]:
    """Yield pairs of cells that ran the other way round, where one can have changed what the other met.

    Cells that have nothing to do with each other may run in any order.
    """
    both = [(one, other) for one, other in paired if one is not None and other is not None]
    both.sort(key=lambda pair: pair[1].seq)
    for (one, other), (later_one, later) in combinations(both, 2):
        if one.seq > later_one.seq and (_meet(one, later_one) or _meet(other, later)):
            yield Change(
                kind="order",
                name=_line(later),
                a=later_one.execution_count,
                b=later.execution_count,
                note=f"before {_line(other)} in A, after it in {called}",
                a_cell=later_one.id,
                b_cell=later.id,
            )


def _meet(one: CellRun, other: CellRun) -> bool:
    """Whether one used what the other made, or both moved the same generator or object on."""
    if one.id in other.depends_on or other.id in one.depends_on:
        return True
    if set(one.random_state or ()) & set(other.random_state or ()):
        return True
    mutated = [set(cell.names.mutates) if cell.names else set() for cell in (one, other)]
    return bool(mutated[0] & mutated[1])


def _line(cell: CellRun) -> str:
    return first_line(code_of(cell)) or first_line(cell.source)
