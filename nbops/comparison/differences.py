"""Typed differences between a run A and a run B."""

from datetime import datetime
from typing import Literal

from nbops.records import FORMAT, Number, Record, RunStatus, Scalar

ChangeKind = Literal["param", "data", "code", "module", "package", "environment"]


class DiffLine(Record, frozen=True, kw_only=True):
    op: Literal["same", "removed", "added", "gap"]
    text: str


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


class MetricChange(Record, frozen=True, kw_only=True):
    name: str
    a: Number | None
    b: Number | None
    delta: float | None  # b - a; None unless both are finite


class Side(Record, frozen=True, kw_only=True):
    """What a comparison says of each of its runs."""

    run_id: str
    name: str
    session_name: str
    execution_count: int | None
    started_at: datetime
    duration_s: float | None
    status: RunStatus


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
