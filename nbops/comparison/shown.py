"""What cells showed, where it differs between two runs."""

from collections.abc import Iterator, Sequence

from nbops.comparison.code import Paired, code_of
from nbops.comparison.differences import OutputChange
from nbops.records import CellRun, OutputRef, first_line


def compare_outputs(paired: Sequence[Paired]) -> Iterator[OutputChange]:
    """Yield cells whose outputs are not the same; of cells whose outputs were not captured, nothing."""
    for one, other in paired:
        left, right = _outputs(one), _outputs(other)
        if left is None or right is None or _contents(left) == _contents(right):
            continue
        cell = other or one
        if cell is not None:
            yield OutputChange(
                name=first_line(code_of(cell)) or first_line(cell.source),
                a_cell=one.id if one else None,
                b_cell=other.id if other else None,
                a=left,
                b=right,
            )


def _outputs(cell: CellRun | None) -> tuple[OutputRef, ...] | None:
    return cell.outputs if cell else ()


def _contents(outputs: tuple[OutputRef, ...]) -> list[tuple[str, str, str | None]]:
    return [(ref.mime, ref.digest, ref.missing) for ref in outputs]
