"""Two versions of a table: which columns, rows and values differ.

Rows are told apart by what they hold, by a column that names each of them once, or by their place:
whichever says it in the fewest words. All of these are true of the same tables.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from nbops.comparison.differences import ColumnChange, DiffLine, RowsChange
from nbops.comparison.summaries import summarize

_SHOWN = 5
_WIDE = 8
_LONGEST = 300
_MOST_COLUMNS = 20
_MOST_KEYS = 3
_MOST_CELLS = 20_000_000
"""Of both tables together; encoding as many takes seconds."""


@dataclass(frozen=True)
class _Match:
    """Which rows of A and B are the same row, by their places, and which are of one side alone."""

    a: Any  # a place in A for each in `b`
    b: Any
    removed: Any
    added: Any
    key: str | None = None
    changed: Any = ()  # which of the pairs
    by_column: dict[str, int] = field(default_factory=dict)

    @property
    def cost(self) -> int:
        return len(self.removed) + len(self.added) + len(self.changed)


def compare_tables(a: Any, b: Any) -> RowsChange:
    """Compare two `pyarrow.Table`s, whose columns have each a name of its own.

    A column that has another type holds the same values where they are equal as numbers, or else as text.
    """
    shared = [name for name in a.column_names if name in b.column_names]
    is_small = (a.num_rows + b.num_rows) * len(shared) <= _MOST_CELLS
    match = _match(a, b, shared) if shared and is_small else None
    columns = list(_columns(a, b, match))
    columns.sort(key=lambda column: (column.a_type == column.b_type, -(column.changed or 0)))
    counts = match or _Match([], [], [], [])
    missing = "" if match else "the tables are too large" if shared else "no column is in both"
    return RowsChange(
        a_rows=a.num_rows,
        b_rows=b.num_rows,
        added=len(counts.added),
        removed=len(counts.removed),
        changed=len(counts.changed),
        key=counts.key,
        is_reordered=match is not None and not match.cost and list(match.a) != sorted(match.a),
        columns=tuple(columns[:_MOST_COLUMNS]),
        more_columns=max(0, len(columns) - _MOST_COLUMNS),
        missing=missing,
        lines=tuple(_lines(a, b, match, shared)) if match else (),
    )


# ---- which row is which ---------------------------------------------------------------------------------


def _match(a: Any, b: Any, shared: Sequence[str]) -> _Match:
    import numpy as np

    codes = {name: _encode(a.column(name), b.column(name)) for name in shared}
    rows = a.num_rows
    whole = codes[shared[0]]
    for name in shared[1:]:
        whole = _join(whole, codes[name])
    by_content = _pair(_join(whole, _occurrence(whole, rows)), rows)
    if not by_content.cost:
        return by_content
    found = [by_content]
    keys = [name for name in shared if _is_key(a.column(name), b.column(name), codes[name], rows)]
    found += [
        _with_changes(_pair(codes[name], rows), codes, rows, name) for name in keys[:_MOST_KEYS]
    ]
    if rows == b.num_rows:
        places, none = np.arange(rows), np.arange(0)
        found.append(_with_changes(_Match(places, places, none, none), codes, rows))
    return min(found, key=lambda match: match.cost)


def _encode(a: Any, b: Any) -> Any:
    """A number for each value of a column, those of A before those of B; equal ones have the same."""
    import pyarrow as pa

    a, b = _alike(a, b)
    both = pa.chunked_array([*a.chunks, *b.chunks], type=a.type).combine_chunks()
    indices = both.dictionary_encode(null_encoding="encode").indices
    return indices.to_numpy(zero_copy_only=False).astype("int64")


def _alike(a: Any, b: Any) -> tuple[Any, Any]:
    """Two columns as one type in which their values can be compared."""
    import pyarrow as pa
    from pyarrow import types

    is_flat = [not types.is_nested(column.type) for column in (a, b)]
    if all(is_flat) and a.type == b.type:
        return a, b
    if all(types.is_integer(one.type) or types.is_floating(one.type) for one in (a, b)):
        try:
            return a.cast(pa.float64()), b.cast(pa.float64())
        except pa.ArrowInvalid:  # an integer that no float holds
            pass
    texts = ([None if v is None else str(v) for v in column.to_pylist()] for column in (a, b))
    left, right = (pa.chunked_array([pa.array(text, pa.string())]) for text in texts)
    return left, right


def _join(one: Any, other: Any) -> Any:
    """A number for each pair of numbers; equal pairs have the same."""
    import pyarrow as pa

    pairs = pa.array(one * (int(other.max(initial=0)) + 1) + other)
    return pairs.dictionary_encode().indices.to_numpy().astype("int64")


def _occurrence(codes: Any, rows: int) -> Any:
    """How often each value stood before, in its own table: equal rows are paired one by one."""
    import numpy as np

    counted = []
    for side in (codes[:rows], codes[rows:]):
        order = np.argsort(side, kind="stable")
        _, starts, counts = np.unique(side[order], return_index=True, return_counts=True)
        numbers = np.empty_like(side)
        numbers[order] = np.arange(len(side)) - np.repeat(starts, counts)
        counted.append(numbers)
    return np.concatenate(counted)


def _pair(codes: Any, rows: int) -> _Match:
    """Pair rows of numbers that each side has once, in the order of B."""
    import numpy as np

    left, right = codes[:rows], codes[rows:]
    _, a, b = np.intersect1d(left, right, assume_unique=True, return_indices=True)
    order = np.argsort(b)
    removed = np.setdiff1d(np.arange(len(left)), a)
    added = np.setdiff1d(np.arange(len(right)), b)
    return _Match(a[order], b[order], removed, added)


def _with_changes(
    match: _Match, codes: dict[str, Any], rows: int, key: str | None = None
) -> _Match:
    import numpy as np

    differs = np.zeros(len(match.a), dtype=bool)
    by_column = {}
    for name, code in codes.items():
        own = code[:rows][match.a] != code[rows:][match.b]
        differs |= own
        by_column[name] = int(own.sum())
    changed = np.flatnonzero(differs)
    return _Match(match.a, match.b, match.removed, match.added, key, changed, by_column)


def _is_key(a: Any, b: Any, codes: Any, rows: int) -> bool:
    """Whether a column names each row of either side once; measured values do so by chance."""
    import numpy as np
    from pyarrow import types

    kinds = (types.is_integer, types.is_string, types.is_large_string, types.is_temporal)
    if a.type != b.type or not any(is_kind(a.type) for is_kind in kinds):
        return False
    sides = (codes[:rows], codes[rows:])
    is_whole = a.null_count == b.null_count == 0
    return is_whole and all(len(side) and len(np.unique(side)) == len(side) for side in sides)


# ---- what is said of it ---------------------------------------------------------------------------------


def _columns(a: Any, b: Any, match: _Match | None) -> Iterator[ColumnChange]:
    """Columns that are not in both, have another type, other values, or another range of them."""
    by_column = match.by_column if match else {}
    for name in dict.fromkeys((*a.column_names, *b.column_names)):
        one = a.column(name) if name in a.column_names else None
        other = b.column(name) if name in b.column_names else None
        left, right = (summarize(column) if column is not None else None for column in (one, other))
        types = [None if column is None else _type_of(column) for column in (one, other)]
        if left != right or types[0] != types[1] or by_column.get(name):
            yield ColumnChange(
                name=name,
                a_type=types[0],
                b_type=types[1],
                changed=by_column.get(name),
                a=left,
                b=right,
            )


_NAMES = {"halffloat": "float16", "float": "float32", "double": "float64"}
"""What all but Arrow call these types."""


def _type_of(column: Any) -> str:
    return _NAMES.get(str(column.type), str(column.type))


def _lines(a: Any, b: Any, match: _Match, shared: list[str]) -> Iterator[DiffLine]:
    """The header, then the first rows that differ: each changed one as it was and as it is."""
    names = shared
    if len(shared) > _WIDE:
        names = [name for name in shared if name == match.key or match.by_column.get(name)]
        names = (names or shared)[:_WIDE]
    if match.cost:
        yield DiffLine(op="same", text=",".join(names)[:_LONGEST])
    for pair in match.changed[:_SHOWN]:
        yield DiffLine(op="removed", text=_row(a, int(match.a[pair]), names))
        yield DiffLine(op="added", text=_row(b, int(match.b[pair]), names))
    for place in match.removed[:_SHOWN]:
        yield DiffLine(op="removed", text=_row(a, int(place), names))
    for place in match.added[:_SHOWN]:
        yield DiffLine(op="added", text=_row(b, int(place), names))


def _row(table: Any, place: int, names: Sequence[str]) -> str:
    values = (table.column(name)[place].as_py() for name in names)
    text = ",".join("" if value is None else str(value) for value in values)
    return " ".join(text.split("\n"))[:_LONGEST]
