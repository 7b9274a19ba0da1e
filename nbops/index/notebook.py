"""A notebook in front: what the panel is sent of its sessions, cell runs and runs."""

from typing import Any

from nbops.index.queries import Index
from nbops.records import FORMAT


def describe_notebook(
    index: Index, notebook: str, kernel: str | None, since: int
) -> dict[str, Any]:
    """What the panel is sent of a notebook."""
    view = index.notebook(notebook, kernel, since=since)
    if view is None:
        return {"format": FORMAT, "unchanged": True, "version": since}
    return {
        "format": FORMAT,
        "unchanged": False,
        "version": view.version,
        "notebook": notebook,
        "sessions": view.sessions,
        "cell_runs": view.cell_runs,
        "runs": view.runs,
        "unshipped": view.unshipped,
        "error": view.state.get("error") or None,
    }
