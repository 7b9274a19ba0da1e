"""Which rows of data differ: who can tell, and what is said of text that is no table."""

from collections import Counter
from collections.abc import Callable
from itertools import islice

from nbops.comparison.differences import DiffLine, RowsChange
from nbops.records import DataRef

CompareRows = Callable[[DataRef, DataRef], RowsChange | str]
"""Compares the rows of two versions of a file; a text says why that cannot be told."""

_TEXT = (".csv", ".tsv", ".jsonl", ".ndjson", ".txt")
_SHOWN = 5
_LONGEST = 300


def diff_text(a: bytes, b: bytes, name: str) -> RowsChange | None:
    """Tell which lines differ; None unless both are text of lines."""
    if not name.lower().endswith(_TEXT):
        return None
    try:
        before, after = a.decode().splitlines(), b.decode().splitlines()
    except UnicodeDecodeError:
        return None
    return diff_rows(before, after, has_header=not name.lower().endswith(("jsonl", "txt")))


def describe_rows(rows: RowsChange) -> str:
    """How many rows differ, in a few words.

    >>> describe_rows(RowsChange(added=1, removed=0, changed=2, key="id"))
    '1 row added, 2 changed, known by id'
    """
    if rows.is_reordered:
        return "the same rows in another order"
    counts = {"added": rows.added, "removed": rows.removed, "changed": rows.changed}
    parts = [f"{count:,} {word}" for word, count in counts.items() if count]
    if parts:
        number, _, word = parts[0].partition(" ")
        parts[0] = f"{number} {'row' if number == '1' else 'rows'} {word}"
    known = f", known by {rows.key}" if rows.key and parts else ""
    return ", ".join(parts) + known


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
