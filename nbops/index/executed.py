"""A job that ran: its notebook as it was executed, and what it was run with."""

from pathlib import Path
from typing import Any

import msgspec

from nbops.errors import NotFound
from nbops.index.queries import Index
from nbops.records import Session, from_json
from nbops.store import open_store

EXECUTED_NOTEBOOK = "nbops/notebook.ipynb"
"""Name of the file, among those of its run, that is a job's notebook with its outputs."""


def read_executed(index: Index, run_id: str) -> dict[str, Any]:
    """The notebook that a job executed, with its outputs.

    Raises
    ------
    NotFound
        There is no such run, it was no job of this workspace, or its notebook is kept nowhere.
    """
    run = index.run(run_id)
    if not run.session_id:
        raise NotFound(
            f"{run.name} was run elsewhere, and its notebook is not here.",
            "If it was shared, MLflow has it among the run's artifacts.",
        )
    session = _session_of(index, run.session_id)
    for file in (*run.files, *(session.files if session else ())):
        if file.name == EXECUTED_NOTEBOOK and file.digest:
            content = open_store(index.workspace).get(file.digest)
            if content is not None:
                notebook: dict[str, Any] = msgspec.json.decode(content)
                return notebook
    raise NotFound(
        f"The notebook that {run.name} executed is not kept.",
        "Runs that are under way, and interactive ones, have none.",
    )


def read_again(index: Index, run_id: str) -> tuple[Path, dict[str, str]]:
    """Notebook of a job, and the values that it was given, as a person would type them.

    Raises
    ------
    NotFound
        There is no such run, or it was no job of this workspace.
    """
    run = index.run(run_id)
    session = _session_of(index, run.session_id)
    if session is None or session.kind != "job" or session.notebook is None:
        raise NotFound(f"{run.name} was no job of this project.", "Run its notebook where it lies.")
    values = {name: str(value) for name, value in session.params.items()}
    return index.workspace.root / session.notebook, values


def _session_of(index: Index, session_id: str) -> Session | None:
    rows = index.rows("SELECT record FROM sessions WHERE id = ?", [session_id])
    return from_json(rows[0][0], Session) if rows else None
