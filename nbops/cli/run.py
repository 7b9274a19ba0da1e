"""`nbops run NOTEBOOK`."""

import sys
import time
from pathlib import Path
from typing import Any

import click

from nbops.errors import NotFound, UsageError
from nbops.views.text import show_duration


@click.command()
@click.argument("notebook")
@click.option("-p", "parameters", metavar="NAME=VALUE", multiple=True, help="Set a parameter.")
@click.option("-o", "output", metavar="OUT.ipynb", type=click.Path(path_type=Path),
              help="Where to write the executed notebook.")  # fmt: skip
def run(notebook: str, parameters: tuple[str, ...], output: Path | None) -> None:
    """Run NOTEBOOK from its own folder and record it.

    Values are Python literals, anything else is text: -p depth=8 -p model=rf -p "layers=[64, 32]".
    JSON's true, false and null are True, False and None; the words themselves go into quotes of
    their own: -p "answer='true'".

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
        path, _read_parameters(parameters), output, show_progress=sys.stderr.isatty()
    )
    raise_if_failed(result)
    took = show_duration(time.monotonic() - started)
    click.echo(f"{path.name} finished in {took}: {result.output}")
    click.echo(f"What was recorded: nbops show {result.session_id}")


def _read_parameters(pairs: tuple[str, ...]) -> dict[str, Any]:
    from nbops.jobs.parameters import parse_parameter

    parameters = {}
    for pair in pairs:
        name, sign, value = pair.partition("=")
        if not sign or not name.isidentifier():
            raise UsageError(f"-p takes name=value, not {pair!r}.")
        parameters[name] = parse_parameter(name, value)
    return parameters
