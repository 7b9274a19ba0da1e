"""When a notebook leaves the processor alone: what takes seconds of it, and is in no hurry, waits for that."""

import time
from collections.abc import Callable

from nbops.journal import facts

_REST_S = 0.5
"""Cells that are run one after the other leave shorter gaps."""


class Rest:
    """Of one session, told by what its process writes down.

    Parameters
    ----------
    clock
        Seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._heard_at = clock()
        self._runs = False
        self._is_in_a_hurry = False
        self._is_unattended = False

    def heed(self, fact: object) -> None:
        self._heard_at = self._clock()
        match fact:
            case facts.SessionStarted():  # the end of a job or a script waits for MLflow and all else
                self._is_unattended = fact.kind != "interactive"
            case facts.CellStarted():
                self._runs = True
                self._is_in_a_hurry |= "mlflow" in fact.source  # it may wait for the embedded store
            case facts.CellEnded():
                self._runs = False
            case facts.SessionEnded():
                self._runs, self._is_unattended = False, True

    @property
    def may_compare(self) -> bool:
        """Whether packages may be compared with what was installed: ten seconds, the first time."""
        is_quiet = not self._runs and self._clock() - self._heard_at > _REST_S
        return is_quiet or self._is_unattended

    @property
    def may_load(self) -> bool:
        """Whether MLflow may be loaded: two seconds."""
        return self.may_compare or self._is_in_a_hurry
