"""Several workers at once, each led by a thread: what sweeps and pipelines run their notebooks with."""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType

from nbops.jobs.engines import Engine, Worker


class Crew:
    """Workers that are led until there is no more to do.

    Ctrl-C and SIGTERM interrupt the notebooks that run, and nothing new begins; a second one kills their
    kernels. `exit_code` says then what shells say of a process that ended so.

    Parameters
    ----------
    engine
        Who gives the workers.
    """

    def __init__(self, engine: Engine) -> None:
        self.is_over = False
        self.exit_code = 0
        self._engine = engine
        self._workers: list[Worker] = []
        self._error: BaseException | None = None

    @property
    def was_interrupted(self) -> bool:
        return self.exit_code != 0

    def run(self, lead: Callable[[Worker], None], name: str) -> None:
        """Have each thread lead a worker; returns when all are through.

        Parameters
        ----------
        lead
            Returns when there is nothing to do any more, or soon after `is_over`. What it raises ends
            the others, and is raised here.
        """
        ends = [threading.Event() for _ in range(self._engine.size)]
        with self._heeding_signals():
            for number, end in enumerate(ends):
                threading.Thread(
                    target=self._lead, args=(lead, end), name=f"{name}-{number}", daemon=True
                ).start()
            while not all(end.is_set() for end in ends):
                try:
                    # No thread is joined: after Ctrl-C there Python takes it for ended. In steps, since
                    # Ctrl-C may come to another thread.
                    for end in ends:
                        while not end.wait(0.2):
                            pass
                except KeyboardInterrupt:
                    self.interrupt(self.exit_code or 130)
        if self._error is not None:
            raise self._error

    def interrupt(self, exit_code: int) -> None:
        """End what runs, and begin nothing new."""
        self.is_over, self.exit_code = True, exit_code
        for worker in self._workers:
            worker.interrupt()

    def _lead(self, lead: Callable[[Worker], None], end: threading.Event) -> None:
        try:
            worker = self._engine.worker()
            self._workers.append(worker)
            try:
                lead(worker)
            finally:
                worker.close()
        except BaseException as error:  # noqa: BLE001 - raised where somebody waits
            self._error = self._error or error
            self.is_over = True
        finally:
            end.set()

    @contextlib.contextmanager
    def _heeding_signals(self) -> Iterator[None]:
        """Take Ctrl-C and SIGTERM where nobody else has a handler for them.

        As an exception Ctrl-C may come while something is collected, and nobody hears of it.
        """
        found = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
        is_main = threading.current_thread() is threading.main_thread()
        usual = (signal.SIG_DFL, signal.default_int_handler)
        ours = [number for number in found if is_main and found[number] in usual]

        def end(number: int, _frame: FrameType | None) -> None:
            self.interrupt(self.exit_code or 128 + number)

        for number in ours:
            signal.signal(number, end)
        try:
            yield
        finally:
            for number in ours:
                signal.signal(number, found[number])
