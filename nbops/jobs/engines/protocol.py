"""What sweeps and pipelines ask of an engine, and how it is found by its name."""

import difflib
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from nbops.errors import UsageError

if TYPE_CHECKING:
    from nbops.jobs.plan import RunOptions
    from nbops.jobs.run import JobResult

GROUP = "nbops.engines"
LOCAL = "local"


@dataclass(frozen=True)
class EngineChoice:
    """Which engine, as a person chooses it.

    Parameters
    ----------
    workers
        How many jobs run at once; what the engine thinks best when None.
    scheduler
        Address of a cluster that is there already; the engine's own when None.
    """

    name: str = LOCAL
    workers: int | None = None
    scheduler: str | None = None


class Worker(Protocol):
    """Runs notebooks, one after the other. One thread leads it; `interrupt` comes from others."""

    def get_ready(self) -> None:
        """Begin with what takes time before the first job, and do not wait for it: one will come soon."""

    def admitted(
        self, is_over: Callable[[], bool], need: int | None = None
    ) -> AbstractContextManager[bool]:
        """Wait until there is memory for a job; gives False when it is all over before that."""

    def run(
        self,
        notebook: Path,
        parameters: Mapping[str, Any],
        options: "RunOptions",
        session_id: str,
    ) -> "JobResult":
        """Run a notebook, and wait for its end. Its record lies in the notebook's workspace then.

        Raises
        ------
        NbopsError
            As `run_notebook` does, and when what ran it is lost.
        """

    def interrupt(self) -> None:
        """End the notebook that runs, as Ctrl-C does; its kernel is killed when it is asked again."""

    def close(self) -> None: ...


class Engine(Protocol):
    """Where jobs run.

    Parameters
    ----------
    size
        How many workers it gives.
    left
        What is left to do when it is closed, and how; None when nothing is.
    """

    size: int
    left: str | None

    def prepare(self, notebooks: Sequence[Path]) -> None:
        """Refuse, before anything runs, what could not run here.

        Raises
        ------
        NbopsError
        """

    def worker(self) -> Worker: ...

    def learn(self, peak: int | None) -> None:
        """Take note of the bytes that a job took."""

    def close(self) -> None:
        """Let go of all that it holds."""


def open_engine(choice: EngineChoice, need: int | None) -> Engine:
    """Find an engine by its name, and start it.

    Parameters
    ----------
    need
        Bytes that a job takes; learnt from the first when None.

    Raises
    ------
    UsageError
        There is none of this name, or it was given what it does not take.
    """
    from nbops.jobs.engines.local import LocalEngine

    if choice.name == LOCAL:
        return LocalEngine(choice, need)
    found = {each.name: each for each in entry_points(group=GROUP)}
    if choice.name not in found:
        near = difflib.get_close_matches(choice.name, found, 1)
        there = (
            f"Did you mean {near[0]!r}?" if near else f"There are: {', '.join([LOCAL, *found])}."
        )
        raise UsageError(f"There is no engine {choice.name!r}.", there)
    engine: Engine = found[choice.name].load()(choice, need)
    return engine
