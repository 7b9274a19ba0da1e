"""Cell ids that stay the same in every run of a notebook."""

import json
from pathlib import Path
from typing import Any

from nbops.digests import digest_source
from nbops.jobs.declarations import TAG
from nbops.jobs.injection import INJECTED
from nbops.records import INJECTED_CELL, LONGEST_DECLARING


def settle_cell_ids(notebook: Any, path: str | None) -> None:
    """Give cells whose ids papermill makes up anew each time ids that follow from what they are.

    These are the cell with the injected parameters, and every cell of a notebook older than
    nbformat 4.5, whose file holds no ids.

    Parameters
    ----------
    notebook
        As papermill is about to run it; changed in place.
    path
        File that it was read from; None when it came from elsewhere.
    """
    if path and not _has_ids(Path(path)):
        seen: dict[str, int] = {}
        for cell in notebook.cells:
            key = digest_source(cell.source).partition(":")[2][:12]
            seen[key] = seen.get(key, 0) + 1
            cell["id"] = key if seen[key] == 1 else f"{key}-{seen[key]}"
    parameters = next((cell for cell in notebook.cells if TAG in _tags(cell)), None)
    for cell in notebook.cells:
        if INJECTED in _tags(cell):
            declaring = parameters.id[:LONGEST_DECLARING] if parameters else "parameters"
            cell["id"] = f"{declaring}{INJECTED_CELL}"


def _has_ids(path: Path) -> bool:
    try:
        content = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return True
    return all("id" in cell for cell in content.get("cells", ()))


def _tags(cell: Any) -> list[str]:
    return list(cell.metadata.get("tags", ()))
