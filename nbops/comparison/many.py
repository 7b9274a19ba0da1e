"""Two to fifty runs in one table: the first is the baseline that the others are compared with."""

from collections.abc import Iterator, Sequence

from nbops.comparison.compare import compare, delta_of, show, side_of
from nbops.comparison.differences import Change, ChangeKind, Comparison, Side
from nbops.comparison.environments import environment_of
from nbops.comparison.goals import Goal, goal_of
from nbops.comparison.names import key_of, label_of
from nbops.comparison.rows import CompareRows
from nbops.comparison.trends import Trend, find_trends
from nbops.records import (
    FORMAT,
    Document,
    MetricPoint,
    Number,
    Record,
    Scalar,
    last_value,
    to_float,
)

MOST_RUNS = 50
NOT_KNOWN = "not known"
"""Note of a value that a run's record does not tell; it is none then, and no difference."""
AS_BASELINE = "as in A"
MISSING = "missing"
_CURVE_POINTS = 200


class MetricRow(Record, frozen=True, kw_only=True):
    """One metric in each run."""

    name: str
    values: tuple[Number | None, ...]
    deltas: tuple[float | None, ...]  # from the baseline
    goal: Goal | None = None  # which way is better; None where that is not known
    best: int | None = None  # which run, where one is
    curves: tuple[tuple[MetricPoint, ...], ...] = ()  # thinned; empty where no run has two points


class Difference(Record, frozen=True, kw_only=True):
    """One thing in each run; None where it was not there. Of code, the execution counts of its cell."""

    kind: ChangeKind
    name: str
    values: tuple[Scalar, ...]
    notes: tuple[str, ...]  # how it differs from the baseline's, "" where it does not
    differs: bool = True


class RunTable(Record, frozen=True, kw_only=True):
    """What differs between several runs."""

    format: int = FORMAT
    runs: tuple[Side, ...]
    metrics: tuple[MetricRow, ...] = ()
    differences: tuple[Difference, ...] = ()
    same: dict[str, int] = {}  # noqa: RUF012 - msgspec copies it. How many differ in no run
    unknown: tuple[str, ...] = ()  # what the records cannot compare, and why
    sentence: str = ""
    pairs: tuple[Comparison, ...] = ()  # the baseline with each of the others, in full
    trends: tuple[Trend, ...] = ()  # of three runs and more; of two, their pair has conclusions


def tabulate(
    documents: Sequence[Document],
    pairs: Sequence[Comparison] | None = None,
    *,
    compare_rows: CompareRows | None = None,
    with_same: bool = False,
) -> RunTable:
    """Tell what differs between runs.

    Parameters
    ----------
    documents
        Of one run each; the first is the baseline.
    pairs
        The baseline compared with each of the others, where that is done already.
    compare_rows
        Who compares kept copies of data; which rows differ is not told without.
    with_same
        Also list the params, inputs and packages in which they do not differ.
    """
    first, *others = documents
    found = tuple(
        pairs
        or (
            compare(first, other, compare_rows, called=label_of(number))
            for number, other in enumerate(others, start=1)
        )
    )
    metrics = tuple(_metric_rows(documents))
    differences = tuple(_differences(documents, found))
    more = tuple(_same_rows(documents, differences)) if with_same else ()
    kinds = {kind for pair in found for kind in pair.same}
    return RunTable(
        runs=tuple(map(side_of, documents)),
        metrics=metrics,
        differences=(*differences, *more),
        same={kind: min(pair.same.get(kind, 0) for pair in found) for kind in sorted(kinds)},
        unknown=tuple(dict.fromkeys(line for pair in found for line in pair.unknown)),
        sentence=found[0].sentence
        if len(found) == 1
        else _sentence(documents, metrics, differences),
        pairs=found,
        trends=find_trends(documents, found),
    )


def _metric_rows(documents: Sequence[Document]) -> Iterator[MetricRow]:
    runs = [document.runs[0] for document in documents]
    for name in dict.fromkeys(name for run in runs for name in run.metrics):
        points = [run.metrics.get(name, []) for run in runs]
        values = tuple(last_value(some) if some else None for some in points)
        goal = goal_of(name)
        has_curve = any(len(some) > 1 for some in points)
        yield MetricRow(
            name=name,
            values=values,
            deltas=tuple(delta_of(values[0], value) for value in values),
            goal=goal,
            best=_best(values, goal),
            curves=tuple(map(thin, points)) if has_curve else (),
        )


def thin(points: Sequence[MetricPoint], most: int = _CURVE_POINTS) -> tuple[MetricPoint, ...]:
    """A curve of so few points that it can be sent; its first and last are kept.

    >>> from nbops.records import instant
    >>> [step for step, _, _ in thin([(n, 0.5, instant(0)) for n in range(11)], 3)]
    [0, 5, 10]
    """
    if len(points) <= most:
        return tuple(points)
    step = (len(points) - 1) / (most - 1)
    return tuple(points[round(number * step)] for number in range(most))


def _best(values: Sequence[Number | None], goal: Goal | None) -> int | None:
    numbers = {i: to_float(value) for i, value in enumerate(values) if value is not None}
    numbers = {i: number for i, number in numbers.items() if number == number}  # noqa: PLR0124 - no NaN
    if goal is None or len(numbers) < 2 or len(set(numbers.values())) < 2:
        return None
    choose = max if goal == "higher" else min
    best = choose(numbers.values())
    winners = [i for i, number in numbers.items() if number == best]
    return winners[0] if len(winners) == 1 else None


def _differences(
    documents: Sequence[Document], pairs: Sequence[Comparison]
) -> Iterator[Difference]:
    """Everything that differs in some pair, in the order in which a pair lists it."""
    by_pair = [
        {key_of(change): change for change in (*pair.changes, *pair.around)} for pair in pairs
    ]
    order: dict[ChangeKind, dict[tuple[ChangeKind, str], None]] = {}
    for found in by_pair:
        for key, change in found.items():
            order.setdefault(change.kind, {})[key] = None
    for kind, keys in order.items():
        for key in keys:
            changes = [None, *(found.get(key) for found in by_pair)]
            known = next(change for change in changes if change)
            are_known = [_is_known(document, kind, known.name) for document in documents]
            yield Difference(
                kind=kind,
                name=known.name,
                values=tuple(
                    _value(change, known, number) if is_known else None
                    for number, (change, is_known) in enumerate(
                        zip(changes, are_known, strict=True)
                    )
                ),
                notes=tuple(
                    _note(change, kind, number) if is_known else NOT_KNOWN
                    for number, (change, is_known) in enumerate(
                        zip(changes, are_known, strict=True)
                    )
                ),
            )


def _is_known(document: Document, kind: ChangeKind, name: str) -> bool:
    """Whether a run's record tells of this at all."""
    if kind == "param":
        return True
    if not document.session.id:
        return False
    if kind in ("package", "environment"):
        return environment_of(document) is not None
    refs = [ref for cell in document.cell_runs for ref in cell.reads if ref.name == name]
    return kind != "data" or not refs or refs[-1].digest is not None


def _value(change: Change | None, known: Change, number: int) -> Scalar:
    """Value in a run; of a run in which code is as in the baseline, none: its cell was not looked up."""
    if change is None and number and known.kind == "code":
        return None
    return change.b if change else known.a


def _note(change: Change | None, kind: ChangeKind, number: int) -> str:
    if change is None:
        return AS_BASELINE if number and kind == "code" else ""
    if change.kind == "code" and not change.note:
        counts = [sum(line.op == op for line in change.diff) for op in ("added", "removed")]
        return f"+{counts[0]} −{counts[1]} lines"  # noqa: RUF001
    if change.a_cell is None and change.b_cell is not None:
        return "not in A"
    if change.b_cell is None and change.a_cell is not None:
        return MISSING
    return change.note or "differs"


def _same_rows(
    documents: Sequence[Document], differing: Sequence[Difference]
) -> Iterator[Difference]:
    taken: set[tuple[ChangeKind, str]] = {(row.kind, row.name) for row in differing}
    first = documents[0]
    environment = environment_of(first)
    rows: list[tuple[ChangeKind, str, Scalar]] = [
        *(("param", name, value) for name, value in first.runs[0].params.items()),
        *(
            ("data", ref.name, ref.digest)
            for cell in first.cell_runs
            for ref in cell.reads
            if ref.digest
        ),
        *(("package", *item) for item in (environment.packages if environment else {}).items()),
    ]
    for kind, name, value in dict.fromkeys(rows):
        if (kind, name) not in taken:
            taken.add((kind, name))
            are_known = [_is_known(document, kind, name) for document in documents]
            yield Difference(
                kind=kind,
                name=name,
                values=tuple(value if is_known else None for is_known in are_known),
                notes=tuple("" if is_known else NOT_KNOWN for is_known in are_known),
                differs=False,
            )


def _sentence(
    documents: Sequence[Document], metrics: Sequence[MetricRow], differences: Sequence[Difference]
) -> str:
    best = [
        f"{row.name} is best in {label_of(row.best)} {documents[row.best].runs[0].name}"
        f" ({show(row.values[row.best])})"
        for row in metrics[:2]
        if row.best is not None
    ]
    names = [
        f"`{row.name}`" if row.kind == "code" else row.name
        for row in differences
        if row.kind != "git"
    ]
    what = ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
    parts = [f"{len(documents)} runs differ in {what}" if names else "Nothing recorded differs"]
    return ". ".join([*parts, *best]) + "."
