"""`nbops run NOTEBOOK`."""

import sys
import time
from pathlib import Path

import click

from nbops.cli.parameters import NotebookCommand, read_pairs
from nbops.errors import NotFound, UsageError
from nbops.views.text import show_duration


@click.command(cls=NotebookCommand)
@click.argument("notebook")
@click.option("-p", "parameters", metavar="NAME=VALUE", multiple=True, help="Set a parameter.")
@click.option("-o", "output", metavar="OUT.ipynb", type=click.Path(path_type=Path),
              help="Where to write the executed notebook.")  # fmt: skip
def run(
    notebook: str, parameters: tuple[str, ...], output: Path | None, **options: str | None
) -> None:
    """Run NOTEBOOK from its own folder and record it.

    Parameters are what its cell tagged `parameters` assigns; `nbops run NOTEBOOK --help` lists them
    as options. A value is read as its parameter's type says: -p depth=8 -p model=rf -p "layers=[64, 32]";
    of one without a type as a Python literal, or true, false and null, else as text.

    Ctrl-C ends the cell that runs and records it; a second one kills the kernel.

    Exit codes: 0 it ran to its end, 1 a cell failed, 2 bad use, 130 Ctrl-C, 143 SIGTERM.
    """
    from nbops.jobs.run import raise_if_failed, run_notebook

    path = Path(notebook)
    if path.suffix != ".ipynb":
        hint = f"To look at a recorded run: nbops show {notebook}" if not path.exists() else ""
        raise UsageError(
            f"{notebook!r} is no notebook.", hint or "Give a file that ends in .ipynb."
        )
    if not path.is_file():
        raise NotFound(f"There is no notebook {notebook!r}.")
    if output is not None and not output.resolve().parent.is_dir():
        raise NotFound(f"There is no folder {str(output.parent)!r} to write to.")
    started = time.monotonic()
    result = run_notebook(
        path, read_pairs(parameters, options), output, show_progress=sys.stderr.isatty()
    )
    raise_if_failed(result)
    took = show_duration(time.monotonic() - started)
    click.echo(f"{path.name} finished in {took}: {result.output}")
    click.echo(f"What was recorded: nbops show {result.session_id}")
