"""`nbops show RUN --outputs CELL`: what cells showed, printed or saved."""

from pathlib import Path

import click

from nbops.errors import NotFound
from nbops.records import CellRun, Document, first_line
from nbops.store import Store
from nbops.views.outputs import output_files, show_outputs
from nbops.writing import putting


def print_outputs(document: Document, store: Store, words: str, folder: Path | None) -> None:
    """Print what cells showed, or write it into a folder.

    Parameters
    ----------
    words
        An execution count, the id of a cell run or of a cell, or "all".

    Raises
    ------
    NotFound
        No such cell is recorded here.
    """
    cells = _cells(document, words)
    if folder is not None:
        _save(cells, store, folder)
        return
    for cell in cells:
        if words == "all":
            click.echo(
                click.style(f"[{cell.execution_count or ' '}] {first_line(cell.source)}", bold=True)
            )
        click.echo(show_outputs(cell, store))


def _cells(document: Document, words: str) -> list[CellRun]:
    if words == "all":
        return list(document.cell_runs)
    word = words.strip("[]")
    found = [
        cell
        for cell in document.cell_runs
        if word in (str(cell.execution_count), cell.id, cell.cell_id)
    ]
    if not found:
        counts = ", ".join(str(cell.execution_count) for cell in document.cell_runs)
        raise NotFound(f"There is no cell {words!r} in this record.", f"It has {counts}.")
    return found


def _save(cells: list[CellRun], store: Store, folder: Path) -> None:
    count = 0
    for cell in cells:
        for name, content in output_files(cell, store):
            with putting(folder / name, "Give another FOLDER.") as part:
                folder.mkdir(parents=True, exist_ok=True)
                part.write_bytes(content)
            count += 1
    click.echo(f"{count} files in {folder}" if count else "Nothing that was shown is kept.")
