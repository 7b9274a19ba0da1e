"""Which rows of a table of text differ."""

from collections import Counter
from collections.abc import Callable
from itertools import islice

from nbops.comparison.differences import DiffLine, RowsChange
from nbops.records import DataRef

Contents = Callable[[str], bytes | None]
"""Content of a digest that is kept; None of one that is not."""

_TEXT = (".csv", ".tsv", ".jsonl", ".ndjson", ".txt")
_SHOWN = 5
_LONGEST = 300


def compare_rows(a: DataRef, b: DataRef, contents: Contents) -> RowsChange | None:
    """Tell which lines differ; None unless both are text of lines, and both are kept."""
    if not (a.digest and b.digest and a.name.lower().endswith(_TEXT)):
        return None
    one, other = contents(a.digest), contents(b.digest)
    if one is None or other is None:
        return None
    try:
        before, after = one.decode().splitlines(), other.decode().splitlines()
    except UnicodeDecodeError:
        return None
    return diff_rows(before, after, has_header=not a.name.lower().endswith(("jsonl", "txt")))


def diff_rows(before: list[str], after: list[str], *, has_header: bool = True) -> RowsChange:
    """Compare tables as collections of rows, each as often as it is there.

    >>> found = diff_rows(["x,y", "1,2", "3,4"], ["x,y", "3,4", "5,6", "5,6"])
    >>> found.added, found.removed, [(line.op, line.text) for line in found.lines]
    (2, 1, [('same', 'x,y'), ('removed', '1,2'), ('added', '5,6'), ('added', '5,6')])
    """
    removed, added = Counter(before), Counter(after)
    common = removed & added
    removed, added = removed - common, added - common
    shown: list[DiffLine] = []
    if has_header and before and after and before[0] == after[0]:
        shown.append(DiffLine(op="same", text=before[0][:_LONGEST]))
    for op, rows in (("removed", removed), ("added", added)):
        some = islice(rows.elements(), _SHOWN)
        shown += [DiffLine(op=op, text=row[:_LONGEST]) for row in some]  # type: ignore[arg-type]
    return RowsChange(
        added=added.total(),
        removed=removed.total(),
        is_reordered=not added and not removed and before != after,
        lines=tuple(shown),
    )
