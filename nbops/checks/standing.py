"""Kinds `order` and `hidden`, told from the notebook alone: whether it would run from top to bottom."""

import re
from collections.abc import Iterator

from nbops.checks.cells import Cell
from nbops.checks.findings import Finding, found_in, listed
from nbops.checks.subject import Subject
from nbops.checks.timeline import Step

_OPENS = re.compile(
    r"^\s*from\s+\S+\s+import\s*\*|\b(?:exec|eval|globals|locals|vars|setattr)\s*\(|NameError",
    re.MULTILINE,
)
_MAGIC = re.compile(r"^\s*%{1,2}(\w+)", re.MULTILINE)
_BINDS_NOTHING = frozenset(
    """
    track time timeit capture prun memit mprun lprun matplotlib load_ext reload_ext unload_ext autoreload config pip
    conda mamba uv cd env set_env pwd ls mkdir html HTML markdown latex javascript js svg writefile bash sh script
    cython who whos reset_selective precision tensorboard
    """.split()  # noqa: SIM905 - quoted words would be a wall
)


def check_standing(subject: Subject) -> Iterator[Finding]:
    """Names that no cell above binds: a cell below does, or none."""
    cells = subject.cells
    below = {name: cell for cell in reversed(cells) for name in cell.found.names.defines}
    unsaved = _made_in_unsaved_cells(subject)
    is_open = False
    for step in subject.as_written:
        is_open = is_open or _may_bind_anything(step.cell)
        if is_open:
            return
        yield from _check_step(subject, step, below, unsaved)


def _check_step(
    subject: Subject, step: Step, below: dict[str, Cell], unsaved: set[str]
) -> Iterator[Finding]:
    cell = subject.as_ran(step.cell)
    nowhere: list[str] = []
    for name, deleter in step.unbound.items():
        if name in unsaved:
            continue
        if deleter is not None:
            message = f"It uses `{name}`, which {subject.as_ran(deleter).label} deletes above it."
            yield found_in(cell, "order", message, f"Delete `{name}` below its last use.")
        elif name not in below:
            nowhere.append(f"`{name}`")
        elif below[name].position != cell.position:
            message = f"It uses `{name}`, which only {below[name].label} makes, below it."
            yield found_in(cell, "order", message, "Move that cell above it.")
    if nowhere:
        message = f"It uses {listed(nowhere)}, which no cell of the notebook makes."
        yield found_in(cell, "hidden", message, "Add a cell above it that does.")


def _made_in_unsaved_cells(subject: Subject) -> set[str]:
    """Names of cells that ran since the notebook was saved, and may stand anywhere in it by now."""
    ran, notebook = subject.ran, subject.notebook
    new = [cell for cell in ran if cell.position is None and not notebook.knows(cell)]
    return {name for cell in new for name in cell.found.names.defines}


def _may_bind_anything(cell: Cell) -> bool:
    """Whether names may come from where the text does not tell: star imports, `exec`, `%run`."""
    magics = set(_MAGIC.findall(cell.source))
    return bool(_OPENS.search(cell.source)) or not magics <= _BINDS_NOTHING
