"""`nbops compare`: two or more runs, on the screen or as one HTML file."""

from pathlib import Path

import click

from nbops.cli.runs import open_index
from nbops.records import to_json
from nbops.writing import putting


@click.command()
@click.argument("runs", metavar="[RUN]...", nargs=-1)
@click.option("--all", "with_same", is_flag=True, help="Also what does not differ.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--markdown", is_flag=True, help="Print Markdown, for an issue or a pull request.")
@click.option("--html", "file", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False),
              help="Write one HTML file that needs no other.")  # fmt: skip
def compare(
    runs: tuple[str, ...], with_same: bool, as_json: bool, markdown: bool, file: Path | None
) -> None:
    """Compare 2 to 50 runs; the first is the baseline.

    Of one, with the run before it; of none, the last.
    """
    from nbops.index.compared import compare_runs
    from nbops.store import open_store
    from nbops.views.compare import CompareView

    index = open_index()
    table = compare_runs(index, runs, with_same=with_same)
    view = CompareView(table, open_store(index.workspace))
    if file is not None:
        with putting(file, "Give another FILE.") as part:
            part.write_text(view.to_html(), "utf-8")
        click.echo(f"{file}  {table.sentence}")
    elif as_json:
        click.echo(to_json(table, indent=2).decode())
    else:
        click.echo(view.to_markdown() if markdown else str(view))
