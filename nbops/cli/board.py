"""The steps of a pipeline while they run: a table that is written over for a person, lines for a log."""

import time
from typing import TYPE_CHECKING

import click

from nbops.cli.redrawing import Redrawn
from nbops.views.text import show_duration

if TYPE_CHECKING:
    from nbops.jobs.pipeline.running import StepRun
    from nbops.records import StepStatus

_MARKS: "dict[StepStatus, tuple[str, str]]" = {
    "waiting": ("·", "bright_black"),
    "running": ("▸", "cyan"),
    "unchanged": ("=", "green"),
    "restored": ("=", "green"),
    "finished": ("✓", "green"),
    "failed": ("✗", "red"),
    "left out": ("-", "bright_black"),
    "stopped": ("-", "yellow"),
}


class Board:
    """Shows each step with its state, why, and how long it took.

    Parameters
    ----------
    names
        Of the steps, in order.
    is_quiet
        Show nothing.
    """

    def __init__(self, names: list[str], *, is_quiet: bool = False) -> None:
        self._width = max(map(len, names), default=0)
        self._lines = {name: self._line(name, "waiting", "") for name in names}
        self._began: dict[str, float] = {}
        self._is_quiet = is_quiet
        self._screen = Redrawn()

    def tell(self, each: "StepRun") -> None:
        """Take note of a step whose state changed."""
        name = each.step.name
        if each.state == "running":
            self._began[name] = time.monotonic()
        took = ""
        if name in self._began and each.state != "running":
            took = f" {show_duration(time.monotonic() - self._began[name])}"
        about = each.reason.partition("\n")[0]
        self._lines[name] = self._line(name, each.state, about, took)
        if self._is_quiet:
            return
        if self._screen.is_live:
            self._screen.draw(list(self._lines.values()))
        else:
            is_told = each.state == "finished"  # a line before said why it ran
            click.echo(self._line(name, each.state, "", took) if is_told else self._lines[name])
        for moved in each.moved:
            self._screen.leave()
            click.echo(f"nbops: {moved}", err=True)

    def _line(self, name: str, state: "StepStatus", about: str, took: str = "") -> str:
        mark, color = _MARKS[state]
        label = click.style(f"{mark} {name.ljust(self._width)}  {state}", fg=color)
        return f"{label}{took}{': ' if about else ''}{about}"
