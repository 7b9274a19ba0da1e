"""How a job goes on: a bar for a person, lines for a log."""

import time
from collections.abc import Mapping
from typing import Any

import click

from nbops.records import first_line
from nbops.views.text import cut, show_duration


class Progress:
    """Tells cell by cell where a job is, with the time left as far as earlier runs tell.

    Parameters
    ----------
    pace
        Seconds by cell id, from earlier runs.
    is_log
        Write lines to stdout, what cells print among them; else one line of stderr that is written
        over and over.
    """

    def __init__(self, pace: Mapping[str, float], *, is_log: bool) -> None:
        self._pace = pace
        self._is_log = is_log
        self._waiting: list[Any] = []
        self._count = 0
        self._began = 0.0
        self._shown = ""

    def begun(self, cells: list[Any]) -> None:
        self._waiting = list(cells)
        self._count = len(cells)

    def cell_begun(self, cell: Any) -> None:
        self._began = time.monotonic()
        place = f"[{self._count - len(self._waiting) + 1}/{self._count}]"
        text = f"{place} {cut(first_line(cell.source), 60)}{self._left()}"
        if self._is_log:
            click.echo(text)
        else:
            self._show(text)

    def cell_ended(self, cell: Any) -> None:
        self._waiting = [other for other in self._waiting if other is not cell]
        if self._is_log:
            click.echo(f"      took {show_duration(time.monotonic() - self._began)}")

    def wrote(self, text: str) -> None:
        if self._is_log:
            click.echo(text, nl=False)

    def ended(self) -> None:
        if not self._is_log:
            self._show("")

    def _left(self) -> str:
        from nbops.jobs.pace import time_left

        seconds = time_left(self._pace, self._waiting)
        return "" if seconds is None else f" · about {show_duration(seconds)} left"

    def _show(self, text: str) -> None:
        click.echo(f"\r{text.ljust(len(self._shown))}\r{text}", nl=False, err=True)
        self._shown = text
