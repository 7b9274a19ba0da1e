"""What a column of a table holds, in a few figures."""

import math
from typing import Any

from nbops.comparison.differences import ColumnSummary
from nbops.records import Scalar

_LONGEST = 60


def summarize(column: Any) -> ColumnSummary:
    """Figures of a pyarrow column; what cannot be told of its type is None."""
    from pyarrow import compute, types

    kind = column.type
    missing = int(compute.sum(compute.is_null(column, nan_is_null=True)).as_py() or 0)
    is_number = types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind)
    is_ordered = is_number or types.is_temporal(kind) or types.is_string(kind)
    if types.is_floating(kind):
        column = column.filter(compute.invert(compute.is_nan(column)))
    if not is_ordered or len(column) == 0:
        return ColumnSummary(missing=missing)
    ends = compute.min_max(column).as_py()
    return ColumnSummary(
        missing=missing,
        low=_scalar(ends["min"]),
        high=_scalar(ends["max"]),
        mean=_scalar(compute.mean(column).as_py()) if is_number else None,
    )


def _scalar(value: Any) -> Scalar:
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    return str(value)[:_LONGEST]
