"""Parameters of a notebook: what its tagged cells assign."""

import ast
import json
from typing import Any

from nbops.errors import UsageError

_WORDS = {"true": True, "false": False, "null": None}
_INSTEAD = 'Give a list: "{name}=[1, 2]"; or text: "{name}=\'1,2\'".'


def read_parameters(notebook: Any) -> dict[str, Any]:
    """Values that the cells tagged `parameters` and `injected-parameters` assign literally."""
    found: dict[str, Any] = {}
    for tag in ("parameters", "injected-parameters"):
        for cell in notebook.cells:
            if cell.cell_type == "code" and tag in cell.metadata.get("tags", ()):
                found |= _literals(cell.source)
    return found


def as_json(parameters: dict[str, Any]) -> dict[str, Any]:
    """Parameters as JSON can hold them: what it has no type for becomes its `repr`."""
    return {name: _json_or_repr(value) for name, value in parameters.items()}


def parse_parameter(name: str, text: str) -> Any:
    """A value given on the command line: a Python literal, JSON's true, false or null, else text.

    >>> [parse_parameter("x", text) for text in ("8", "0.1", "True", "[1, 2]", "rf", "null", "'null'")]
    [8, 0.1, True, [1, 2], 'rf', None, 'null']

    Raises
    ------
    UsageError
        No notebook can be given such a parameter.
    """
    try:
        compile(f"{name} = 0", "-p", "exec")
    except SyntaxError:
        raise UsageError(
            f"-p {name}: Python has that word for itself.",
            "Call the parameter something else in the notebook, too.",
        ) from None
    if text in _WORDS:
        return _WORDS[text]
    try:
        text.encode()
        value = ast.literal_eval(text)
    except UnicodeEncodeError:
        raise UsageError(f"-p {name}: its value is no UTF-8.", "Give text.") from None
    except (SyntaxError, ValueError):
        return text
    except (TypeError, MemoryError, RecursionError) as error:
        reason = str(error) or "it is nested too deeply"
        raise UsageError(
            f"-p {name}: {text[:80]!r} is no value: {reason}.",
            f"Text that looks like one goes into quotes of its own: -p \"{name}='...'\"",
        ) from error
    _check(name, value)
    return value


def _check(name: str, value: Any) -> None:
    """Refuse what papermill would write into the notebook as text."""
    if isinstance(value, list):
        for item in value:
            _check(name, item)
    elif isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            raise UsageError(
                f"-p {name}: a dict's keys must be text.", f"Such as \"{name}={{'a': 1}}\"."
            )
        for item in value.values():
            _check(name, item)
    elif not (value is None or isinstance(value, str | bool | int | float)):
        raise UsageError(
            f"-p {name}: a {type(value).__name__} cannot be given to a notebook.",
            _INSTEAD.format(name=name),
        )


def _json_or_repr(value: Any) -> Any:
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return repr(value)
    return value


def _literals(source: str) -> dict[str, Any]:
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return {}
    found = {}
    for statement in tree.body:
        targets = (
            statement.targets
            if isinstance(statement, ast.Assign)
            else [getattr(statement, "target", None)]
        )
        value = getattr(statement, "value", None)
        for target in targets:
            if isinstance(target, ast.Name) and value is not None:
                try:
                    found[target.id] = ast.literal_eval(value)
                except (ValueError, TypeError, MemoryError, RecursionError):
                    continue
    return found
