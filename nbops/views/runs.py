"""A table of runs."""

from collections.abc import Sequence

from nbops.comparison.compare import show
from nbops.records import Run, last_value
from nbops.views.text import (
    cut,
    html_table,
    page,
    show_duration,
    show_scalar,
    show_time,
    text_table,
)

_MOST_METRICS = 6
_MOST_PARAMS = 5


class RunsView:
    """Runs with the metrics they have, and the parameters in which they differ.

    Parameters
    ----------
    runs
        In the order to show.
    first
        Metric to show before the others: the one they are sorted by.
    """

    def __init__(self, runs: Sequence[Run], first: str | None = None) -> None:
        self.runs = list(runs)
        metrics = _common([list(run.metrics) for run in self.runs], _MOST_METRICS)
        if first and any(first in run.metrics for run in self.runs):
            metrics = [first, *(name for name in metrics if name != first)][:_MOST_METRICS]
        self._metrics = metrics
        self._params = _common([_differing(self.runs, run) for run in self.runs], _MOST_PARAMS)

    def __str__(self) -> str:
        if not self.runs:
            return "No runs."
        return text_table(self._header, self._rows)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        if not self.runs:
            return page("No runs.")
        return page(html_table(self._header, self._rows))

    @property
    def _header(self) -> list[str]:
        return ["run", "id", *self._metrics, *self._params, "started", "took", "status"]

    @property
    def _rows(self) -> list[list[str]]:
        return [self._row(run) for run in self.runs]

    def _row(self, run: Run) -> list[str]:
        metrics = [
            show(last_value(run.metrics[name])) if name in run.metrics else ""
            for name in self._metrics
        ]
        params = [
            cut(show_scalar(run.params[name]), 24) if name in run.params else ""
            for name in self._params
        ]
        took = (run.ended_at - run.started_at).total_seconds() if run.ended_at else None
        return [
            *(cut(run.name, 32), run.id[:8], *metrics, *params),
            *(show_time(run.started_at), show_duration(took), run.status),
        ]


def _common(names: list[list[str]], most: int) -> list[str]:
    """Names that most runs have, in the order they came."""
    counts: dict[str, int] = {}
    for some in names:
        for name in some:
            counts[name] = counts.get(name, 0) + 1
    order = list(counts)
    return sorted(sorted(order, key=lambda name: -counts[name])[:most], key=order.index)


def _differing(runs: list[Run], run: Run) -> list[str]:
    if len(runs) == 1:
        return list(run.params)
    return [
        name
        for name, value in run.params.items()
        if any(other.params.get(name) != value for other in runs)
    ]
