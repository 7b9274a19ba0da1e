"""`nbops sweep NOTEBOOK`."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nbops.cli.limits import crew, limits, read_size, warm
from nbops.errors import NbopsError, UsageError

if TYPE_CHECKING:
    from nbops.jobs.declarations import Declarations
    from nbops.jobs.search import Search
    from nbops.jobs.space import Dimension
    from nbops.jobs.sweep import Sweep
    from nbops.jobs.sweep_plan import Result


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
    not stop the others. What is recorded with the same code, data, modules and packages comes from the
    record; so an interrupted sweep goes on where it was when it is started again.

    Exit codes: 0 all points ran, 1 some failed, 2 bad use, 130 Ctrl-C, 143 SIGTERM.
    """  # noqa: D301 - click wants the character itself
    from nbops.jobs.parameters import declarations_of
    from nbops.jobs.plan import RunOptions
    from nbops.jobs.space import parse_dimensions
    from nbops.jobs.sweep import run_sweep
    from nbops.jobs.sweep_plan import SweepPlan, parse_objective

    declared = declarations_of(notebook)
    dimensions = parse_dimensions(declared, pairs)
    if not dimensions:
        raise UsageError("A sweep needs something to try.", "Such as -p depth=2..10")
    objective = parse_objective(options["optimize"]) if options["optimize"] else None
    search = _search(declared, dimensions, options)
    lines = _Lines(search.count, is_quiet=as_json)
    done = run_sweep(
        SweepPlan(
            notebook,
            search,
            objective=objective,
            workers=options["workers"],
            need_bytes=read_size(options["memory"]),
            is_forced=options["rerun"],
            options=RunOptions(
                timeout_s=options["timeout_s"],
                cell_timeout_s=options["cell_timeout_s"],
                retries=options["retries"],
                is_warm=options["is_warm"],
            ),
            about={f"space.{pair.partition('=')[0]}": pair.partition("=")[2] for pair in pairs},
            tell=lines.tell,
        )
    )
    _report(notebook, done, as_json=as_json)


def _search(
    declared: "Declarations", dimensions: "list[Dimension]", options: dict[str, Any]
) -> "Search":
    from nbops.jobs.search import Optimized, search_at_random, search_grid
    from nbops.jobs.sweep_plan import parse_objective

    for dimension in dimensions:
        if dimension.name not in declared.names:
            from nbops.jobs.parameters import check_parameters

            check_parameters(declared, {dimension.name: None})
    if options["drawn"] and options["optimize"]:
        raise UsageError("--random and --optimize exclude each other.")
    if options["trials"] and not options["optimize"]:
        raise UsageError("--trials goes with --optimize.", "At random: --random N.")
    if options["optimize"]:
        direction = parse_objective(options["optimize"]).direction
        return Optimized(dimensions, options["trials"] or 50, direction, options["seed"])
    if options["drawn"]:
        return search_at_random(dimensions, options["drawn"], options["seed"])
    return search_grid(dimensions)


class _Lines:
    """A line a point, as it ends."""

    def __init__(self, count: int, *, is_quiet: bool) -> None:
        self._count = count
        self._done = 0
        self._is_quiet = is_quiet

    def tell(self, result: "Result", best: "Result | None") -> None:
        self._done += 1
        if self._is_quiet:
            return
        how = "from the record" if result.is_reused else result.outcome
        text = f"[{self._done}/{self._count}] {_show_point(result)}  {how}"
        if result.value is not None:
            text += f"  {result.value:.6g}"
        if result.problem:
            text += f": {result.problem.splitlines()[0][:120]}"
        if best is not None and best.value is not None:
            text += f"  (best {best.value:.6g} with {_show_point(best)})"
        click.echo(text)


def _show_point(result: "Result") -> str:
    return " ".join(f"{name}={_show(value)}" for name, value in result.point.items())


def _show(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _report(notebook: Path, done: "Sweep", *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(_document(done), indent=2))
    else:
        _print_table(done)
        reused = sum(result.is_reused for result in done.results)
        counts = f"{len(done.results)} points, {reused} of them from the record"
        click.echo(f"{notebook.name}: {counts}, {done.failures} failed.")
        if len(done.results) > reused:
            click.echo(f"nbops ls --where \"tags.nbops.sweep = '{done.id}'\" lists its runs.")
    if done.problem:
        click.echo(f"nbops: its own run is not in MLflow: {done.problem}", err=True)
    if done.was_interrupted:
        click.echo("nbops: Interrupted; the same command goes on where it was.", err=True)
        raise click.exceptions.Exit(done.exit_code)
    if done.failures:
        raise NbopsError(f"{done.failures} of {len(done.results)} points failed.")


def _print_table(done: "Sweep") -> None:
    from nbops.views.text import text_table

    names = list(dict.fromkeys(name for result in done.results for name in result.point))
    metrics = list(dict.fromkeys(name for result in done.results for name in result.metrics))[:6]
    rows = [
        [
            *(_show(result.point[name]) if name in result.point else "" for name in names),
            *(_show(result.metrics[name]) if name in result.metrics else "" for name in metrics),
            "best"
            if result is done.best
            else ""
            if result.outcome == "finished"
            else result.outcome,
            (result.session_id or "")[:8],
        ]
        for result in done.results
    ]
    if rows:
        click.echo(text_table([*names, *metrics, "", "session"], rows))


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
