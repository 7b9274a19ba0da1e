"""Values for a notebook's parameters, checked before any kernel starts.

`check_parameters` is the one check: Python, terminal, sweeps and pipelines call it.
"""

import difflib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from nbops.errors import NotFound, UsageError
from nbops.jobs.declarations import (
    COMPUTED,
    TAG,
    Declarations,
    Parameter,
    parse_parameters,
    read_declarations,
)
from nbops.jobs.injection import INJECTED, write_value
from nbops.jobs.kinds import Kind, Unfit, read_any
from nbops.jobs.scripts import is_script, read_script


@dataclass(frozen=True)
class Typed:
    """A value as it was typed in a terminal: its parameter's kind says what it means."""

    text: str


def read_notebook(path: Path) -> Any:
    """A notebook file, or a percent script, in nbformat 4's shape.

    Raises
    ------
    NotFound, UsageError
        There is no such file; or it is no notebook.
    """
    import warnings

    import nbformat

    if not path.is_file():
        raise NotFound(f"There is no notebook {str(path)!r}.")
    if is_script(path):
        return read_script(path)
    try:
        content = path.read_text("utf-8")
        _ = json.loads(content)["nbformat"]  # without it nbformat would take it for a version 1
        with warnings.catch_warnings(action="ignore"):
            notebook = nbformat.convert(nbformat.reader.reads(content), 4)
        for cell in notebook.cells:
            _ = cell.cell_type, cell.source, cell.metadata.keys()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from error
    except Exception as error:
        raise UsageError(
            f"{path} is no notebook.", "JupyterLab would not open it either."
        ) from error
    return notebook


def is_python(notebook: Any) -> bool:
    """Whether a notebook's cells are Python, as those without a language are."""
    metadata = notebook.metadata
    language = metadata.get("language_info", {}).get("name")
    return (language or metadata.get("kernelspec", {}).get("language") or "python") == "python"


def declarations_of(path: Path) -> Declarations:
    """What a notebook file declares; see `read_notebook` for what may be wrong with it."""
    return read_declarations(read_notebook(path).cells, path.name)


def check_parameters(declared: Declarations, given: Mapping[str, Any]) -> dict[str, Any]:
    """The values that a notebook will get.

    Parameters
    ----------
    given
        By name; what was typed in a terminal is `Typed`.

    Raises
    ------
    UsageError
        A name is unknown, a value of the wrong type or out of range, one that must be given is not.
    """
    values = check_given(declared, given)
    for parameter in find_lacking(declared, values):
        raise need_value(declared, parameter)
    return values


def need_value(declared: Declarations, parameter: Parameter) -> UsageError:
    """What is said of a parameter that must be given a value, and has none."""
    return UsageError(
        f"{declared.notebook} needs a value for {parameter.name!r}.",
        f"-p {parameter.name}=... gives one: {parameter.kind}.",
    )


def check_given(declared: Declarations, given: Mapping[str, Any]) -> dict[str, Any]:
    """The same of values that need not be all; see `check_parameters`."""
    if declared.problem:
        raise UsageError(
            f"The parameters cell of {declared.notebook} is no Python: {declared.problem}."
        )
    if given and declared.source is None:
        raise UsageError(
            f"{declared.notebook} has no cell tagged `{TAG}`.",
            f"`nbops params {declared.notebook}` proposes one.",
        )
    return {name: _check(declared, name, value) for name, value in given.items()}


def find_lacking(declared: Declarations, values: Mapping[str, Any]) -> Iterator[Parameter]:
    """Parameters that must be given a value, and have none."""
    for parameter in declared.parameters:
        if parameter.default_source is None and parameter.name not in values:
            yield parameter


def _check(declared: Declarations, name: str, value: Any) -> Any:
    if name not in declared.names:
        near = difflib.get_close_matches(name, declared.names, 1)
        hint = f"Did you mean {near[0]!r}?" if near else _list(declared.names)
        raise UsageError(f"{declared.notebook} has no parameter {name!r}.", hint)
    parameter = declared[name]
    kind = parameter.kind
    try:
        if isinstance(value, Typed):
            accepted = kind.read(value.text) if kind != Kind() else read_any(value.text)
        else:
            accepted = kind.accept(value)
        write_value(accepted).encode()
    except Unfit as unfit:
        hint = ""
        if kind.names == ("int",) and _is_whole_by_chance(parameter.default, value):
            hint = f"For other numbers, write it as a float in the notebook: {name} = {parameter.default}.0"
        reason = str(unfit).removesuffix("?") + ("?" if str(unfit).endswith("?") else ".")
        raise UsageError(f"{name} takes {kind}, {reason}", hint) from unfit
    except UnicodeEncodeError as error:
        raise UsageError(f"{name}: its value is no UTF-8.", "Give text.") from error
    return accepted


def _is_whole_by_chance(default: Any, value: Any) -> bool:
    given = read_any(value.text) if isinstance(value, Typed) else value
    return isinstance(given, float) and isinstance(default, int)


def _list(names: Iterable[str]) -> str:
    known = ", ".join(names)
    return f"It has {known}." if known else "Its parameters cell assigns none."


def read_parameters(notebook: Any) -> dict[str, Any]:
    """Values that the cells tagged `parameters` and `injected-parameters` assign, as far as text tells."""
    found: dict[str, Any] = {}
    for tag in (TAG, INJECTED):
        for cell in notebook.cells:
            if cell.cell_type == "code" and tag in cell.metadata.get("tags", ()):
                try:
                    parameters = parse_parameters(cell.source)
                except SyntaxError:
                    continue
                found |= {p.name: p.default for p in parameters if p.default_source is not None}
    return {name: value for name, value in found.items() if value is not COMPUTED}


def as_json(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters as JSON can hold them: what it has no type for becomes text."""
    return {name: _plain(value) for name, value in parameters.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return repr(value)
    return value
