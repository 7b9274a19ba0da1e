"""The points of a sweep while it runs: the best and those that run for a person, lines for a log."""

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from nbops.cli.redrawing import Redrawn
from nbops.jobs.sweep_plan import show_point, show_result, show_value
from nbops.views.text import show_duration, text_table

if TYPE_CHECKING:
    from nbops.jobs.space import Point
    from nbops.jobs.sweep_plan import Objective, Result

_SHOWN = 5


class SweepBoard:
    """Shows how a sweep goes.

    Parameters
    ----------
    objective
        By which the points are ordered; the last ones are shown when None.
    is_quiet
        Show nothing.
    """

    def __init__(self, count: int, objective: "Objective | None", *, is_quiet: bool) -> None:
        self._count = count
        self._objective = objective
        self._is_quiet = is_quiet
        self._results: list[Result] = []
        self._best: Result | None = None
        self._running: dict[int, tuple[Point, float]] = {}
        self._took_s: list[float] = []
        self._side_by_side = 1
        self._screen = Redrawn()

    def begun(self, number: int, point: "Point") -> None:
        """Take note of a point that is run."""
        self._running[number] = (point, time.monotonic())
        self._side_by_side = max(self._side_by_side, len(self._running))
        self._draw()

    def tell(self, result: "Result", best: "Result | None") -> None:
        """Take note of what came of a point."""
        if begun := self._running.pop(result.number, None):
            self._took_s.append(time.monotonic() - begun[1])
        self._results.append(result)
        self._best = best
        if self._is_quiet:
            return
        if not self._screen.is_live:
            click.echo(f"[{len(self._results)}/{self._count}] {show_result(result, best)}")
            return
        if result.problem and result.outcome == "failed":
            self._screen.draw([f"✗ {show_result(result, None)}"])
            self._screen.leave()
        self._draw()

    def end(self) -> None:
        """Take away what was only of interest while it ran."""
        if self._screen.is_live and not self._is_quiet:
            self._screen.draw([])

    def _draw(self) -> None:
        if self._is_quiet or not self._screen.is_live:
            return
        lines = show_table(self._leading(), self._best).splitlines()
        now = time.monotonic()
        lines += [
            click.style(f"▸ {show_point(point)}  {show_duration(now - began)}", fg="cyan")
            for point, began in list(self._running.values())[:_SHOWN]
        ]
        self._screen.draw([*lines, self._summary()])

    def _leading(self) -> "list[Result]":
        if self._objective is None:
            return self._results[-_SHOWN:]
        sign = -1 if self._objective.direction == "max" else 1
        valued = [result for result in self._results if result.value is not None]
        return sorted(valued, key=lambda result: sign * (result.value or 0))[:_SHOWN]

    def _summary(self) -> str:
        parts = [f"[{len(self._results)}/{self._count}]"]
        if reused := sum(result.is_reused for result in self._results):
            parts.append(f"{reused} from the record")
        parts += [
            f"{number} {outcome}"
            for outcome in ("failed", "pruned", "interrupted")
            if (number := sum(result.outcome == outcome for result in self._results))
        ]
        left = self._count - len(self._results)
        if self._took_s and left:
            each_s = sum(self._took_s) / len(self._took_s)
            seconds = left * each_s / self._side_by_side
            parts.append(f"about {show_duration(seconds)} left")
        return " · ".join(parts)


def show_table(results: "Sequence[Result]", best: "Result | None") -> str:
    """A row a point: its parameters, what it logged, what came of it and why."""
    names = list(dict.fromkeys(name for result in results for name in result.point))
    metrics = list(dict.fromkeys(name for result in results for name in result.metrics))[:6]
    rows = [
        [
            *(show_value(result.point[name]) if name in result.point else "" for name in names),
            *(
                show_value(result.metrics[name]) if name in result.metrics else ""
                for name in metrics
            ),
            _mark(result, best),
            (result.session_id or "")[:8],
            (result.problem or "").partition("\n")[0],
        ]
        for result in results
    ]
    return text_table([*names, *metrics, "", "session", ""], rows)


def _mark(result: "Result", best: "Result | None") -> str:
    if result is best:
        return "best"
    return "" if result.outcome == "finished" else result.outcome
