"""Jobs on this machine: each worker is a process, and all of them share its memory."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from nbops.errors import UsageError
from nbops.jobs.engines.protocol import EngineChoice
from nbops.jobs.memory import Admission
from nbops.jobs.worker import JobProcess


class LocalEngine:
    """Workers on this machine; see `Engine`."""

    def __init__(self, choice: EngineChoice, need: int | None) -> None:
        if choice.scheduler is not None:
            raise UsageError(
                "There is no scheduler on this machine.", "--engine dask takes --scheduler."
            )
        self.left: str | None = None
        self.size = choice.workers or 1
        self._admission = Admission(need)

    def prepare(self, notebooks: Sequence[Path]) -> None:
        """Nothing has to travel."""

    def worker(self) -> "LocalWorker":
        return LocalWorker(self._admission)

    def learn(self, peak: int | None) -> None:
        self._admission.learn(peak)

    def close(self) -> None:
        """Its workers are closed by who led them."""


class LocalWorker(JobProcess):
    """A process of this machine; see `Worker`."""

    def __init__(self, admission: Admission) -> None:
        super().__init__()
        self._admission = admission

    def admitted(
        self, is_over: Callable[[], bool], need: int | None = None
    ) -> AbstractContextManager[bool]:
        """Wait until there is room on this machine."""
        self._is_over = is_over
        return self._admission.admitted(is_over, need)
