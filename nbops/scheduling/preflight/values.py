"""Kinds `parameter`, `secret` and `variable`: values that are missing, must not travel, or must be set there."""

import ast
import contextlib
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from nbops.capture.code.randomness import dotted_name
from nbops.capture.secrets.redaction import is_secret
from nbops.jobs.parameters import find_lacking
from nbops.scheduling.preflight.findings import Finding, say_job
from nbops.scheduling.preflight.subject import Subject

if TYPE_CHECKING:
    from nbops.scheduling.job import Job


def check_values(subject: Subject) -> Iterator[Finding]:
    """Parameters that need a value and are given none."""
    declared = subject.step.declared
    for parameter in find_lacking(declared, subject.step.params):
        message = f"{declared.notebook} needs a value for {parameter.name!r}."
        hint = (
            f"Give one, -p {parameter.name}=... ({parameter.kind}), or a default in the notebook."
        )
        yield subject.say("error", "parameter", None, message, hint)


def check_secrets(subject: Subject) -> Iterator[Finding]:
    """Kind `secret`: what looks like a password, a token or a key, in a cell or among the values."""
    for cell, source in zip(subject.cells, subject.sources, strict=True):
        is_given = subject.places[cell.position or 0] is None
        if cell.source != source and not is_given:
            message = "It holds what looks like a secret, and would travel with the job."
            hint = (
                'Read it where it runs: os.environ["NAME"], which the target sets from its secrets.'
            )
            yield subject.say("error", "secret", cell, message, hint)
    for name, value in subject.step.params.items():
        if is_secret(name, value) and value != "":
            message = f"The value of {name!r} would be written into files that travel."
            hint = f'Leave it out, and read os.environ["{name.upper()}"] in the notebook.'
            yield subject.say("error", "secret", None, message, hint)


def check_variables(subject: Subject) -> Iterator[Finding]:
    """Kind `variable`: what cells read from the environment, and this machine's shell sets."""
    if not subject.is_remote and subject.where not in _BARE:
        return
    told = {*_EVERYWHERE, *subject.job.secrets, *_variables_set(subject)}
    for cell in subject.cells:
        for name in sorted(_variables_needed(cell.tree) - told):
            told.add(name)
            message = f"It reads ${name}: {subject.where} must set it."
            yield subject.say("warning", "variable", cell, message, _way_out(subject, name))


def check_variables_of_modules(subjects: Collection[Subject]) -> Iterator[Finding]:
    """Kind `variable`: what modules of the project read that travel; they are the same for all notebooks."""
    for subject in [*subjects][:1]:
        if not subject.is_remote and subject.where not in _BARE:
            return
        told = {*_EVERYWHERE, *subject.job.secrets}
        for one in subjects:
            told.update(_variables_set(one), *(_variables_needed(cell.tree) for cell in one.cells))
        for path, tree in _modules(subject.job):
            for name in sorted(_variables_needed(tree) - told):
                told.add(name)
                message = f"{path} reads ${name}: {subject.where} must set it."
                yield say_job("warning", "variable", message, _way_out(subject, name))


def _way_out(subject: Subject, name: str) -> str:
    if subject.is_remote:
        return f"`nbops export --secret {name}` has the system's own secrets set it."
    return "Name it in a file of NAME=VALUE lines: `nbops schedule --credentials FILE`."


def _modules(job: "Job") -> Iterator[tuple[str, ast.Module]]:
    """Modules of the project that travel, by path."""
    notebooks = [job.place_of(step.notebook) for step in job.steps]
    for path, content in job.bundle.files.items():
        if path.endswith(".py") and path not in notebooks:
            with contextlib.suppress(SyntaxError, ValueError):
                yield path, ast.parse(content)


def _variables_set(subject: Subject) -> Iterator[str]:
    """Variables that the notebook sets itself."""
    for cell in subject.cells:
        for node in ast.walk(cell.tree):
            if (
                isinstance(node, ast.Subscript)
                and isinstance(node.ctx, ast.Store)
                and dotted_name(node.value) in _ENVIRON
                and isinstance(node.slice, ast.Constant)
            ):
                yield str(node.slice.value)


def _variables_needed(tree: ast.Module) -> set[str]:
    """Variables that code cannot do without: those with a default it can."""
    found = set[str]()
    for node in ast.walk(tree):
        key: ast.expr | None = None
        if isinstance(node, ast.Subscript) and dotted_name(node.value) in _ENVIRON:
            key = node.slice if isinstance(node.ctx, ast.Load) else None
        elif isinstance(node, ast.Call) and dotted_name(node.func) in _GETTERS:
            key = node.args[0] if len(node.args) == 1 and not node.keywords else None
        if isinstance(key, ast.Constant) and isinstance(key.value, str):
            found.add(key.value)
    return found


_ENVIRON = ("os.environ", "environ")
_GETTERS = ("os.getenv", "getenv", "os.environ.get", "environ.get")
_EVERYWHERE = ("HOME", "LANG", "PATH", "TMPDIR", "TZ", "USER")
_BARE = ("cron", "systemd")
"""What starts a job on this machine, and without the shell's variables."""
