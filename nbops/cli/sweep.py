"""`nbops sweep NOTEBOOK`."""

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nbops.cli.limits import crew, limits, read_engine, warm
from nbops.errors import NbopsError

if TYPE_CHECKING:
    from nbops.jobs.sweep import Sweep
    from nbops.jobs.sweep_plan import Objective


@click.command()
@click.argument("notebook", type=click.Path(path_type=Path))
@click.option("-p", "pairs", metavar="NAME=VALUES", multiple=True, help="What to try; see above.")
@click.option(
    "--random", "drawn", metavar="N", type=click.IntRange(1), help="Try N points at random."
)
@click.option(
    "--optimize",
    metavar="METRIC:max|min",
    help="Let Optuna choose the points, and end hopeless ones early.",
)
@click.option("--best", metavar="METRIC:max|min", help="Tell which point is the best by this.")
@click.option("--trials", metavar="N", type=click.IntRange(1), help="How many, with --optimize.")
@click.option(
    "--seed",
    metavar="N",
    type=int,
    default=0,
    show_default=True,
    help="Of what is drawn; the same seed gives the same points.",
)
@crew
@limits
@warm
@click.option("--rerun", is_flag=True, help="Run points again that are recorded.")
@click.option("--json", "as_json", is_flag=True, help="Print the results as JSON.")
def sweep(notebook: Path, pairs: tuple[str, ...], as_json: bool, **options: Any) -> None:
    """Run NOTEBOOK at many points: a job each, below one run in MLflow.

    \b
        -p lr=0.1,0.01           these values
        -p depth=2..10           whole numbers; 0..1:0.25 with a step; 1e-4..1:log for --random, --optimize
        -p "model=*"             all that a Literal has
        -p "rate=0..1:0.5 if model=boosted"
                                 only where another parameter has this value

    All combinations are tried, unless --random or --optimize says otherwise. A failure at one point does
    not stop the others. What is recorded with the same code, folder, data, modules and packages comes from
    the record; so an interrupted sweep goes on where it was when it is started again.

    Exit codes: 0 all points ran, 1 some failed, 2 bad use, 130 Ctrl-C, 143 SIGTERM.
    """  # noqa: D301 - click wants the character itself
    from nbops.cli.sweep_board import SweepBoard
    from nbops.jobs.memory import read_size
    from nbops.jobs.plan import RunOptions
    from nbops.jobs.sweep import run_sweep
    from nbops.jobs.sweep_plan import plan_sweep

    plan = plan_sweep(
        notebook,
        pairs,
        drawn=options["drawn"],
        optimize=options["optimize"],
        trials=options["trials"],
        best=options["best"],
        seed=options["seed"],
        engine=read_engine(options),
        need_bytes=read_size(options["memory"]),
        is_forced=options["rerun"],
        options=RunOptions(
            timeout_s=options["timeout_s"],
            cell_timeout_s=options["cell_timeout_s"],
            retries=options["retries"],
            is_warm=options["is_warm"],
        ),
    )
    board = SweepBoard(plan.search.count, plan.objective, is_quiet=as_json)
    done = run_sweep(replace(plan, begun=board.begun, tell=board.tell))
    board.end()
    _report(notebook, done, plan.objective, as_json=as_json)


def _report(notebook: Path, done: "Sweep", objective: "Objective | None", *, as_json: bool) -> None:
    from nbops.cli.sweep_board import show_table
    from nbops.jobs.sweep_plan import show_point, show_value

    if as_json:
        click.echo(json.dumps(_document(done), indent=2))
    else:
        if done.results:
            click.echo(show_table(done.results, done.best))
        if objective and (best := done.best):
            value, point = show_value(best.value), show_point(best.point)
            click.echo(f"Best: {objective.metric} {value} with {point}, {best.session_id:.8}.")
        reused = sum(result.is_reused for result in done.results)
        counts = f"{len(done.results)} points, {reused} of them from the record"
        click.echo(f"{notebook.name}: {counts}, {done.failures} failed.")
        if len(done.results) > reused:
            click.echo(f"nbops ls --where \"tags.nbops.sweep = '{done.id}'\" lists its runs.")
    if done.problem:
        click.echo(f"nbops: its own run is not in MLflow: {done.problem}", err=True)
    if done.left:
        click.echo(f"nbops: {done.left}", err=True)
    if done.stopped:
        click.echo(f"nbops: {done.stopped}", err=True)
    if done.was_interrupted:
        click.echo("nbops: Interrupted; the same command goes on where it was.", err=True)
        raise click.exceptions.Exit(done.exit_code)
    if done.failures:
        raise NbopsError(f"{done.failures} of {len(done.results)} points failed.")


def _document(done: "Sweep") -> dict[str, Any]:
    from nbops.jobs.parameters import as_json

    return {
        "format": 1,
        "id": done.id,
        "results": [
            {
                "point": as_json(result.point),
                "outcome": result.outcome,
                "session": result.session_id,
                "metrics": as_json(result.metrics),
                "is_reused": result.is_reused,
                "problem": result.problem,
            }
            for result in done.results
        ],
        "best": done.best.session_id if done.best else None,
    }
