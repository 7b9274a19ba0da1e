"""Notebooks that are kept as Python scripts: cells begin with `# %%`, as jupytext, VS Code and Spyder have them."""

from pathlib import Path
from typing import Any

from nbops.errors import NotFound, UsageError


def is_script(path: Path) -> bool:
    return path.suffix == ".py"


def read_script(path: Path) -> Any:
    """A percent script as a notebook whose cells have no ids: they follow from the cells' text.

    Raises
    ------
    NotFound, UsageError
        It cannot be read, or jupytext is not installed.
    """
    try:
        import jupytext
    except ImportError as error:
        raise UsageError(
            f"{path.name} is a script, and those are read by jupytext, which is not installed.",
            "pip install 'nbops[scripts]'",
        ) from error
    try:
        made = jupytext.reads(path.read_text("utf-8"), fmt="py:percent")
    except OSError as error:
        raise NotFound(f"{path} cannot be read: {error.strerror}.") from error
    except Exception as error:
        raise UsageError(
            f"{path.name} is no percent script.", "Its cells begin with `# %%`."
        ) from error
    made.nbformat_minor = 4
    for cell in made.cells:
        cell.pop("id", None)
    made.metadata.setdefault("language_info", {})["name"] = "python"
    return made
