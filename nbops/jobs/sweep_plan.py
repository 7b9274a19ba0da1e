"""What a sweep is to do, and what came of each point."""

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from nbops.errors import UsageError
from nbops.jobs.engines import EngineChoice
from nbops.jobs.parameters import check_given, declarations_of, find_lacking, need_value
from nbops.jobs.plan import RunOptions
from nbops.jobs.search import Optimized, Outcome, Search, search_at_random, search_grid
from nbops.jobs.space import Dimension, Point, parse_dimensions, read_dimensions

SEARCH = "nbops.search"
"""Tag of jobs that an optimiser asked for: what it looked for, and its seed."""

_TRIALS = 50
_SHOWN = 5


@dataclass(frozen=True)
class Objective:
    """The metric that a sweep looks at.

    Parameters
    ----------
    metric
        Its name.
    """

    metric: str
    direction: Literal["max", "min"] = "max"

    def is_better(self, value: float, than: float | None) -> bool:
        return than is None or (value > than if self.direction == "max" else value < than)


def parse_objective(text: str) -> Objective:
    """Read `metrics.auc:max`.

    Raises
    ------
    UsageError
    """
    name, _, direction = text.removeprefix("metrics.").rpartition(":")
    if not name or direction not in ("max", "min"):
        raise UsageError(
            f"{text!r} is no objective.", "Such as metrics.auc:max or metrics.loss:min"
        )
    return Objective(name, "max" if direction == "max" else "min")


@dataclass
class Result:
    """What came of one point."""

    number: int
    point: Point
    outcome: Outcome
    session_id: str | None = None
    metrics: dict[str, float] = field(default_factory=dict)
    curve: dict[int, float] = field(default_factory=dict)
    value: float | None = None
    is_reused: bool = False
    problem: str | None = None


def tell_missing(metric: str, logged: Iterable[str]) -> str:
    """Say that a metric was not logged, and which one may be meant.

    >>> tell_missing("acu", ["acc", "loss"]), tell_missing("auc", ["loss"]), tell_missing("auc", [])
    ("no metric 'acu'. Did you mean 'acc'?", "no metric 'auc', only loss.", "no metric 'auc'.")
    """
    if near := difflib.get_close_matches(metric, logged, 1):
        return f"no metric {metric!r}. Did you mean {near[0]!r}?"
    others = ", ".join(list(logged)[:_SHOWN])
    return f"no metric {metric!r}" + (f", only {others}." if others else ".")


def show_point(point: Point) -> str:
    """Its parameters in a line."""
    return " ".join(f"{name}={show_value(value)}" for name, value in point.items())


def show_value(value: Any) -> str:
    """A parameter or a metric."""
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def show_result(result: Result, best: Result | None) -> str:
    """What came of a point, and the best so far, in a line."""
    how = "from the record" if result.is_reused else result.outcome
    text = f"{show_point(result.point)}  {how}"
    if result.value is not None:
        text += f"  {result.value:.6g}"
    if result.problem:
        text += f": {result.problem.splitlines()[0][:120]}"
    if best is not None and best.value is not None:
        text += f"  (best {best.value:.6g} with {show_point(best.point)})"
    return text


@dataclass(frozen=True)
class SweepPlan:
    """What a sweep is to do.

    Parameters
    ----------
    fixed
        Parameters that are the same at every point.
    need_bytes
        Memory that a job takes; as the newest run that is recorded, or the first job, when None.
    is_forced
        Run points again that are recorded.
    begun, tell
        Called with each point that is run, and with each result and the best so far; from several threads,
        but one at a time.
    """

    notebook: Path
    search: Search
    fixed: Mapping[str, Any] = field(default_factory=dict)
    objective: Objective | None = None
    engine: EngineChoice = field(default_factory=EngineChoice)
    need_bytes: int | None = None
    is_forced: bool = False
    options: RunOptions = field(default_factory=RunOptions)
    about: Mapping[str, Any] = field(default_factory=dict)
    begun: Callable[[int, Point], None] = lambda _number, _point: None
    tell: Callable[[Result, Result | None], None] = lambda _result, _best: None


def plan_sweep(  # noqa: PLR0913 - an argument an option of the command
    notebook: Path,
    space: Sequence[str] | Mapping[str, Any],
    *,
    fixed: Mapping[str, Any] | None = None,
    drawn: int | None = None,
    optimize: str | None = None,
    trials: int | None = None,
    best: str | None = None,
    seed: int = 0,
    engine: EngineChoice | None = None,
    need_bytes: int | None = None,
    is_forced: bool = False,
    options: RunOptions | None = None,
) -> SweepPlan:
    """What a person asks for, checked.

    Parameters
    ----------
    space
        What is tried: `["depth=2..10"]`, or `{"depth": range(2, 11), "lr": "1e-4..1:log"}`.
    drawn
        Number of points at random.
    optimize, trials
        Metric and direction for Optuna, such as `metrics.auc:max`, and number of points.
    best
        The same for all others: by what the best point is told.

    Raises
    ------
    UsageError, NotFound
    """
    declared = declarations_of(notebook)
    if isinstance(space, Mapping):
        dimensions = read_dimensions(declared, space)
        about = {f"space.{name}": _show(values) for name, values in space.items()}
    else:
        about = {f"space.{name}": text for name, _, text in (pair.partition("=") for pair in space)}
        dimensions = parse_dimensions(declared, space)
    if not dimensions:
        raise UsageError("A sweep needs something to try.", "Such as depth=2..10")
    swept = {dimension.name for dimension in dimensions}
    if twice := swept & set(fixed or {}):
        raise UsageError(f"{min(twice)} is swept, and given a value besides.")
    for name in sorted(swept - set(declared.names)):
        check_given(declared, {name: None})
    values = check_given(declared, fixed or {})
    for parameter in find_lacking(declared, {**values, **dict.fromkeys(swept)}):
        raise need_value(declared, parameter)
    if drawn and optimize:
        raise UsageError("--random and --optimize exclude each other.")
    if trials and not optimize:
        raise UsageError("--trials goes with --optimize.", "At random: --random N.")
    if best and optimize:
        raise UsageError("--best and --optimize exclude each other.", "--optimize tells the best.")
    wanted = optimize or best
    objective = parse_objective(wanted) if wanted else None
    options = options or RunOptions()
    if optimize:
        options = replace(options, tags={**options.tags, SEARCH: f"{optimize}, seed {seed}"})
    return SweepPlan(
        notebook,
        _search(dimensions, objective if optimize else None, drawn, trials, seed),
        fixed=values,
        objective=objective,
        engine=engine or EngineChoice(),
        need_bytes=need_bytes,
        is_forced=is_forced,
        options=options,
        about=about,
    )


def _search(
    dimensions: Sequence[Dimension],
    objective: Objective | None,
    drawn: int | None,
    trials: int | None,
    seed: int,
) -> Search:
    if objective:
        return Optimized(dimensions, trials or _TRIALS, objective.direction, seed)
    return search_at_random(dimensions, drawn, seed) if drawn else search_grid(dimensions)


def _show(values: Any) -> str:
    return values if isinstance(values, str) else ",".join(map(str, values))
