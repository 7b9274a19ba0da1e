"""Dask.distributed: a cluster that is there already, or worker processes that are started here.

Each job is a task that is bound to one worker of the cluster, chosen by its free threads and its machine's memory,
so that this engine alone decides where a job goes when its worker is lost.
"""

import asyncio
import contextlib
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from nbops.errors import NotebookFailed, UsageError
from nbops.jobs.engines import errand
from nbops.jobs.engines.dask_worker import DaskWorker
from nbops.jobs.engines.errand import Sight, Surety
from nbops.jobs.engines.home import Home
from nbops.jobs.engines.own_cluster import OwnCluster
from nbops.jobs.engines.protocol import EngineChoice
from nbops.jobs.memory import Admission

if TYPE_CHECKING:
    from distributed import Client

_log = logging.getLogger(__name__)

_CONNECT_WITHIN_S = 15.0
_WORKERS_WITHIN_S = 60.0
_LOOK_EVERY_S = 0.2
_COUNT_EVERY_S = 1.0


class DaskEngine:
    """Workers of a Dask cluster; see `Engine`."""

    def __init__(self, choice: EngineChoice, need: int | None) -> None:
        self.left: str | None = None
        self._need = need
        self._own: OwnCluster | None = None
        self._home: Home | None = None
        self._surety: Surety | None = None
        self._lock = threading.Lock()
        self._admissions: dict[str, Admission] = {}  # by machine
        self._sights: dict[str, Sight] = {}  # by address
        self._busy: Counter[str] = Counter()
        self._refused: dict[str, UsageError] = {}  # workers that came later and will not do
        self._threads: dict[str, int] = {}
        self._counted_at = 0.0
        address = choice.scheduler
        if address is None:
            self._own = OwnCluster(choice.workers)
            address = self._own.address
        self.address = address
        try:
            self.client = _connect(address)
            self.size = choice.workers or max(self._count_threads(), 1)
        except BaseException:
            self.close()
            raise

    def prepare(self, notebooks: Sequence[Path]) -> None:
        """Refuse what could not run on the workers that are there now."""
        self._home = home = Home(notebooks[0])
        self._surety = surety = home.surety(tuple(notebooks))
        needs = [home.packer.needs(notebook) for notebook in notebooks]
        outside = tuple(sorted({path for each in needs for path in each.outside}))
        self._look(self.addresses(), surety, outside)
        for sight in self._sights.values():
            if not sight.is_shared:
                _refuse_own_logging(home, notebooks, [each.logs_to_mlflow for each in needs])
                for each in needs:
                    home.packer.pack(each)
                break

    def worker(self) -> DaskWorker:
        return DaskWorker(self)

    def learn(self, peak: int | None) -> None:
        with self._lock:
            self._need = max(self._need or 0, peak or 0)
            admissions = list(self._admissions.values())
        for admission in admissions:
            admission.learn(peak)

    def close(self) -> None:
        if self._home is not None:
            self.left = self._home.close()
        with contextlib.suppress(Exception):
            self.client.close()
        if self._own is not None:
            self._own.close()

    # ---- what its workers ask -------------------------------------------------------------------------

    @property
    def home(self) -> Home:
        if self._home is None:
            raise AssertionError
        return self._home

    def addresses(self) -> list[str]:
        """Workers that are there now.

        Raises
        ------
        NotebookFailed
            The scheduler is gone.
        """
        self._expect_scheduler()
        self._count_threads()
        return list(self._threads)

    def is_there(self, address: str) -> bool:
        """Whether a worker is there still, as far as the scheduler knows.

        Raises
        ------
        NotebookFailed
            The scheduler is gone.
        """
        self._expect_scheduler()
        with self._lock:
            is_old = time.monotonic() - self._counted_at > _COUNT_EVERY_S
        if is_old:
            self._count_threads()
        return address in self._threads

    @contextmanager
    def seat(
        self, is_over: Callable[[], bool], need: int | None, avoid: str | None = None
    ) -> Iterator[str | None]:
        """A worker with a free thread, whose machine has the memory; None when it is all over before that."""
        address = None
        while address is None and not is_over():
            address = self._take_seat(avoid)
            if address is None:
                time.sleep(_LOOK_EVERY_S)
        if address is None:
            yield None
            return
        try:
            with self._admission(address).admitted(is_over, need) as is_in:
                yield address if is_in else None
        finally:
            with self._lock:
                self._busy[address] -= 1

    def is_shared(self, address: str) -> bool:
        return address in self._sights and self._sights[address].is_shared

    def _expect_scheduler(self) -> None:
        if self.client.status not in ("running", "connecting"):
            raise NotebookFailed(
                f"The scheduler at {self.address} is gone.", "Run again, it goes on where it was."
            )

    def _take_seat(self, avoid: str | None) -> str | None:
        """The worker that has most to give; the one to avoid comes last."""
        there = self.addresses()
        with self._lock:
            refused = [self._refused[a] for a in there if a in self._refused]
            if refused and len(refused) == len(there):
                raise refused[0]
            free = [
                a
                for a in there
                if a not in self._refused and self._busy[a] < self._threads.get(a, 0)
            ]
            if not free:
                return None
            best = min(free, key=lambda a: (a == avoid, self._busy[a] / self._threads[a]))
            self._busy[best] += 1
        try:
            if best not in self._sights and self._surety is not None:
                self._look([best], self._surety)
        except UsageError as error:  # one that came later: the others go on
            with self._lock:
                self._busy[best] -= 1
                self._refused[best] = error
            _log.warning("nbops: %s No job goes there.", error)
            return None
        except BaseException:
            with self._lock:
                self._busy[best] -= 1
            raise
        return best

    def _admission(self, address: str) -> Admission:
        sight = self._sights.get(address)
        machine = sight.machine if sight else address
        with self._lock:
            if machine not in self._admissions:
                self._admissions[machine] = Admission(
                    self._need, lambda: self._free_memory(machine)
                )
            return self._admissions[machine]

    def _free_memory(self, machine: str) -> int:
        for address, sight in list(self._sights.items()):
            if sight.machine == machine and address in self._threads:
                with contextlib.suppress(Exception):
                    return int(self.client.run(errand.free_memory, workers=[address])[address])
        return 0

    def _look(self, addresses: Sequence[str], surety: Surety, paths: tuple[str, ...] = ()) -> None:
        """See whether workers will do; one that left meanwhile says nothing.

        Raises
        ------
        UsageError
            One will not.
        """
        answers = self.client.run(
            _look_around, surety, paths, workers=list(addresses), on_error="return"
        )
        for address, answer in answers.items():
            if isinstance(answer, ImportError):
                raise UsageError(
                    f"nbops is not installed where the worker {address} runs: {answer}.",
                    "Start its workers in the environment of this machine.",
                )
            if isinstance(answer, Sight):
                _refuse(address, answer)
                self._sights[address] = answer
            elif address in self.addresses():
                raise UsageError(f"The worker {address} does not answer: {answer!r:.200}.")

    def _count_threads(self) -> int:
        try:
            threads = dict(self.client.nthreads())
        except Exception:  # noqa: BLE001 - it does not answer now: `is_there` tells when it is gone
            return sum(self._threads.values())
        with self._lock:
            self._threads = threads
            self._counted_at = time.monotonic()
        return sum(self._threads.values())


def _connect(address: str) -> "Client":
    """Connect to a scheduler.

    Raises
    ------
    UsageError
        Dask is not installed, or nobody is there.
    """
    try:
        import dask
        from distributed import Client
    except ImportError as error:
        raise _not_installed() from error
    # What travels is bounded, and goes once to each worker.
    dask.config.set({"distributed.admin.large-graph-warning-threshold": "10GB"})
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what counts is said in a line
    try:
        client = Client(address, timeout=_CONNECT_WITHIN_S, set_as_default=False, name="nbops")
    except (OSError, ValueError, TypeError) as error:
        reason = str(error).partition("\n")[0]
        raise UsageError(
            f"There is no Dask scheduler at {address}: {reason:.150}",
            "Such as tcp://host:8786; without --scheduler workers are started here.",
        ) from error
    deadline = time.monotonic() + _WORKERS_WITHIN_S
    while not client.nthreads():
        if time.monotonic() > deadline:
            client.close()
            raise UsageError(
                f"The Dask scheduler at {address} has no workers.",
                f"`dask worker {address}` is one.",
            )
        time.sleep(_LOOK_EVERY_S)
    return client


def _refuse(address: str, sight: Sight) -> None:
    """Raise what keeps jobs from a worker, if anything does."""
    if sight.problem:
        raise UsageError(
            f"The environment of the worker {address} differs: {sight.problem}.",
            "Start the workers in the same environment; `uv pip freeze` lists this one.",
        )
    if sight.missing:
        raise UsageError(
            f"{sight.missing[0]} is not there for the worker {address}.",
            "Put it into the project, or where all machines find it, or read it by URL.",
        )


def _not_installed() -> UsageError:
    return UsageError("Dask is not installed.", "pip install 'nbops[dask]'")


def _refuse_own_logging(home: Home, notebooks: Sequence[Path], logs: Sequence[bool]) -> None:
    """MLflow runs that code starts by itself need a store that can be reached from where it runs."""
    from nbops.recording.destination import choose_destination

    for notebook, does in zip(notebooks, logs, strict=True):
        where = choose_destination(
            home.workspace, uri=None, experiment=None, notebook=str(notebook)
        )
        if does and where.uri.startswith(("sqlite:", "file:")):
            raise UsageError(
                f"{notebook.name} starts MLflow runs by itself, and the workers do not reach {where.uri}.",
                "Set tracking_uri in [tool.nbops] to a server.",
            )


# ---- on the workers ---------------------------------------------------------------------------------


async def _look_around(surety: Surety, paths: tuple[str, ...]) -> Sight:
    """In a thread: the worker goes on meanwhile."""
    return await asyncio.to_thread(errand.look, surety, paths)
