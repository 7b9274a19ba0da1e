"""One job after another on the workers of a Dask cluster: each bound to one of them, and to another one when that is lost."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import wait
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbops.errors import NotebookFailed
from nbops.jobs.engines import errand
from nbops.jobs.engines.baggage import Baggage
from nbops.jobs.engines.errand import Order, Parcel
from nbops.jobs.plan import RunOptions
from nbops.jobs.run import JobResult

if TYPE_CHECKING:
    from distributed import Future

    from nbops.jobs.engines.dask import DaskEngine

_log = logging.getLogger(__name__)

_TRIES = 3
"""A job whose workers are lost so often may be what they die of."""
_LOOK_EVERY_S = 0.2


class DaskWorker:
    """Runs jobs on whichever worker of the cluster has room; see `Worker`."""

    def __init__(self, engine: "DaskEngine") -> None:
        self._engine = engine
        self._address: str | None = None
        self._seat = ExitStack()
        self._is_over: Callable[[], bool] = lambda: False
        self._need: int | None = None
        self._interrupts = 0

    def get_ready(self) -> None:
        """Its processes are the cluster's."""

    @contextmanager
    def admitted(self, is_over: Callable[[], bool], need: int | None = None) -> Iterator[bool]:
        """Wait for a worker with room."""
        self._is_over, self._need, self._interrupts = is_over, need, 0
        with ExitStack() as self._seat:
            self._address = self._seat.enter_context(self._engine.seat(is_over, need))
            yield self._address is not None

    def run(
        self, notebook: Path, parameters: Mapping[str, Any], options: RunOptions, session_id: str
    ) -> JobResult:
        """Run a notebook on a worker; when that is lost, on another one."""
        if self._address is None:
            raise AssertionError
        home = self._engine.home
        tags = {**options.tags, "nbops.engine": "dask"}
        order = home.order(notebook, parameters, replace(options, tags=tags), session_id)
        parcel = self._try(self._address, order, notebook, options, 1)
        lost = self._address
        for attempt in range(2, _TRIES + 1):
            if parcel is not None or self._interrupts:
                break
            _log.warning("nbops: the worker %s was lost; %s runs again.", lost, notebook.name)
            self._seat.close()  # where it is the first job, it would wait for itself
            seat = self._engine.seat(self._is_over, self._need, avoid=lost)
            address = self._seat.enter_context(seat)
            if address is None:
                break
            parcel = self._try(address, order, notebook, options, attempt)
            lost = address
        if parcel is None:
            times = "" if self._interrupts or self._is_over() else f", {_TRIES} times in a row"
            raise NotebookFailed(
                f"The worker that ran {notebook.name} was lost{times}.",
                "Has its machine enough memory?" if times else "",
            )
        return home.take(parcel)

    def interrupt(self) -> None:
        """Have the thread that leads it interrupt the job."""
        self._interrupts += 1

    def close(self) -> None:
        """It holds nothing."""

    def _try(
        self, address: str, order: Order, notebook: Path, options: RunOptions, attempt: int
    ) -> Parcel | None:
        """Run a job on one worker; None when that is lost."""
        client = self._engine.client
        baggage: Future | None = None
        if not self._engine.is_shared(address):
            home = self._engine.home
            packed = home.packer.pack(home.needs(notebook, order.parameters, options))
            # Once, however many jobs take it along; not through a worker that will not do.
            baggage = client.submit(_hand_over, packed, workers=[address], allow_other_workers=True)
        future = client.submit(
            _run_task,
            order,
            baggage,
            key=f"nbops-{order.session_id}-{attempt}",
            workers=[address],
            allow_other_workers=False,
            retries=0,
            pure=False,
        )
        try:
            return self._await(future, address, order)
        finally:
            future.release()
            if baggage is not None:
                baggage.release()

    def _await(self, future: "Future", address: str, order: Order) -> Parcel | None:
        told = 0
        client = self._engine.client
        while not future.done():
            if not self._engine.is_there(address):
                future.cancel()
                return None
            if self._interrupts > told:
                has_begun = None
                with contextlib.suppress(Exception):  # it does not answer now: it is asked again
                    answers = client.run(
                        errand.interrupt_errand, order.session_id, workers=[address]
                    )
                    has_begun = bool(answers[address])
                    told += 1
                if has_begun is False and not future.done():
                    future.cancel()
                    raise NotebookFailed("It was interrupted before it began.")
            time.sleep(_LOOK_EVERY_S)
        if future.status == "finished":
            return self._fetch(future, address)
        self._engine.is_there(address)  # says so when the scheduler is gone
        error = future.exception() if future.status == "error" else None
        if error is None or type(error).__name__ == "KilledWorker":
            return None
        raise NotebookFailed(f"{type(error).__name__} on {address}: {error}")

    def _fetch(self, future: "Future", address: str) -> Parcel | None:
        """What a job came to; None when the worker that holds it is lost."""
        client = self._engine.client

        async def gather() -> Parcel:
            parcel: Parcel = await client.gather(future, asynchronous=True)
            return parcel

        coming = asyncio.run_coroutine_threadsafe(gather(), client.loop.asyncio_loop)
        while not coming.done():
            if not self._engine.is_there(address):  # who waits for it would wait for ever
                future.cancel()
                return None
            wait([coming], _LOOK_EVERY_S)
        return coming.result()


# ---- on the workers ---------------------------------------------------------------------------------


def _hand_over(baggage: Baggage) -> Baggage:
    return baggage


def _run_task(order: Order, baggage: Baggage | None) -> Parcel:
    from distributed import get_worker

    worker = get_worker()
    key = worker.get_current_task()

    def is_wanted() -> bool:
        task = worker.state.tasks.get(key)
        return task is not None and task.state not in ("cancelled", "forgotten", "released")

    return errand.run_errand(order, baggage, worker.local_directory, is_wanted)
