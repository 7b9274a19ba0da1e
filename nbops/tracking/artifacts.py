"""nbops' own record of a run, as files that anyone can read: artifacts under `nbops/`."""

import json
from pathlib import Path

import msgspec

from nbops.records import CellRun, Document, Environment, Session, to_json
from nbops.requirements import make_lock
from nbops.store import Store
from nbops.tracking.shipments import Shipment
from nbops.views.outputs import read_outputs


def write_artifacts(shipment: Shipment, folder: Path, store: Store, *, share_all: bool) -> None:
    """Write the files into a folder.

    | file               | is                                                        |
    |--------------------|-----------------------------------------------------------|
    | `record.json`      | the run with all that it depends on (`nbops show --json`) |
    | `code.py`          | its cells in order of execution                           |
    | `requirements.txt` | the packages that were installed                          |
    | `patch.diff`       | what git had not committed                                |
    | `cells-*.jsonl`    | of a session: its cell runs                               |
    | `executed.ipynb`   | of a session: the cells as they were run, in that order   |

    Parameters
    ----------
    share_all
        Whether patch, executed notebook, outputs and cells that belong to no run go along.
    """
    if shipment.environment and shipment.is_over:
        (folder / "requirements.txt").write_text(_requirements(shipment.environment), "utf-8")
    patch = shipment.session.source.patch_digest
    if patch and share_all and shipment.is_over and (data := store.get(patch)):
        (folder / "patch.diff").write_bytes(data)
    if shipment.run is not None and shipment.is_over:
        document = shipment.document()
        if not share_all:
            document = _without_outputs(document)
        (folder / "record.json").write_bytes(to_json(document, indent=2))
        (folder / "code.py").write_text(_code(shipment.cell_runs), "utf-8")
    if shipment.stands_for_session and share_all:
        _write_cells(shipment, folder)
        if shipment.is_over:
            notebook = json.dumps(
                executed_notebook(shipment.session, shipment.cell_runs, store), indent=1
            )
            (folder / "executed.ipynb").write_text(notebook, "utf-8")


def _without_outputs(document: Document) -> Document:
    """A short text can be guessed from its digest and its size."""
    cells = [msgspec.structs.replace(cell, outputs=None) for cell in document.cell_runs]
    return msgspec.structs.replace(document, cell_runs=tuple(cells))


def _write_cells(shipment: Shipment, folder: Path) -> None:
    from nbops.tracking.packing import CELLS_PER_SHARD

    cells = shipment.cell_runs
    for number, start in enumerate(range(0, len(cells), CELLS_PER_SHARD)):
        shard = cells[start : start + CELLS_PER_SHARD]
        if len(shard) == CELLS_PER_SHARD or shipment.is_over:
            lines = b"".join(to_json(cell) + b"\n" for cell in shard)
            (folder / f"cells-{number:04}.jsonl").write_bytes(lines)


def _requirements(environment: Environment) -> str:
    """Requirements without hashes, since nobody is asked; `nbops env --lock` adds them."""
    lock = make_lock(environment, {})
    lines = [f"# Python {environment.python}, {environment.platform}", *lock.lines]
    lines += [f"# only that machine had {package}" for package in lock.missing]
    return "\n".join(lines) + "\n"


def _code(cells: tuple[CellRun, ...]) -> str:
    parts = []
    for cell in cells:
        count = " " if cell.execution_count is None else cell.execution_count
        parts.append(f"# %% [{count}]\n{_source_of(cell).rstrip()}\n")
    return "\n".join(parts)


def _source_of(cell: CellRun) -> str:
    return f"# {cell.skipped}" if cell.skipped else cell.source


def executed_notebook(
    session: Session, cells: tuple[CellRun, ...], store: Store
) -> dict[str, object]:
    """A notebook of the cells that were run, as they were, in the order in which they were.

    A cell that ran twice stands there twice, the second time under an id of its own.
    """
    seen: set[str] = set()
    notebook_cells: list[dict[str, object]] = []
    for cell in cells:
        cell_id = cell.cell_id or f"cell-{cell.seq}"
        if cell_id in seen:
            cell_id = f"{cell_id[:48]}-{cell.seq}"
        seen.add(cell_id)
        notebook_cells.append(
            {
                "cell_type": "code",
                "id": cell_id[:64],
                "metadata": {"nbops": {"cell_run": cell.id, "status": cell.status}},
                "execution_count": cell.execution_count,
                "source": _source_of(cell),
                "outputs": read_outputs(cell, store),
            }
        )
    return {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {
            "nbops": {"session": session.id},
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
        },
        "cells": notebook_cells,
    }
