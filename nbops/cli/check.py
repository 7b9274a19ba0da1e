"""`nbops check NOTEBOOK|RUN`, and `nbops check NOTEBOOK|pipeline.yaml --for TARGET`."""

from pathlib import Path
from typing import Any

import click

from nbops.cli.parameters import PREFIX, NotebookCommand, read_pairs
from nbops.cli.preflight import count_findings, inspect, preflight, show_findings
from nbops.cli.runs import open_index
from nbops.errors import UsageError
from nbops.index.queries import Index
from nbops.records import FORMAT, to_json
from nbops.workspace import find_workspace

_PATH = click.Path(path_type=Path)


@click.command(cls=NotebookCommand)
@click.argument("what", metavar="NOTEBOOK|RUN|pipeline.yaml")
@click.option("--for", "place", metavar="TARGET", help="Whether it could run there, as a job.")
@click.option(
    "-p", "parameters", metavar="NAME=VALUE", multiple=True, help="With --for: a value it is given."
)
@click.option("--lock", metavar="FILE", type=_PATH, help="With --for: requirements to run in.")
@click.option(
    "--secret",
    "secrets",
    metavar="NAME",
    multiple=True,
    help="With --for: a variable that the system's own secrets set.",
)
@click.option(
    "--credentials",
    metavar="SOURCE",
    help="With --for: where its variables are, as `nbops schedule` takes it.",
)
@preflight
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def check(
    what: str, place: str | None, ignore: tuple[str, ...], as_json: bool, **options: Any
) -> None:
    """Look for what would keep NOTEBOOK, or RUN, from giving the same result again.

    \b
    order       cells ran in an order that the notebook does not have
    hidden      a result uses what no cell of the notebook makes any more
    stale       what a cell used has changed since: a cell above, a file, a module
    random      random numbers without a seed
    undeclared  packages that are imported, and not in pyproject.toml,
                requirements*.txt or environment.yml (if there is one of these)
    path        absolute paths, and files to be read that are not there

    Of a notebook, the newest session that recorded it is looked at, and its text; without one, its
    text. Save it first: what is not saved is not seen.

    With --for TARGET, a notebook or a pipeline is looked at as a job that is about to leave, as `nbops export`
    does by itself. Then there are, too:

    \b
    kernel       another language, or a kernel that is not installed
    parameter    a parameter without a value
    package      what the lock does not pin, or only this machine has
    module       relative imports, modules outside of the project
    data         files, databases and servers that the target does not reach
    tracking     a tracking server that it does not reach: this machine's, for one
    variable     variables of the environment that it must set
    secret       passwords, tokens and keys in cells
    interactive  cells that wait for a person
    dry-run      it fails when it is run in a clean copy of what would travel
    target       what the target itself cannot do

    The dry run is recorded nowhere; what the notebook itself sends elsewhere, it sends.

    \b
    To silence a kind: --ignore random
    in the project:    ignore_checks = ["random"] under [tool.nbops] in pyproject.toml
    in one cell:       a comment "# nbops: ignore[random]", or a tag nbops-ignore-random;
                       nbops-ignore for all kinds

    Exit codes: 0 nothing found, 1 something found, 2 bad use. With --for, 0 nothing stands in the way,
    though there may be warnings, 1 an error was found, 2 bad use.
    """  # noqa: D301 - click reads this backspace: what follows keeps its lines
    if place is not None:
        _check_job(Path(what), place, ignore, as_json=as_json, **options)
        return
    _refuse(what, options)
    from nbops.checks.silence import check_kinds
    from nbops.index.check import check_found, check_path
    from nbops.views.checks import ChecksView

    check_kinds(ignore)
    if what.endswith(".ipynb"):
        index = Index(find_workspace(what))
        index.wait()
        done = check_path(index, Path(what), ignore=ignore)
    else:
        index = open_index()
        done = check_found(index, index.resolve(what), ignore=ignore)
    if as_json:
        click.echo(to_json(done, indent=2).decode())
    else:
        click.echo(str(ChecksView(done.checked, done.session, done.findings)))
    if done.findings:
        raise click.exceptions.Exit(1)


def _refuse(what: str, options: dict[str, Any]) -> None:
    """What means nothing without a target."""
    given = {"-p": options["parameters"], "--lock": options["lock"]}
    given |= {"--secret": options["secrets"], "--credentials": options["credentials"]}
    given |= {"--no-dry-run": options["no_dry_run"]}
    given |= {
        f"--{name.removeprefix(PREFIX)}": value
        for name, value in options.items()
        if name.startswith(PREFIX)
    }
    for option, value in given.items():
        if value:
            raise UsageError(
                f"{option} goes with --for TARGET.", "nbops export --list lists targets."
            )
    if what.endswith((".yaml", ".yml")):
        raise UsageError("A pipeline is checked for where it is to run.", "Add --for TARGET.")


def _check_job(  # noqa: PLR0913 - an argument an option of the command
    source: Path,
    place: str,
    ignore: tuple[str, ...],
    *,
    as_json: bool,
    parameters: tuple[str, ...],
    lock: Path | None,
    secrets: tuple[str, ...],
    credentials: str | None,
    no_dry_run: bool,
    dry_run_limit: float,
    **typed: Any,
) -> None:
    from nbops.scheduling.job import read_job
    from nbops.scheduling.local.credentials import list_names
    from nbops.scheduling.preflight import has_errors
    from nbops.scheduling.target import find_target

    target = find_target(place)
    secrets += list_names(credentials)
    job = read_job(source, read_pairs(parameters, typed), lock=lock, secrets=secrets)
    found = inspect(job, target, ignore=ignore, no_dry_run=no_dry_run, dry_run_limit=dry_run_limit)
    is_ready = not has_errors(found)
    if as_json:
        said = {"format": FORMAT, "checked": str(source), "target": place, "is_ready": is_ready}
        click.echo(to_json({**said, "findings": found}, indent=2).decode())
    else:
        click.echo(show_findings(found), nl=False)
        verdict = "is ready for" if is_ready else "is not ready for"
        click.echo(f"{count_findings(found).capitalize()} found: {source.name} {verdict} {place}.")
    if not is_ready:
        raise click.exceptions.Exit(1)
