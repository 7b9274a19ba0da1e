"""A job's metrics, told from its record."""

from typing import Any

from nbops.records import Document, Number, last_value, to_float


def metrics_of(document: Document) -> dict[str, float]:
    """Last values of a job's metrics, its own before those of the runs in it."""
    found: dict[str, float] = {}
    for run in sorted(document.runs, key=lambda run: run.origin != "job"):
        for name, points in run.metrics.items():
            found.setdefault(name, to_float(last_value(points)))
    return found


def curve_of(document: Document, metric: str) -> dict[int, float]:
    """A metric's values by step, while the job runs."""
    points: list[tuple[int, Number, Any]] = []
    for run in document.runs:
        points += [tuple(point) for point in run.metrics.get(metric, ())]  # type: ignore[misc]
    return {point[0]: to_float(point[1]) for point in points}
