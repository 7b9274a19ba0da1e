"""Sweeps and pipelines in a process of their own: a kernel neither loads MLflow nor loses its signals."""

import contextlib
import itertools
import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from nbops.errors import NbopsError, NotebookFailed
from nbops.jobs.deaths import SAID_ABOVE, count_kills, describe_death
from nbops.jobs.garbage import collect_rarely, keep_loaded
from nbops.jobs.grammars import defer_grammars
from nbops.jobs.starter import end_with


def run_pipeline(
    place: Path, given: Mapping[str, Mapping[str, Any]], only: tuple[str, ...], **how: Any
) -> dict[str, str]:
    """Run a pipeline, and wait for its end; returns ids of sessions by step.

    Raises
    ------
    NbopsError
        As `Pipeline` does, and when a step failed.
    """
    given = {step: dict(values) for step, values in given.items()}
    done = _run_apart(_run_pipeline, place, given, only, how)
    for each in done.failures:
        hint = f"See nbops show {each.session_id}." if each.session_id else ""
        raise NotebookFailed(f"The step {each.step.name} failed: {each.reason}", hint)
    if done.exit_code:
        raise NotebookFailed("The pipeline was interrupted.", "Run again, it goes on where it was.")
    return {each.step.name: each.session_id for each in done.steps if each.session_id}


def run_sweep(notebook: Path, space: Mapping[str, Any], **how: Any) -> Any:
    """Run a sweep, and wait for its end; returns the `Sweep`.

    Parameters
    ----------
    how
        What `plan_sweep` takes; `options` and `engine` as the fields of `RunOptions` and `EngineChoice`,
        and `memory` as it is typed.

    Raises
    ------
    NbopsError
        As `plan_sweep` and `run_sweep` do, and when it was interrupted or ended before its time.
    """
    done = _run_apart(_run_sweep, notebook, dict(space), how)
    if done.was_interrupted:
        raise NotebookFailed("The sweep was interrupted.", "Run again, it goes on where it was.")
    if done.stopped:
        raise NotebookFailed(done.stopped)
    return done


def _run_apart(task: Callable[..., Any], *given: Any) -> Any:
    kills = count_kills()
    process = subprocess.Popen(
        [sys.executable, "-m", "nbops.jobs.apart", str(os.getpid())],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        process_group=0,  # Ctrl-C goes to who started it, and it decides
    )
    try:
        answer, _ = process.communicate(pickle.dumps((task.__name__, given)))
    except KeyboardInterrupt:
        process.send_signal(signal.SIGTERM)
        process.wait()
        raise
    try:
        done = pickle.loads(answer)  # noqa: S301 - from our own process
    except (EOFError, pickle.UnpicklingError) as error:
        code, what = process.returncode, f"process that ran {Path(given[0]).name}"
        hint = SAID_ABOVE if code > 0 else "Run again, it goes on where it was."
        raise NotebookFailed(describe_death(code, kills, count_kills(), what), hint) from error
    if isinstance(done, NbopsError):
        raise done
    return done


# ---- in that process --------------------------------------------------------------------------------


def _run_pipeline(
    place: Path, given: dict[str, Any], only: tuple[str, ...], how: dict[str, Any]
) -> Any:
    from nbops.jobs.engines import EngineChoice
    from nbops.jobs.memory import read_size
    from nbops.jobs.pipeline.pipeline import Pipeline

    engine, need = EngineChoice(**how.pop("engine")), read_size(how.pop("memory"))
    return Pipeline(place, given, only).run(engine=engine, need_bytes=need, **how)


def _run_sweep(notebook: Path, space: dict[str, Any], how: dict[str, Any]) -> Any:
    from nbops.jobs.engines import EngineChoice
    from nbops.jobs.memory import read_size
    from nbops.jobs.plan import RunOptions
    from nbops.jobs.sweep import run_sweep
    from nbops.jobs.sweep_plan import plan_sweep, show_result

    options, engine = RunOptions(**how.pop("options")), EngineChoice(**how.pop("engine"))
    need = read_size(how.pop("memory"))
    plan = plan_sweep(notebook, space, options=options, engine=engine, need_bytes=need, **how)
    done = itertools.count(1)

    def tell(*result: Any) -> None:  # an ipykernel shows what its children say
        with contextlib.suppress(OSError):  # it is gone
            sys.stdout.write(f"[{next(done)}/{plan.search.count}] {show_result(*result)}\n")
            sys.stdout.flush()

    return run_sweep(replace(plan, tell=tell))


def main() -> None:
    """Run what is ordered on stdin, and answer on stdout; what is printed meanwhile goes to stderr.

    When who ordered it is gone, it ends as SIGTERM ends it: so that it goes on where it was the next time.
    """
    end_with(int(sys.argv[1]), signal.SIGTERM)
    defer_grammars()
    collect_rarely()
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    task, given = pickle.load(sys.stdin.buffer)  # noqa: S301 - from who started this
    tasks: dict[str, Callable[..., Any]] = {f.__name__: f for f in (_run_pipeline, _run_sweep)}
    try:
        answer = pickle.dumps(tasks[task](*given))
    except NbopsError as error:
        answer = pickle.dumps(error)
    except Exception as error:  # noqa: BLE001 - told by who ordered it
        answer = pickle.dumps(NotebookFailed(f"{type(error).__name__}: {error}"))
    with contextlib.suppress(BrokenPipeError):
        answers.write(answer)
        answers.close()
    keep_loaded()


if __name__ == "__main__":
    main()
