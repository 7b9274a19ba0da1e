"""`nbops check NOTEBOOK|RUN`."""

from pathlib import Path

import click

from nbops.cli.runs import open_index
from nbops.index.queries import Index
from nbops.records import to_json
from nbops.workspace import find_workspace


@click.command()
@click.argument("what", metavar="NOTEBOOK|RUN")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def check(what: str, as_json: bool) -> None:
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

    To silence a kind: ignore_checks = ["random"] under [tool.nbops] in pyproject.toml. In one cell:
    a comment "# nbops: ignore[random]", or a tag nbops-ignore-random; nbops-ignore for all kinds.

    Exit codes: 0 nothing found, 1 something found, 2 bad use.
    """  # noqa: D301 - click reads this backspace: what follows keeps its lines
    from nbops.index.check import check_found, check_path
    from nbops.views.checks import ChecksView

    if what.endswith(".ipynb"):
        index = Index(find_workspace(what))
        index.wait()
        done = check_path(index, Path(what))
    else:
        index = open_index()
        done = check_found(index, index.resolve(what))
    if as_json:
        click.echo(to_json(done, indent=2).decode())
    else:
        click.echo(str(ChecksView(done.checked, done.session, done.findings)))
    if done.findings:
        raise click.exceptions.Exit(1)
