"""Jobs in a process of their own, one after the other: what is imported for the first serves the next.

Signal handlers, the working folder and MLflow's client belong to a process; so a job never runs in that
of a kernel, and two never in one.
"""

import contextlib
import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import IO, Any, Literal

from nbops.errors import NbopsError, NotebookFailed
from nbops.jobs.deaths import SAID_ABOVE, count_kills, describe_death
from nbops.jobs.garbage import collect_rarely, keep_loaded
from nbops.jobs.grammars import defer_grammars
from nbops.jobs.plan import RunOptions
from nbops.jobs.run import JobResult
from nbops.jobs.starter import end_with, is_orphan
from nbops.tracking.store import given_environment

_END_WITHIN_S = 30.0
_TOO_EARLY = "It was interrupted before it began."


class JobProcess:
    """A process that runs notebooks. It ends with the one that started it."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._stage: Literal["idle", "loading", "ordered", "begun"] = "idle"
        # Whether a job that is ordered may not begin.
        self._is_over: Callable[[], bool] = lambda: False

    def get_ready(self) -> None:
        """Have it load what a job needs, MLflow among it, while nobody waits for that."""
        if self._process is None:
            process, self._stage = self._start(), "loading"
            with contextlib.suppress(OSError):  # it died: the job will tell
                _order(process, None)

    def run(
        self, notebook: Path, parameters: Mapping[str, Any], options: RunOptions, session_id: str
    ) -> JobResult:
        """Run a notebook, and wait for its end; see `run_notebook` for what it raises.

        Parameters
        ----------
        options
            With a folder to work in, output paths that are absolute, and no listener.

        Raises
        ------
        NotebookFailed
            The process itself died, or it was interrupted before it began.
        """
        process, kills = self._start(), count_kills()
        if process.stdout is None:
            raise AssertionError
        before, self._stage = self._stage, "ordered"
        if self._is_over():  # whoever ended it found nothing to interrupt
            self._stage = before
            raise NotebookFailed(_TOO_EARLY)
        try:
            _order(process, (notebook, dict(parameters), options, session_id))
            pickle.load(process.stdout)  # noqa: S301 - from our own process
            self._stage = "begun"
            answer = pickle.load(process.stdout)  # noqa: S301
            self._stage = "idle"
        except (EOFError, OSError, pickle.UnpicklingError) as error:
            self.close()
            if (code := process.wait()) == -signal.SIGTERM:
                raise NotebookFailed(_TOO_EARLY) from error
            what = f"process that ran {notebook.name}"
            told = describe_death(code, kills, count_kills(), what)
            raise NotebookFailed(told, SAID_ABOVE if code > 0 else "") from error
        if isinstance(answer, BaseException):
            raise answer
        result: JobResult = answer
        return result

    def interrupt(self) -> None:
        """End the notebook that runs, as Ctrl-C does; one that was ordered only does not begin."""
        if self._stage in ("ordered", "begun"):
            self._signal(signal.SIGINT if self._stage == "begun" else signal.SIGTERM)

    def close(self) -> None:
        """End the process, and what runs in it."""
        process, self._process = self._process, None
        before, self._stage = self._stage, "idle"
        if process is None:
            return
        if before == "loading":  # for nobody
            process.terminate()
        if process.stdin is not None:
            with contextlib.suppress(OSError):
                process.stdin.close()
        try:
            process.wait(_END_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()

    def _start(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "nbops.jobs.worker", str(os.getpid())],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=given_environment(),
                process_group=0,  # Ctrl-C goes to who started it, and it decides
            )
        return self._process

    def _signal(self, number: signal.Signals) -> None:
        process = self._process
        if process is not None and process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(number)


def _order(process: subprocess.Popen[bytes], order: Any) -> None:
    if process.stdin is None:
        raise AssertionError
    pickle.dump(order, process.stdin)
    process.stdin.flush()


def serve(orders: IO[bytes], answers: IO[bytes], starter: int) -> None:
    """Run what is ordered until there are no more orders, or the process that gives them is gone."""
    from nbops.jobs.run import run_notebook

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # between jobs it comes too late
    end_with(starter, signal.SIGINT)
    while True:
        try:
            order = pickle.load(orders)  # noqa: S301
        except EOFError:
            return
        if order is None:
            with contextlib.suppress(Exception):  # a job that needs what is missing will say so
                _load()
            continue
        notebook, parameters, options, session_id = order
        signal.signal(signal.SIGINT, signal.default_int_handler)
        if is_orphan(starter):
            return
        pickle.dump("begun", answers)
        answers.flush()
        try:
            answer: Any = run_notebook(
                notebook, parameters, replace(options, session_id=session_id)
            )
        except NbopsError as error:
            answer = error
        except KeyboardInterrupt:
            answer = NotebookFailed(_TOO_EARLY)
        except Exception as error:  # noqa: BLE001 - one job's failure is not the next one's
            answer = NotebookFailed(f"{type(error).__name__}: {error}")
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        pickle.dump(answer, answers)
        answers.flush()
        keep_loaded()  # jobs are alike: what the first one loaded serves the others


def _load() -> None:
    """Import what a job would import on its way."""
    from nbops.tracking.store import load_mlflow

    # papermill first: it imports the engine itself.
    for module in ("papermill", "nbops.jobs.engine", "nbops.jobs.client", "nbops.tracking.driver"):
        import_module(module)
    load_mlflow()


def main() -> None:
    """Serve on stdin and stdout; what is printed meanwhile goes to stderr."""
    defer_grammars()
    collect_rarely()
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    with contextlib.suppress(KeyboardInterrupt, BrokenPipeError):
        serve(sys.stdin.buffer, answers, int(sys.argv[1]))


if __name__ == "__main__":
    main()
