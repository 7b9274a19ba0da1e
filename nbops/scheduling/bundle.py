"""Which files travel with a job: notebooks without outputs, modules, `pyproject.toml`, small inputs.

They keep their places in the project. Nothing travels that is private, or holds a secret.
"""

import ast
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from nbops.capture.code.lines import to_python
from nbops.capture.secrets.privacy import may_be_kept, set_private
from nbops.capture.secrets.redaction import add_patterns, redact
from nbops.checks.paths import files_read
from nbops.errors import UsageError
from nbops.index.queries import Index
from nbops.jobs.parameters import is_python, read_notebook
from nbops.jobs.pipeline.observing import observe
from nbops.jobs.scripts import is_script
from nbops.records import DataRef
from nbops.scheduling.modules import find_modules

if TYPE_CHECKING:
    from nbops.scheduling.job import Job

FILE_BYTES = 5_000_000
"""A larger input does not travel: it belongs where the job can read it."""

_TOTAL_BYTES = 25_000_000
_PROJECT = "pyproject.toml"
_NO_PROJECT = b"# Marks this folder as a project: nbops looks for the nearest one.\n[tool.nbops]\n"


@dataclass(frozen=True)
class LeftOut:
    """A file that the job reads and that does not travel."""

    path: str
    reason: str  # completes "it does not travel: "


@dataclass(frozen=True)
class Bundle:
    """Files by their place in the project.

    Parameters
    ----------
    import_paths
        Folders of the project, relative to it, that modules are imported from though no notebook lies there.
    inputs
        Those of the files that are data.
    secrets
        Code in which something looks like a secret: such a job does not leave.
    """

    files: Mapping[str, bytes]
    import_paths: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    secrets: tuple[str, ...] = ()

    def under(self, folder: str) -> dict[str, bytes]:
        """Files as they lie below a folder of an export; `.` for the export itself.

        Raises
        ------
        UsageError
            Something in them looks like a secret.
        """
        if self.secrets:
            raise UsageError(
                f"{self.secrets[0]} holds what looks like a secret.",
                "Read it from an environment variable, which the target has secrets for.",
            )
        prefix = "" if folder == "." else f"{folder}/"
        return {f"{prefix}{path}": content for path, content in self.files.items()}


@dataclass
class _Packing:
    job: "Job"
    files: dict[str, bytes] = field(default_factory=dict)
    inputs: list[str] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    secrets: list[str] = field(default_factory=list)

    def add_code(self, path: Path, content: bytes) -> None:
        place = self.job.place_of(path)
        text = content.decode("utf-8", "replace")
        if redact(text) != text:
            self.secrets.append(place)
        self.files[place] = content

    def add_input(self, path: str) -> None:
        root = self.job.workspace.root
        name = self.job.workspace.name_of(path)
        reason = ""
        if not Path(path).is_relative_to(root):
            reason = "it lies outside of the project"
        elif not os.path.exists(path):
            reason = "it is not there"
        elif os.path.isdir(path):
            for file in sorted(Path(path).rglob("*")):
                if file.is_file() and not file.is_relative_to(self.job.workspace.state):
                    self.add_input(str(file))
            return
        else:
            reason = self._keep(Path(path))
        if reason:
            self.left_out[name] = reason

    def _keep(self, path: Path) -> str:
        """Take an input along; returns why it does not travel."""
        size = path.stat().st_size
        if size > FILE_BYTES:
            return f"it has {size / 1e6:.0f} MB"
        if sum(map(len, self.files.values())) + size > _TOTAL_BYTES:
            return f"all inputs have more than {_TOTAL_BYTES / 1e6:.0f} MB"
        if not may_be_kept(str(path)):
            return "it is private"
        content = path.read_bytes()
        text = content.decode("utf-8", "replace")
        if b"\0" not in content and redact(text) != text:
            return "it holds what looks like a secret"
        place = self.job.place_of(path)
        if place not in self.files:
            self.files[place] = content
            self.inputs.append(place)
        return ""


def read_bundle(job: "Job") -> Bundle:
    """Files that a job needs elsewhere, as they are now."""
    settings, root = job.workspace.settings, job.workspace.root
    add_patterns(settings.redact)
    set_private(settings.private_columns, settings.private_paths, root)
    packing = _Packing(job)
    notebooks = list(dict.fromkeys(step.notebook for step in job.steps))
    codes = {path: list(_code_of(path)) for path in notebooks}
    for path in notebooks:
        packing.add_code(path, strip(path))
    if job.is_pipeline:
        packing.add_code(job.source, job.source.read_bytes())
    modules, import_paths = find_modules(root, codes)
    for path in modules:
        packing.add_code(path, path.read_bytes())
    project = root / _PROJECT
    packing.add_code(project, project.read_bytes() if project.is_file() else _NO_PROJECT)
    for name in _inputs(job, codes):
        packing.add_input(name)
    return Bundle(
        dict(sorted(packing.files.items())),
        tuple(job.place_of(path) for path in import_paths),
        tuple(sorted(packing.inputs)),
        tuple(LeftOut(name, why) for name, why in sorted(packing.left_out.items())),
        tuple(sorted(packing.secrets)),
    )


def strip(path: Path) -> bytes:
    """A notebook without outputs, and for the kernel that every environment has; a script as it is."""
    if is_script(path):
        return path.read_bytes()
    import nbformat

    notebook = read_notebook(path)
    for cell in notebook.cells:
        kept = {key: value for key, value in cell.metadata.items() if key == "tags"}
        cell.metadata = nbformat.from_dict(kept)
        cell.pop("attachments", None)
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    if is_python(notebook):
        notebook.metadata = nbformat.from_dict(
            {
                "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
                "language_info": {"name": "python"},
            }
        )
    return (json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


def _code_of(path: Path) -> Iterator[ast.Module]:
    for cell in read_notebook(path).cells:
        if cell.cell_type == "code":
            try:
                yield ast.parse(to_python(cell.source))
            except SyntaxError:
                continue


def _inputs(job: "Job", codes: Mapping[Path, list[ast.Module]]) -> list[str]:
    """Files that the job reads and does not make, absolute: recorded, named by the pipeline or in code."""
    root = job.workspace.root
    reads = [os.path.join(root, path) for step in job.steps for path in step.reads]
    writes = {os.path.join(root, path) for step in job.steps for path in step.writes}
    for path, trees in codes.items():
        for text in files_read(trees):
            named = os.path.normpath(path.parent / os.path.expanduser(text))
            if os.path.exists(named):
                reads.append(named)
    if job.workspace.sessions.is_dir():
        for seen in observe(Index(job.workspace), root, list(codes), []):
            reads += filter(None, map(_path_of, seen.reads))
            writes |= set(filter(None, map(_path_of, seen.writes)))
    modules = {".py", ".ipynb"}
    return [
        path
        for path in dict.fromkeys(reads)
        if path not in writes and Path(path).suffix not in modules
    ]


def _path_of(ref: DataRef) -> str | None:
    from nbops.capture.data.contents import path_of

    if ref.kind not in ("file", "folder") or not ref.uri.startswith("file:"):
        return None
    return path_of(ref.uri)
