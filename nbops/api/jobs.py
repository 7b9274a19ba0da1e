"""`nbops.run`, `sweep`, `pipeline`: notebooks as jobs, as the commands of these names run them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import os

    import pandas as pd


def run(  # noqa: PLR0913 - an argument an option of the command
    notebook: "str | os.PathLike[str]",
    parameters: Mapping[str, Any] | None = None,
    *,
    output: "str | os.PathLike[str] | None" = None,
    timeout: float | None = None,
    cell_timeout: float | None = None,
    retries: int = 0,
    workdir: "str | os.PathLike[str] | None" = None,
    resume: str | None = None,
    expect_env: str | None = None,
    warm: bool = False,
) -> str:
    """Run a notebook headless, in a process of its own, as `nbops run` does.

    Parameters
    ----------
    parameters
        Of the cell tagged `parameters`; checked before anything runs.
    output
        Where to write the executed notebook; with the session's record when None.
    timeout, cell_timeout
        Seconds that it, or one of its cells, may take.
    resume
        Run that failed, and is to go on at the cell that did.
    expect_env
        Run whose environment there must be, or a lock's path.
    warm
        Fork its kernel from a process that has imported what the notebook imports.

    Returns
    -------
    Id of the session that recorded it: `nbops.show(id)`.

    Raises
    ------
    UsageError, NotFound
        What was given cannot be meant; nothing was run.
    NotebookFailed
        A cell failed, its kernel died, or its time was up.
    """
    from nbops.jobs.run import run_apart

    paths = [None if path is None else Path(path).resolve() for path in (output, workdir)]
    return run_apart(
        Path(notebook).resolve(),
        parameters or {},
        output=paths[0],
        workdir=paths[1],
        timeout_s=timeout,
        cell_timeout_s=cell_timeout,
        retries=retries,
        resume=resume,
        expect_env=expect_env,
        is_warm=warm,
    )


def sweep(  # noqa: PLR0913 - an argument an option of the command
    notebook: "str | os.PathLike[str]",
    space: Mapping[str, Any],
    parameters: Mapping[str, Any] | None = None,
    *,
    random: int | None = None,
    optimize: str | None = None,
    trials: int | None = None,
    best: str | None = None,
    seed: int = 0,
    workers: int | None = None,
    engine: str = "local",
    scheduler: str | None = None,
    memory: str | None = None,
    timeout: float | None = None,
    cell_timeout: float | None = None,
    retries: int = 0,
    rerun: bool = False,
    warm: bool = False,
) -> "pd.DataFrame":
    """Run a notebook at many points, a job each, as `nbops sweep` does.

    Parameters
    ----------
    space
        What to try, by parameter: a list of values, a `range` of whole numbers, or text as the command
        takes it: `{"depth": range(2, 11), "rate": "1e-4..1:log", "model": ["forest", "boosted"]}`.
    parameters
        What is the same at every point.
    random
        Try so many points at random instead of all combinations.
    optimize, trials
        Have Optuna choose the points, by a metric and its direction (`"metrics.auc:max"`); 50 of them.
    best
        By what the best of all others is told, in the same way.
    seed
        Of what is drawn.
    workers
        How many jobs run at once, as far as memory allows; one here, and all of a cluster's, when None.
    engine, scheduler
        Where they run: `"local"`, or `"dask"`, with the address of a cluster that is there already.
    memory
        What one job takes, such as `"4GB"`; learnt when None.
    timeout, cell_timeout
        Seconds that a job, or one of its cells, may take.
    rerun
        Run points again that are recorded.
    warm
        Fork kernels from a process that has imported what the notebook imports.

    Returns
    -------
    A row a point, in the order in which they were tried: `outcome` (finished, failed, pruned), `is_best`,
    `is_reused` (it came from the record), `session_id`, `problem`, `params.*` and `metrics.*` (float).

    Raises
    ------
    UsageError, NotFound
        What was given cannot be meant; nothing was run.
    NotebookFailed
        It was interrupted; the same call goes on where it was. Or no point logged the metric that
        `optimize` names.
    """
    import pandas as pd

    from nbops.jobs.apart import run_sweep

    done = run_sweep(
        Path(notebook).resolve(),
        space,
        fixed=parameters,
        drawn=random,
        optimize=optimize,
        trials=trials,
        best=best,
        seed=seed,
        engine={"name": engine, "workers": workers, "scheduler": scheduler},
        memory=memory,
        is_forced=rerun,
        options={
            "timeout_s": timeout,
            "cell_timeout_s": cell_timeout,
            "retries": retries,
            "is_warm": warm,
        },
    )
    best = done.best.number if done.best else None
    rows = [
        {
            "outcome": result.outcome,
            "is_best": result.number == best,
            "is_reused": result.is_reused,
            "session_id": result.session_id,
            "problem": result.problem,
            **{f"params.{name}": value for name, value in result.point.items()},
            **{f"metrics.{name}": value for name, value in result.metrics.items()},
        }
        for result in done.results
    ]
    return pd.DataFrame(rows)


def pipeline(  # noqa: PLR0913 - an argument an option of the command
    place: "str | os.PathLike[str]" = ".",
    parameters: Mapping[str, Mapping[str, Any]] | None = None,
    *,
    steps: Sequence[str] = (),
    workers: int | None = None,
    engine: str = "local",
    scheduler: str | None = None,
    memory: str | None = None,
    expect_env: str | None = None,
    rerun: bool = False,
    warm: bool = False,
) -> dict[str, str]:
    """Run a pipeline's steps that changed, in a process of its own, as `nbops pipeline run` does.

    Parameters
    ----------
    place
        The pipeline's file, or its folder.
    parameters
        By step and name, over those of the file.
    steps
        Only these, with those that they need.
    workers, engine, scheduler
        How many may run side by side, and where, as `nbops.sweep` takes them.
    memory
        What a step takes, such as `"4GB"`; what it took the last time when None.
    expect_env
        Run whose environment there must be, or a lock's path.
    rerun
        Run steps though nothing changed.
    warm
        Fork kernels from a process that has imported what the notebooks import.

    Returns
    -------
    Id of the session that recorded each step, now or before: `nbops.show(id)`.

    Raises
    ------
    UsageError, NotFound
        What was given cannot be meant; nothing was run.
    NotebookFailed
        A step failed; what does not depend on it ran to its end.
    """
    from nbops.jobs.apart import run_pipeline

    return run_pipeline(
        Path(place).resolve(),
        parameters or {},
        tuple(steps),
        engine={"name": engine, "workers": workers, "scheduler": scheduler},
        memory=memory,
        is_forced=rerun,
        expect_env=expect_env,
        is_warm=warm,
    )
