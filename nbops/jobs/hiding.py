"""A copy of an executed notebook without secrets, for the store."""

from typing import Any

from nbops.capture.code.skipping import find_skip_reason
from nbops.capture.secrets.masking import Masker
from nbops.capture.secrets.privacy import names_private_column
from nbops.jobs.parameters import read_parameters


def hide_secrets(notebook: Any) -> Any:
    """Copy of a notebook in which sources, outputs and metadata hold no secret that is known as one.

    What looks like a secret is hidden, and the value of every parameter with a secret's name wherever it stands; of
    a cell that is to be skipped, all that it holds; so are outputs that name a private column.
    """
    import nbformat

    given = notebook.metadata.get("papermill", {}).get("parameters", {})
    masker = Masker([given, read_parameters(notebook)])
    copy = nbformat.from_dict(masker.hide_in_value(notebook))
    for cell in copy.cells:
        reason = find_skip_reason(cell.source, cell.metadata.get("tags", ()))
        if reason and cell.cell_type == "code":
            cell.source, cell.outputs = f"# {reason}", []
        if cell.cell_type == "code":
            cell.outputs = [one for one in cell.outputs if not names_private_column(str(one))]
    return copy
