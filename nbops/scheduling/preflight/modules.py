"""Kind `module`: code beside the notebook that it imports, and that must come along."""

import ast
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from nbops.capture.code.randomness import dotted_name
from nbops.checks import Cell
from nbops.checks.declared import imported_modules
from nbops.checks.findings import listed
from nbops.scheduling.preflight.findings import Finding
from nbops.scheduling.preflight.subject import Subject

_SELF_MADE = frozenset(["IPython", "ipykernel", "nbops"])


def check_modules(subject: Subject) -> Iterator[Finding]:
    """Relative imports, modules that are nowhere, and those that stay behind."""
    if not subject.is_python:
        return
    seen = set(sys.stdlib_module_names) | _SELF_MADE
    for cell in subject.cells:
        for node in ast.walk(cell.tree):
            if isinstance(node, ast.ImportFrom) and node.level:
                message = (
                    f"`{ast.unparse(node)}` is a relative import: a notebook is in no package."
                )
                hint = "Import it by its name in the project, such as: from helpers import clean."
                yield subject.say("error", "module", cell, message, hint)
        yield from _check_search_path(subject, cell)
        yield from _check_imports(subject, cell, seen)
    yield from _check_recorded(subject)


def _check_imports(subject: Subject, cell: Cell, seen: set[str]) -> Iterator[Finding]:
    nowhere = []
    for module in sorted(imported_modules(cell.tree) - seen):
        seen.add(module)
        file = find_local(subject, module)
        if file is not None and not subject.travels(file):
            name = subject.job.workspace.name_of(str(file))
            message = f"It imports {name}, which does not travel with the job."
            yield subject.say("error", "module", cell, message, "Keep it in the project, in git.")
        elif file is None and subject.runs_here and not subject.around.distributions(module):
            nowhere.append(module)
    if nowhere and not _extends_search_path(subject):
        message = (
            f"It imports {listed(nowhere)}, which neither this environment nor the project has."
        )
        yield subject.say("error", "module", cell, message, "Install it, or put the module there.")


def find_local(subject: Subject, module: str) -> Path | None:
    """File of a module that lies beside the notebook or in the project."""
    root = subject.job.workspace.root
    for place in dict.fromkeys((subject.folder, root, root / "src")):
        for file in (place / f"{module}.py", place / module / "__init__.py"):
            if file.is_file():
                return file
    return None


def _extends_search_path(subject: Subject) -> bool:
    """Whether cells look for modules elsewhere: then where these are is not ours to say."""
    return any("sys.path" in cell.source for cell in subject.cells)


def _check_search_path(subject: Subject, cell: Cell) -> Iterator[Finding]:
    """Folders outside of the project that a cell adds to where modules are looked for."""
    for node in ast.walk(cell.tree):
        if not isinstance(node, ast.Call) or not dotted_name(node.func).startswith("sys.path."):
            continue
        for argument in node.args:
            if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                folder = subject.folder / os.path.expanduser(argument.value)
                if not _is_inside(folder, subject.job.workspace.root):
                    message = (
                        f"`{argument.value}` is outside of the project: its modules stay here."
                    )
                    hint = "Install that code as a package, or move it into the project."
                    yield subject.say(subject.level(), "module", cell, message, hint)


def _check_recorded(subject: Subject) -> Iterator[Finding]:
    """Modules that the last session imported from outside of the project, and not from a package."""
    for cell in subject.recorded:
        outside = (
            [ref.path for ref in cell.run.modules if os.path.isabs(ref.path)] if cell.run else []
        )
        if outside and subject.is_remote:
            message = f"It imported {outside[0]}, which lies outside of the project."
            hint = "Install that code as a package, or move it into the project."
            yield subject.say("error", "module", cell, message, hint)


def _is_inside(path: Path, root: Path) -> bool:
    return Path(os.path.normpath(path)).is_relative_to(root)
