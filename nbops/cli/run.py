"""`nbops run NOTEBOOK`."""

import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from nbops.cli.limits import expect_env, limits, warm
from nbops.cli.parameters import NotebookCommand, read_file, read_pairs
from nbops.errors import NotFound, UsageError
from nbops.views.text import show_duration

_PATH = click.Path(path_type=Path)


@click.command(cls=NotebookCommand)
@click.argument("notebook")
@click.option("-p", "parameters", metavar="NAME=VALUE", multiple=True, help="Set a parameter.")
@click.option(
    "-f",
    "file",
    metavar="FILE",
    type=_PATH,
    help="Set the parameters that a YAML or JSON file holds; -p goes over it.",
)
@click.option(
    "-o", "output", metavar="OUT.ipynb", type=_PATH, help="Where to write the executed notebook."
)
@limits
@warm
@click.option(
    "--workdir",
    metavar="FOLDER",
    type=_PATH,
    help="Work there instead of in the notebook's folder.",
)
@click.option("--resume", metavar="RUN", help="Go on at the cell at which RUN failed.")
@expect_env
@click.option(
    "--log", "is_log", is_flag=True, help="Print cells as they begin, and what they print."
)
def run(
    notebook: str,
    parameters: tuple[str, ...],
    file: Path | None,
    output: Path | None,
    is_log: bool,
    **options: Any,
) -> None:
    """Run NOTEBOOK from its own folder and record it.

    Parameters are what its cell tagged `parameters` assigns; `nbops run NOTEBOOK --help` lists them
    as options. A value is read as its parameter's type says: -p depth=8 -p model=rf -p "layers=[64, 32]";
    of one without a type as a Python literal, or true, false and null, else as text.

    Ctrl-C ends the cell that runs and records it; a second one kills the kernel. --resume runs again
    only the cells before the failed one that the rest needs, in the same folder, and refuses when they,
    their data, modules or packages changed.

    Exit codes: 0 it ran to its end, 1 a cell failed or the kernel died, 2 bad use, 124 out of time,
    130 Ctrl-C, 143 SIGTERM.
    """
    from nbops.jobs.plan import RunOptions
    from nbops.jobs.run import raise_if_failed, run_notebook

    path = Path(notebook)
    if path.suffix not in (".ipynb", ".py"):
        hint = f"To look at a recorded run: nbops show {notebook}" if not path.exists() else ""
        raise UsageError(
            f"{notebook!r} is no notebook.", hint or "Give an .ipynb, or a percent script."
        )
    if not path.is_file():
        raise NotFound(f"There is no notebook {notebook!r}.")
    if output is not None and not output.resolve().parent.is_dir():
        raise NotFound(f"There is no folder {str(output.parent)!r} to write to.")
    started = time.monotonic()
    own = {name: options.pop(name) for name in _OWN}
    values = {**(read_file(file) if file else {}), **read_pairs(parameters, options)}
    listener = _progress(path, values, is_log=is_log) if is_log or sys.stderr.isatty() else None
    result = run_notebook(path, values, RunOptions(output=output, listener=listener, **own))
    raise_if_failed(result)
    took = show_duration(time.monotonic() - started)
    click.echo(f"{path.name} finished in {took}: {result.output}")
    click.echo(f"What was recorded: nbops show {result.session_id}")


_OWN = ("timeout_s", "cell_timeout_s", "retries", "workdir", "resume", "expect_env", "is_warm")


def _progress(path: Path, values: Mapping[str, Any], *, is_log: bool) -> Any:
    from nbops.cli.progress import Progress
    from nbops.index.queries import Index
    from nbops.jobs.pace import read_pace
    from nbops.workspace import find_workspace

    pace = read_pace(Index(find_workspace(path)), path, values)
    return Progress(pace, is_log=is_log)
