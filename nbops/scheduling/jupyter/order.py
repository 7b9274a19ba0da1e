"""What a job of jupyter-scheduler asks of nbops, in the only places that it has for that: tags and texts.

"tags": ["nbops"], a parameter nbops, or "runtime_environment_parameters": {"nbops": true, "nbops_timeout_s": 600}
"""

import ast
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from nbops.errors import UsageError
from nbops.jobs.declarations import COMPUTED, Declarations, read_value
from nbops.jobs.kinds import Unfit
from nbops.jobs.parameters import Typed, check_parameters

ASKS = "nbops"
_PREFIX = "nbops_"
_LEAST = {"timeout_s": 1, "retries": 0, "max_parallel": 1}
_NO = ("", "0", "false", "no", "off", "none")


@dataclass(frozen=True)
class Order:
    """How a job is to be run.

    Parameters
    ----------
    notebook
        Path below the server's root of the notebook to run, as it is then; None for the copy that
        jupyter-scheduler made when the job was created.
    lock
        Path below the server's root of the requirements that there must be.
    import_path
        Folders below the server's root that modules are imported from, with `:` between them.
    max_parallel
        How many of the jobs that run the same notebook may be under way at once.
    """

    notebook: str | None = None
    lock: str | None = None
    import_path: str | None = None
    timeout_s: float | None = None
    retries: int = 0
    max_parallel: int | None = None


def is_asked(
    tags: Sequence[str] | None,
    parameters: Mapping[str, str] | None,
    wishes: Mapping[str, Any] | None,
) -> bool:
    """Whether a job is nbops' to run: all others are the default manager's."""
    told = [(parameters or {}).get(ASKS), (wishes or {}).get(ASKS)]
    return ASKS in (tags or ()) or any(
        value is not None and str(value).strip("'\" ").lower() not in _NO for value in told
    )


def read_order(wishes: Mapping[str, Any] | None) -> Order:
    """What a job asks for among its runtime environment parameters.

    Raises
    ------
    UsageError
        There is no such wish, or its value is none.
    """
    known = {field.name: field for field in fields(Order)}
    values: dict[str, Any] = {}
    for key, value in (wishes or {}).items():
        name = key.removeprefix(_PREFIX)
        if not key.startswith(_PREFIX) or value in (None, ""):
            continue
        if name not in known:
            names = ", ".join(f"{_PREFIX}{each}" for each in known)
            raise UsageError(f"nbops knows no {key!r}.", f"It knows {names}.")
        values[name] = _read_wish(key, name, value)
    return Order(**values)


def _read_wish(key: str, name: str, value: Any) -> Any:
    if name not in _LEAST:
        return str(value)
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not number >= _LEAST[name] or (name != "timeout_s" and number != int(number)):
        raise UsageError(f"{key} takes a number from {_LEAST[name]}, not {value!r}.")
    return number if name == "timeout_s" else int(number)


def read_values(declared: Declarations, texts: Mapping[str, str] | None) -> dict[str, Any]:
    """Values of parameters that jupyter-scheduler keeps as texts.

    Its own manager pastes them as Python, so that a text needs quotes; without quotes, where that is no Python or
    no fitting value, it is read as typed in a terminal: never is it run.

    Raises
    ------
    UsageError
        A parameter is unknown, or a value does not fit.
    """
    values = {
        name: _read_value(declared, name, text)
        for name, text in (texts or {}).items()
        if name != ASKS
    }
    return check_parameters(declared, values)


def _read_value(declared: Declarations, name: str, text: str) -> Any:
    value = _read_literal(text)
    if value is COMPUTED or name not in declared.names:
        return Typed(text)
    kind = declared[name].kind
    for read, given in ((kind.accept, value), (kind.read, text)):
        try:
            return read(given)
        except Unfit:
            pass
    return value  # the check says what is wrong with it


def _read_literal(text: str) -> Any:
    try:
        return read_value(ast.parse(text.strip(), mode="eval").body)
    except (SyntaxError, ValueError):
        return COMPUTED
