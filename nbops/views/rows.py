"""Which rows and columns of data differ, in lines of text."""

from collections.abc import Iterator

from nbops.comparison.differences import Change, ColumnChange, ColumnSummary, RowsChange
from nbops.records import Scalar

_MOST = 6


def say_rows(change: Change) -> list[str]:
    """What is known of a table beside how many of its rows differ; nothing of what is no data."""
    if change.rows_missing:
        return [f"which rows differ is not known: {change.rows_missing}"]
    if change.rows is None:
        return []
    lines = list(_say_columns(change.rows))
    if change.rows.missing:
        lines.append(f"which rows differ is not known: {change.rows.missing}")
    return lines


def _say_columns(rows: RowsChange) -> Iterator[str]:
    told = [column for column in rows.columns if _is_worth_it(column, rows)]
    for column in told[:_MOST]:
        yield f"{column.name}: {', '.join(_facts(column))}"
    left = len(told) - _MOST + rows.more_columns
    if len(told) > _MOST:
        yield f"{left} more columns differ"


def _is_worth_it(column: ColumnChange, rows: RowsChange) -> bool:
    """Whether more is to be said than that rows came and went."""
    has_no_pairs = column.changed is None and (rows.added or rows.removed or rows.missing)
    has_figures = any(side and side.mean is not None for side in (column.a, column.b))
    return bool(column.changed or column.a_type != column.b_type or (has_no_pairs and has_figures))


def _facts(column: ColumnChange) -> Iterator[str]:
    if column.a_type is None or column.b_type is None:
        yield f"new, {column.b_type}" if column.a_type is None else f"gone, was {column.a_type}"
        return
    if column.a_type != column.b_type:
        yield f"{column.a_type} → {column.b_type}"
    if column.changed:
        yield f"{column.changed:,} {'value' if column.changed == 1 else 'values'} changed"
    a, b = column.a or ColumnSummary(), column.b or ColumnSummary()
    figures = (
        ("mean", a.mean, b.mean),
        ("min", a.low, b.low),
        ("max", a.high, b.high),
        ("missing", a.missing, b.missing),
    )
    for name, one, other in figures:
        if one != other:
            yield f"{name} {_show(one)} → {_show(other)}"


def _show(value: Scalar) -> str:
    if value is None:
        return "(none)"
    return f"{value:.5g}" if isinstance(value, float) else str(value)
