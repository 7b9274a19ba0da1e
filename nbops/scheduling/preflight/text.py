"""Kinds that `nbops check` knows: `order`, `hidden`, `random`, `undeclared`, `path`; and paths of the home folder.

What the text alone shows stops the job; what only the last session shows is a warning: the job runs from top to
bottom, and may come to another result than was seen.
"""

import ast
from collections.abc import Iterator

import msgspec

from nbops.capture.code.randomness import dotted_name
from nbops.checks import Finding as Check
from nbops.checks import check_notebook
from nbops.checks.paths import RELATIVE, find_uses
from nbops.scheduling.preflight.findings import Finding
from nbops.scheduling.preflight.subject import Subject

_FATAL = ("order", "hidden")
_HOME = frozenset(
    ["Path.home", "pathlib.Path.home", "os.path.expanduser", "expanduser", "Path.expanduser"]
)


def check_text(subject: Subject) -> Iterator[Finding]:
    """What would keep the notebook from giving the same result again, wherever it runs."""
    if not subject.is_python:
        return
    told = set[tuple[str, int | None]]()
    for check in check_notebook(subject.notebook, (), subject.around):
        told.add((check.kind, check.position))
        yield _of(subject, check, _level(subject, check))
    for check in check_notebook(subject.as_written, subject.ran, subject.around):
        # Among the cells as they will run it has another place.
        where = None if check.position is None else subject.places.index(check.position)
        if check.kind in _FATAL and (check.kind, where) not in told:
            yield _of(subject, msgspec.structs.replace(check, position=where), "warning")
    yield from _check_home(subject)


def _level(subject: Subject, check: Check) -> str:
    if check.kind == "path" and check.way_out == RELATIVE:
        return subject.level()
    return "error" if check.kind in (*_FATAL, "path") else "warning"


def _of(subject: Subject, check: Check, level: str) -> Finding:
    return subject.say(
        "error" if level == "error" else "warning",
        check.kind,
        check.position,
        check.message,
        check.way_out,
    )


def _check_home(subject: Subject) -> Iterator[Finding]:
    """Paths that begin with ~, or are made of the home folder: another account has another one."""
    hint = "Keep the file in the project, and write its path relative to the notebook's folder."
    told = set[int | None]()
    for cell, use in find_uses(subject.cells):
        if use.path.startswith("~"):
            told.add(cell.position)
            message = f"{use.shown} lies in the home folder, which is another one where a job runs."
            yield subject.say(subject.level(), "path", cell, message, hint)
    for cell in subject.cells:
        for node in ast.walk(cell.tree):
            if isinstance(node, ast.Call) and _is_home(node) and cell.position not in told:
                told.add(cell.position)
                message = f"`{ast.unparse(node)}` is another folder where a job runs."
                yield subject.say(subject.level(), "path", cell, message, hint)


def _is_home(node: ast.Call) -> bool:
    called = dotted_name(node.func)
    return called in _HOME or (called in ("os.getenv", "os.environ.get") and _names_home(node))


def _names_home(node: ast.Call) -> bool:
    return (
        bool(node.args) and isinstance(node.args[0], ast.Constant) and node.args[0].value == "HOME"
    )
