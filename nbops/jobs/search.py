"""Which point a sweep tries next: all of a grid, some at random, or what Optuna makes of those before."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, Protocol

from nbops.errors import UsageError
from nbops.jobs.space import Dimension, Point, draw_points, grid, holds

Outcome = Literal["finished", "failed", "pruned", "interrupted"]


class Search(Protocol):
    """Gives points, and is told what came of them; from one thread at a time."""

    count: int
    ends_early: bool
    """Whether `report` may say of a point that it is not worth going on with."""

    def ask(self) -> tuple[int, Point] | None:
        """Next point with its number; None when there are no more."""

    def tell(self, number: int, outcome: Outcome, value: float | None) -> None: ...

    def report(self, number: int, curve: Mapping[int, float]) -> bool:
        """Take note of a point's metric by step; returns whether it is not worth going on with.

        A metric of one step is a result, and its notebook at its end: nothing is won by ending that.
        """


class Listed:
    """Points that are known beforehand."""

    ends_early = False

    def __init__(self, points: Sequence[Point]) -> None:
        self.count = len(points)
        self._points: Iterator[tuple[int, Point]] = iter(enumerate(points))

    def ask(self) -> tuple[int, Point] | None:
        return next(self._points, None)

    def tell(self, number: int, outcome: Outcome, value: float | None) -> None: ...

    def report(self, number: int, curve: Mapping[int, float]) -> bool:  # noqa: ARG002
        return False


def search_grid(dimensions: Sequence[Dimension]) -> Listed:
    return Listed(grid(dimensions))


def search_at_random(dimensions: Sequence[Dimension], count: int, seed: int) -> Listed:
    return Listed(list(itertools.islice(draw_points(dimensions, seed), count)))


class Optimized:
    """Optuna: its sampler learns from the points before, its pruner ends hopeless ones early.

    Parameters
    ----------
    direction
        Whether more of the metric is better.
    """

    ends_early = True

    def __init__(
        self,
        dimensions: Sequence[Dimension],
        count: int,
        direction: Literal["max", "min"],
        seed: int,
    ) -> None:
        try:
            import optuna
        except ImportError as error:
            raise UsageError("--optimize needs Optuna.", "pip install 'nbops[sweep]'") from error
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self.count = count
        self.dimensions = dimensions
        self._seed = seed
        self._asked = 0
        self._reported: dict[int, set[int]] = {}
        self._trials: dict[int, Any] = {}
        self._states = {
            "finished": optuna.trial.TrialState.COMPLETE,
            "failed": optuna.trial.TrialState.FAIL,
            "pruned": optuna.trial.TrialState.PRUNED,
            "interrupted": optuna.trial.TrialState.FAIL,
        }
        self._study = optuna.create_study(
            direction="maximize" if direction == "max" else "minimize",
            sampler=optuna.samplers.TPESampler(seed=seed),
            pruner=optuna.pruners.MedianPruner(n_startup_trials=4),
        )

    def begin_with(self, points: Sequence[Point]) -> None:
        """Ask for these first; what is drawn after them is drawn anew, and not these again."""
        import optuna

        named = {dimension.name: dimension for dimension in self.dimensions}
        for point in points:
            given = {
                name: named[name].values.index(value) if named[name].values else value
                for name, value in point.items()
            }
            self._study.enqueue_trial(given)
        self._study.sampler = optuna.samplers.TPESampler(seed=self._seed + len(points))

    def ask(self) -> tuple[int, Point] | None:
        if self._asked == self.count:
            return None
        trial = self._study.ask()
        point: Point = {}
        for dimension in self.dimensions:
            if holds(dimension, point):
                point[dimension.name] = _suggest(trial, dimension)
        number, self._asked = self._asked, self._asked + 1
        self._trials[number] = trial
        return number, point

    def tell(self, number: int, outcome: Outcome, value: float | None) -> None:
        state = self._states["failed" if outcome == "finished" and value is None else outcome]
        is_complete = state == self._states["finished"]
        self._study.tell(self._trials[number], value if is_complete else None, state=state)

    def report(self, number: int, curve: Mapping[int, float]) -> bool:
        trial, reported = self._trials[number], self._reported.setdefault(number, set())
        for step in sorted(step for step in curve.keys() - reported if step >= 0):
            trial.report(curve[step], step)
            reported.add(step)
        return len(curve) > 1 and bool(trial.should_prune())


def _suggest(trial: Any, dimension: Dimension) -> Any:
    if dimension.values:  # Optuna's categories are scalars: ours may be lists or dates
        number = trial.suggest_categorical(dimension.name, list(range(len(dimension.values))))
        return dimension.values[number]
    if dimension.is_whole:
        step = int(dimension.step or 1)
        low, high = int(dimension.low), int(dimension.high)
        return trial.suggest_int(dimension.name, low, high, step=step, log=dimension.is_log)
    return trial.suggest_float(
        dimension.name, dimension.low, dimension.high, step=dimension.step, log=dimension.is_log
    )
