"""Samples of what a session's process is busy with while a cell takes long."""

import contextlib
import time
from collections.abc import Callable

from nbops.capture.environment.load import LoadMeter, has_gpus, measure_gpus
from nbops.capture.environment.machine import process_of
from nbops.journal import facts
from nbops.replay import Replay

_LONG_S = 10.0
"""A cell that takes less is over before its curve would say anything; MLflow samples as often."""
_SAMPLES = 360
"""Of a cell that runs for very long, samples grow apart: an hour has this many, a day four times as many."""


class Sampler:
    """Samples one session.

    Parameters
    ----------
    note
        Writes a finding down.
    later
        Runs a job on another thread: asking GPUs takes a while.
    """

    def __init__(
        self, note: Callable[[facts.Fact], None], later: Callable[[Callable[[], None]], None]
    ) -> None:
        self._note = note
        self._later = later
        self._cell_run = ""
        self._meter: LoadMeter | None = None
        self._next = 0.0
        self._has_gpus = has_gpus()

    def look(self, replay: Replay) -> None:
        """Sample the cell that is running, when it is time to; call it as often as you like."""
        now = time.time()
        if now < self._next:
            return
        self._next = now + 1.0
        cell, started = replay.running_cell, replay.started
        if cell is None or cell.started is None or started is None:
            self._meter = None
            return
        runs_for = now - cell.started
        if runs_for < _LONG_S / 2 or not process_of(started).is_local:
            return
        if self._meter is None or self._cell_run != cell.id:  # measure from here on
            self._cell_run, self._meter = cell.id, LoadMeter(started.pid)
            self._next = max(cell.started + _LONG_S, now + _LONG_S / 2)
            return
        self._next = now + max(_LONG_S, runs_for / _SAMPLES)
        with contextlib.suppress(OSError):  # a full disk needs room for more than this
            self._sample(started, cell.id, self._meter.measure)
        if self._has_gpus:
            self._later(lambda: self._sample(started, cell.id, measure_gpus))

    def _sample(
        self, started: facts.SessionStarted, cell_run: str, measure: Callable[[], dict[str, float]]
    ) -> None:
        if values := measure():
            at = time.time()
            step = max(int(at - started.at), 0)
            self._note(facts.Sampled(cell_run=cell_run, at=at, step=step, values=values))
