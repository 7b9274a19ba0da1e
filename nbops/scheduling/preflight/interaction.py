"""Kind `interactive`: cells that wait for a person, or show what only a person could move."""

import ast
import re
from collections.abc import Iterator
from typing import Literal

from nbops.capture.code.randomness import dotted_name
from nbops.checks import Cell
from nbops.scheduling.preflight.findings import Finding
from nbops.scheduling.preflight.subject import Subject

_WAITS = re.compile(
    r"(?:builtins\.)?(?:input|raw_input|breakpoint)|(?:getpass\.)?getpass|i?pdb\.(?:set_trace|pm|post_mortem)"
    r"|set_trace|(?:IPython\.)?embed|code\.interact|(?:tk|tkinter\.)?filedialog\.\w+|(?:plt|pyplot)\.(?:ginput|waitforbuttonpress)"
)
_WIDGETS = re.compile(
    r"(?:ipywidgets\.|widgets\.)?(?:interact|interactive|interact_manual|interactive_output)"
    r"|(?:ipywidgets|widgets)\.(?:[A-Z]\w+)"
)
_DEBUGGERS = re.compile(r"^\s*%{1,2}(?:debug|pdb)\b(?!\s+(?:off|0))", re.MULTILINE)
_WINDOWS = re.compile(
    r"^\s*%(?:matplotlib|gui)\s+(?:qt\d?|tk|gtk\d?(?:agg)?|wx|osx|macosx)\b", re.MULTILINE
)


def check_interaction(subject: Subject) -> Iterator[Finding]:
    """Questions, debuggers, windows; and widgets, which keep their first value in a job."""
    for cell in subject.cells:
        yield from _check_cell(subject, cell)


def _check_cell(subject: Subject, cell: Cell) -> Iterator[Finding]:
    if match := _DEBUGGERS.search(cell.source):
        yield _waits(subject, cell, match[0].strip(), "Take it out.")
    if match := _WINDOWS.search(cell.source):
        yield _waits(subject, cell, match[0].strip(), "Take it out, or write %matplotlib inline.")
    called = [dotted_name(node.func) for node in ast.walk(cell.tree) if isinstance(node, ast.Call)]
    if name := next((name for name in called if _WAITS.fullmatch(name)), None):
        hint = "Make what it asks for a parameter." if "t_trace" not in name else "Take it out."
        yield _waits(subject, cell, f"{name}()", hint)
    if name := next((name for name in called if _WIDGETS.fullmatch(name)), None):
        message = f"`{name}` makes a widget, which nobody moves in a job: it keeps its first value."
        yield subject.say("warning", "interactive", cell, message, "Make that value a parameter.")


def _waits(subject: Subject, cell: Cell, what: str, hint: str) -> Finding:
    level: Literal["error"] = "error"
    message = f"`{what}` waits for a person, and a job has none."
    return subject.say(level, "interactive", cell, message, hint)
