"""One notebook of a job: as it will run, as it was recorded last, and what lies around it."""

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from nbops.capture.secrets.redaction import add_patterns, redact
from nbops.checks import Cell, Notebook, Surroundings, place
from nbops.checks.paths import find_uses
from nbops.index.around import look_around
from nbops.index.check import find_session
from nbops.index.queries import Index
from nbops.jobs.injection import inject
from nbops.jobs.parameters import is_python, read_notebook
from nbops.records import CellRun, Document, first_line, instant
from nbops.scheduling.preflight.findings import Finding

if TYPE_CHECKING:
    from nbops.scheduling.job import Job, JobStep
    from nbops.scheduling.target import Target

_HASHED_BYTES = 0  # whether data changed is no matter here: the job reads it anew


@dataclass(frozen=True)
class Subject:
    """What the checks of one notebook look at.

    Parameters
    ----------
    notebook
        Its code cells as they will run: with the values that the job gives them, and secrets hidden.
    sources
        The same cells with secrets.
    places
        Where each cell stands in the file; None for the one that holds the job's values.
    document
        Newest session in which cells of it ran.
    travels
        Whether a file, by its absolute path, goes with the job.
    """

    job: "Job"
    step: "JobStep"
    target: "Target | None"
    notebook: Notebook
    sources: tuple[str, ...]
    places: tuple[int | None, ...]
    metadata: Mapping[str, Any]
    document: Document | None
    around: Surroundings
    travels: Callable[[Path], bool]

    @property
    def is_remote(self) -> bool:
        return self.target is not None and self.target.is_remote

    @property
    def where(self) -> str:
        """What a sentence calls the place that the job goes to."""
        return self.target.name if self.target is not None else "another machine"

    @property
    def is_python(self) -> bool:
        return is_python(_Read(self.metadata))

    @property
    def folder(self) -> Path:
        return self.step.notebook.parent

    @property
    def cells(self) -> tuple[Cell, ...]:
        return self.notebook.cells

    @cached_property
    def as_written(self) -> Notebook:
        """The notebook as the file has it, without the job's values: what a session has run."""
        written = [cell for cell in self.cells if self.places[cell.position or 0] is not None]
        cells = tuple(replace(cell, position=place) for place, cell in enumerate(written))
        return replace(self.notebook, cells=cells)

    @property
    def ran(self) -> tuple[CellRun, ...]:
        return self.document.cell_runs if self.document else ()

    @cached_property
    def recorded(self) -> list[Cell]:
        """Cells that ran and stand in the notebook as they ran, each with its last run."""
        placed = {cell.position: cell for cell in place(self.ran, self.notebook)}
        return [
            cell
            for position, cell in sorted(placed.items(), key=lambda item: item[0] or 0)
            if position is not None and cell.code == self.cells[position].code
        ]

    @cached_property
    def runs_here(self) -> bool:
        """Whether its kernel is in the environment of this process: only of that we can ask what it has."""
        from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

        try:
            spec = KernelSpecManager().get_kernel_spec(self.kernel)
        except NoSuchKernel:
            return False
        python = Path(spec.argv[0])
        return not python.is_absolute() or python.parent == Path(sys.executable).parent

    @property
    def kernel(self) -> str:
        return self.metadata.get("kernelspec", {}).get("name") or "python3"

    def level(self) -> Literal["error", "warning"]:
        """Of what works on this machine only."""
        return "error" if self.is_remote else "warning"

    def say(
        self,
        level: Literal["error", "warning"],
        kind: str,
        cell: Cell | int | None,
        message: str,
        hint: str,
    ) -> Finding:
        """A finding about the notebook, or one of its cells."""
        if isinstance(cell, int):
            cell = self.cells[cell]
        position = cell.position if cell is not None else None
        return Finding(
            level=level,
            kind=kind,
            message=redact(message),
            hint=hint,
            notebook=self.step.notebook.name,
            cell_id=cell.cell_id if cell is not None else None,
            cell=first_line(cell.source) if cell is not None else None,
            position=self.places[position] if position is not None else None,
        )


class _Read:
    """What `is_python` asks of a notebook."""

    def __init__(self, metadata: Mapping[str, Any]) -> None:
        self.metadata = metadata


def read_subjects(
    job: "Job", target: "Target | None", travels: Callable[[Path], bool]
) -> Iterator[Subject]:
    """Each notebook of a job, in the order of its steps; steps with the same cells are looked at once.

    Raises
    ------
    NotFound, UsageError
        A notebook is not there, or cannot be read.
    """
    index = Index(job.workspace)
    index.wait()
    add_patterns(job.workspace.settings.redact)
    seen = set[tuple[Path, tuple[str, ...]]]()
    made = {job.workspace.root / name for each in job.steps for name in each.writes}
    for step in job.steps:
        subject = _read_subject(job, step, target, index, travels, made)
        made |= set(_written(subject))
        key = (step.notebook, tuple(sorted(step.params)))
        if key not in seen:
            seen.add(key)
            yield subject


def _written(subject: Subject) -> Iterator[Path]:
    """Files that its cells name as ones they write: steps after it find them."""
    for _, use in find_uses(subject.cells):
        if not use.is_read:
            yield Path(os.path.normpath(subject.folder / use.path))


def _read_subject(
    job: "Job",
    step: "JobStep",
    target: "Target | None",
    index: Index,
    travels: Callable[[Path], bool],
    made: set[Path],
) -> Subject:
    read = read_notebook(step.notebook)
    written = [id(cell) for cell in read.cells if cell.cell_type == "code"]
    if step.params and is_python(read):
        inject(read, step.params)
    code = [cell for cell in read.cells if cell.cell_type == "code"]
    places = tuple(written.index(id(cell)) if id(cell) in written else None for cell in code)
    cells = tuple(
        Cell(redact(cell.source), cell.get("id"), tuple(cell.metadata.get("tags", ())), position)
        for position, cell in enumerate(code)
    )
    notebook = Notebook(cells, instant(step.notebook.stat().st_mtime))
    around = look_around(index, step.notebook.parent, max_bytes=_HASHED_BYTES)

    def is_there(path: str) -> bool:
        return around.is_there(path) or Path(os.path.normpath(step.notebook.parent / path)) in made

    return Subject(
        job,
        step,
        target,
        notebook,
        tuple(cell.source for cell in code),
        places,
        dict(read.metadata),
        find_session(index, step.notebook, notebook),
        replace(
            around,
            is_there=is_there,
            has_changed=lambda _: None,
            has_changed_module=lambda _: None,
        ),
        travels,
    )
