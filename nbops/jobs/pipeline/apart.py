"""A pipeline run in a process of its own, as `nbops.pipeline` does: a kernel neither loads MLflow nor loses its signals."""

import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nbops.errors import NbopsError, NotebookFailed
from nbops.jobs.pipeline.pipeline import Pipeline, PipelineRun


def run_apart(
    place: Path,
    given: Mapping[str, Mapping[str, Any]],
    only: Sequence[str],
    *,
    workers: int,
    is_forced: bool,
) -> dict[str, str]:
    """Run a pipeline, and wait for its end; returns ids of sessions by step.

    Raises
    ------
    NbopsError
        As `Pipeline` does, and when a step failed.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "nbops.jobs.pipeline.apart"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        process_group=0,  # Ctrl-C goes to who started it, and it decides
    )
    order = pickle.dumps(
        (place, {step: dict(v) for step, v in given.items()}, only, workers, is_forced)
    )
    try:
        answer, _ = process.communicate(order)
    except KeyboardInterrupt:
        process.send_signal(signal.SIGTERM)
        process.wait()
        raise
    try:
        done = pickle.loads(answer)  # noqa: S301 - from our own process
    except (EOFError, pickle.UnpicklingError) as error:
        raise NotebookFailed(
            f"The process that ran {place.name} died ({process.returncode})."
        ) from error
    if isinstance(done, NbopsError):
        raise done
    return _sessions(done)


def _sessions(done: PipelineRun) -> dict[str, str]:
    for each in done.failures:
        hint = f"See nbops show {each.session_id}." if each.session_id else ""
        raise NotebookFailed(f"The step {each.step.name} failed: {each.reason}", hint)
    if done.exit_code:
        raise NotebookFailed("The pipeline was interrupted.", "Run again, it goes on where it was.")
    return {each.step.name: each.session_id for each in done.steps if each.session_id}


def main() -> None:
    """Run what is ordered on stdin, and answer on stdout; what is printed meanwhile goes to stderr."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    place, given, only, workers, is_forced = pickle.load(sys.stdin.buffer)  # noqa: S301
    answer: Any
    try:
        answer = Pipeline(place, given, only).run(workers=workers, is_forced=is_forced)
    except NbopsError as error:
        answer = error
    pickle.dump(answer, answers)
    answers.close()


if __name__ == "__main__":
    main()
