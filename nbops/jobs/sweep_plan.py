"""What a sweep is to do, and what came of each point."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from nbops.errors import UsageError
from nbops.jobs.plan import RunOptions
from nbops.jobs.search import Outcome, Search
from nbops.jobs.space import Point


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
    value: float | None = None
    is_reused: bool = False
    problem: str | None = None


@dataclass(frozen=True)
class SweepPlan:
    """What a sweep is to do.

    Parameters
    ----------
    fixed
        Parameters that are the same at every point.
    need_bytes
        Memory that a job takes; learnt from the records, or from the first job, when None.
    is_forced
        Run points again that are recorded.
    tell
        Called with each result, from several threads but one at a time.
    """

    notebook: Path
    search: Search
    fixed: Mapping[str, Any] = field(default_factory=dict)
    objective: Objective | None = None
    workers: int = 1
    need_bytes: int | None = None
    is_forced: bool = False
    options: RunOptions = field(default_factory=RunOptions)
    about: Mapping[str, Any] = field(default_factory=dict)
    tell: Callable[[Result, Result | None], None] = lambda _result, _best: None
