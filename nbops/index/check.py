"""Which notebook or run a check is about, and what is known of it."""

import json
import os
from collections.abc import Collection
from pathlib import Path
from typing import Any

from nbops.capture.secrets.redaction import add_patterns, redact
from nbops.checks import Cell, Finding, Notebook, check_notebook, check_run, place
from nbops.errors import NotFound, UsageError
from nbops.index.around import look_around
from nbops.index.queries import Index
from nbops.index.words import Found
from nbops.records import Document, Record, Session, instant

_HASHED_BYTES = 2_000_000_000
_SESSIONS = 5


class Checked(Record, frozen=True, kw_only=True):
    """What was checked, and what was found: what `nbops check --json` prints."""

    format: int = 1
    checked: str  # the notebook's path, or the run's name
    session: str | None = None  # whose records were looked at; None: the text only
    findings: tuple[Finding, ...] = ()


def check_path(
    index: Index,
    path: Path,
    *,
    session: str | None = None,
    max_bytes: int = _HASHED_BYTES,
    ignore: Collection[str] = (),
) -> Checked:
    """Check a notebook: the newest record that there is of it, and its text.

    Parameters
    ----------
    session
        Id of the session to look at instead of the newest.
    max_bytes
        Larger files are not hashed to see whether they changed.
    ignore
        Kinds not to look for, beside those of the settings.

    Raises
    ------
    NotFound, UsageError
        There is no such notebook, or it cannot be read.
    """
    notebook = read_notebook(path, index.workspace.settings.redact)
    document = find_session(index, path, notebook, session)
    runs = document.cell_runs if document else ()
    around = look_around(index, path.absolute().parent, max_bytes=max_bytes)
    ignored = (*index.workspace.settings.ignore_checks, *ignore)
    return Checked(
        checked=index.workspace.name_of(os.path.abspath(path)),
        session=document.session.name if document else None,
        findings=tuple(check_notebook(notebook, runs, around, ignore=ignored)),
    )


def check_found(index: Index, found: Found, *, ignore: Collection[str] = ()) -> Checked:
    """Check a run: the cell runs that it is made of and depends on; see `check_path`.

    Raises
    ------
    UsageError
        It is a session.
    """
    if found.is_session:
        raise UsageError(f"{found.id} is a session.", "Name a notebook or a run.")
    run = index.run(found.id)
    document = index.document(Found(found.session_id, found.session_id, is_session=True))
    settings = index.workspace.settings
    path = index.workspace.root / (document.session.notebook or "")
    is_there = path.suffix == ".ipynb" and path.exists()
    notebook = read_notebook(path, settings.redact) if is_there else Notebook()
    around = look_around(index, path.parent, max_bytes=_HASHED_BYTES)
    ignored = (*settings.ignore_checks, *ignore)
    findings = check_run(run, document.cell_runs, notebook, around, ignore=ignored)
    return Checked(checked=run.name, session=document.session.name, findings=tuple(findings))


def read_notebook(path: Path, patterns: tuple[str, ...] = ()) -> Notebook:
    """Code cells of a notebook's file, as records would hold them: with secrets hidden.

    Raises
    ------
    NotFound, UsageError
        There is no such file, or it is no notebook.
    """
    try:
        saved_at = path.stat().st_mtime
        content: Any = json.loads(path.read_text("utf-8"))
        cells = [cell for cell in content["cells"] if cell["cell_type"] == "code"]
    except OSError as error:
        raise NotFound(f"There is no notebook {path}.", "Name a file, or a run.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{path} is no notebook that can be read.") from error
    add_patterns(patterns)
    read = [
        Cell(
            redact("".join(cell["source"])),
            cell.get("id"),
            tuple(cell.get("metadata", {}).get("tags", ())),
            position,
        )
        for position, cell in enumerate(cells)
    ]
    return Notebook(tuple(read), instant(saved_at))


def find_session(
    index: Index, path: Path, notebook: Notebook, session: str | None = None
) -> Document | None:
    """Newest session in which cells of the notebook ran; a person's before a job's."""
    if session is not None:
        return index.document(index.resolve(session))
    view = index.notebook(index.workspace.name_of(os.path.abspath(path)))
    sessions = sorted(view.sessions if view else (), key=_is_job)
    for one in sessions[:_SESSIONS]:
        document = index.document(Found(one.id, one.id, is_session=True))
        if any(map(says_something, place(document.cell_runs, notebook))):
            return document
    return None


def _is_job(session: Session) -> bool:
    return session.kind != "interactive"


def says_something(cell: Cell) -> bool:
    """Whether a cell that ran stands in the notebook, and does more than begin to track."""
    return cell.position is not None and "%track start" not in cell.source
