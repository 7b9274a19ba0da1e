"""`nbops ls`, `nbops show`, `nbops why`: look at what was recorded."""

from pathlib import Path

import click

from nbops.index.queries import Index
from nbops.records import to_json
from nbops.workspace import find_workspace


def open_index() -> Index:
    """Index of the working folder's workspace, up to date with what is written."""
    index = Index(find_workspace())
    if not index.wait():
        click.echo("nbops: not everything is read yet; `nbops doctor` tells why.", err=True)
    return index


def _print_json(value: object) -> None:
    click.echo(to_json(value, indent=2).decode())


@click.command()
@click.option("--experiment", metavar="E", help="Only runs of this experiment.")
@click.option("--where", metavar="CONDITION", help="\"metrics.auc > 0.9 and params.model = 'rf'\"")
@click.option(
    "--sort", metavar="FIELD", help="metrics.auc (largest first), -metrics.loss, started ..."
)
@click.option("--limit", metavar="N", type=int, default=20, show_default=True)
@click.option(
    "--all",
    "everywhere",
    is_flag=True,
    help="Also runs found in MLflow: made without nbops, or by others on the same server.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def ls(
    experiment: str | None,
    where: str | None,
    sort: str | None,
    limit: int,
    everywhere: bool,
    as_json: bool,
) -> None:
    """List runs, newest first, or sorted."""
    from nbops.views.runs import RunsView

    index = open_index()
    runs = index.runs(
        experiment=experiment, where=where, sort=sort, limit=limit, everywhere=everywhere
    )
    if as_json:
        _print_json(runs)
        return
    click.echo(str(RunsView(runs, sort.lstrip("-").partition(".")[2] if sort else None)))
    if not runs and not (experiment or where):
        click.echo("In a notebook of this folder: %load_ext nbops, then %track start.")


@click.command()
@click.argument("run", default="last")
@click.option("--json", "as_json", is_flag=True, help="Print the whole record as JSON.")
@click.option(
    "--outputs",
    "cell",
    metavar="CELL",
    help="Print what a cell showed: its execution count or its id; all: every cell.",
)
@click.option("--save", metavar="FOLDER", type=click.Path(path_type=Path, file_okay=False),
              help="With --outputs: write it there as files, images as images.")  # fmt: skip
def show(run: str, as_json: bool, cell: str | None, save: Path | None) -> None:
    """Show what was recorded of RUN, or of a session: code, data, environment, results."""
    from nbops.store import open_store
    from nbops.views.record import RecordView

    index = open_index()
    found = index.resolve(run)
    document = index.document(found)
    store = open_store(index.workspace)
    if cell is not None or save is not None:
        from nbops.cli.outputs import print_outputs

        print_outputs(document, store, cell or "all", save)
    elif as_json:
        _print_json(document)
    else:
        click.echo(str(RecordView(document, is_session=found.is_session, store=store)))


@click.command()
@click.argument("a", required=False)
@click.argument("b", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def why(a: str | None, b: str | None, as_json: bool) -> None:
    """Tell what differs between runs A and B; of one, since the run before it; of none, of the last."""
    from nbops.index.why import explain
    from nbops.views.why import WhyView

    comparison = explain(open_index(), [word for word in (a, b) if word])
    if as_json:
        _print_json(comparison)
    else:
        click.echo(str(WhyView(comparison)))
