"""Typed differences between a run A and a run B."""

from datetime import datetime
from typing import Literal

from nbops.comparison.goals import Goal
from nbops.records import FORMAT, DataRef, Number, OutputRef, Record, RunStatus, Scalar

ChangeKind = Literal[
    "param", "data", "code", "order", "seed", "module", "package", "environment", "git"
]


class DiffLine(Record, frozen=True, kw_only=True):
    op: Literal["same", "removed", "added", "gap"]
    text: str


class ColumnSummary(Record, frozen=True, kw_only=True):
    """What a column holds, in a few figures; None where its values have none such."""

    missing: int = 0  # values that are not there, or not a number
    low: Scalar = None
    high: Scalar = None
    mean: Scalar = None


class ColumnChange(Record, frozen=True, kw_only=True):
    """One column of a table, where it differs."""

    name: str
    a_type: str | None = None  # None: there is no such column
    b_type: str | None = None
    changed: int | None = None  # of the rows that are in both; None where these were not paired
    a: ColumnSummary | None = None
    b: ColumnSummary | None = None


class RowsChange(Record, frozen=True, kw_only=True):
    """Which rows of a table differ, where a copy of both contents is kept."""

    added: int
    removed: int
    is_reordered: bool = False  # the same rows in another order
    lines: tuple[DiffLine, ...] = ()  # the header, then the first of those that differ
    changed: int = 0  # rows of both that hold other values
    key: str | None = (
        None  # the column by which they were known; None: their place, or all they hold
    )
    a_rows: int | None = None
    b_rows: int | None = None
    columns: tuple[ColumnChange, ...] = ()
    more_columns: int = 0  # that differ, beyond these
    missing: str = ""  # why the rows were not compared, though the columns were


class Change(Record, frozen=True, kw_only=True):
    """One thing that differs, as it was in A and as it is in B; None where it was not there."""

    kind: ChangeKind
    name: str
    a: Scalar = None
    b: Scalar = None
    note: str = ""  # what is known about the difference: "412 rows more"
    a_cell: str | None = None  # cell runs it was seen in
    b_cell: str | None = None
    diff: tuple[DiffLine, ...] = ()
    a_data: DataRef | None = None  # of data
    b_data: DataRef | None = None
    rows: RowsChange | None = None
    rows_missing: str = ""  # why it is not known which rows differ


class OutputChange(Record, frozen=True, kw_only=True):
    """What a cell showed, where that differs: a result, and no cause."""

    name: str  # first line of its code
    a_cell: str | None = None
    b_cell: str | None = None
    a: tuple[OutputRef, ...] = ()
    b: tuple[OutputRef, ...] = ()


class MetricChange(Record, frozen=True, kw_only=True):
    name: str
    a: Number | None
    b: Number | None
    delta: float | None  # b - a; None unless both are finite
    goal: Goal | None = None  # which way is better; None where that is not known


class Side(Record, frozen=True, kw_only=True):
    """What a comparison says of each of its runs."""

    run_id: str
    name: str
    session_name: str
    execution_count: int | None
    started_at: datetime
    duration_s: float | None
    status: RunStatus


class Pair(Record, frozen=True, kw_only=True):
    """Two recorded runs that differ in one thing alone, and what that did to a metric."""

    a: str  # run ids
    b: str
    a_value: Number
    b_value: Number
    delta: float


class Spread(Record, frozen=True, kw_only=True):
    """Values of a metric in runs that differ in nothing recorded."""

    count: int
    low: float
    high: float
    run_ids: tuple[str, ...] = ()


class Conclusion(Record, frozen=True, kw_only=True):
    """What the recorded runs allow to be said of a metric's change, and nothing beyond."""

    says: Literal["because", "cannot_tell", "may_be_chance", "no_cause_recorded"]
    metric: str
    delta: float
    sentence: str
    causes: tuple[str, ...] = ()  # "kind name" of the changes that it is about
    pairs: tuple[Pair, ...] = ()
    spread: Spread | None = None


class Comparison(Record, frozen=True, kw_only=True):
    """Everything recorded that differs between two runs."""

    format: int = FORMAT
    a: Side
    b: Side
    metrics: tuple[MetricChange, ...] = ()
    changes: tuple[Change, ...] = ()
    same: dict[str, int] = {}  # noqa: RUF012 - msgspec copies it. How many of each kind do not differ
    unknown: tuple[str, ...] = ()  # what the records cannot compare, and why
    context: tuple[str, ...] = ()  # differences that run nothing: the git commit
    sentence: str = ""
    around: tuple[Change, ...] = ()  # the same as context, typed: the state of the git work tree
    outputs: tuple[OutputChange, ...] = ()
    conclusions: tuple[Conclusion, ...] = ()  # filled where the history is known
