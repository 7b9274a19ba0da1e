"""The user's values as a record can hold them."""

import operator
from typing import Any

from nbops.capture.secrets.fingerprints import stand_in_for_value
from nbops.capture.secrets.redaction import is_secret, redact
from nbops.errors import UsageError
from nbops.records import Number, Scalar, to_number

_MOST = 2**63 - 1
"""What databases call a big integer."""

_LONGEST = 6_000
"""MLflow keeps as many characters of a parameter."""


def as_number(name: str, value: Any) -> Number:
    """A metric's value: a Python number, a numpy scalar, a 0-d array or tensor.

    Raises
    ------
    UsageError
        It is none of these.
    """
    kind = type(value)
    if kind is float or (kind is int and -_MOST <= value <= _MOST):
        return to_number(value)
    item = getattr(value, "item", None)
    try:
        plain = item() if callable(item) else value
        if isinstance(plain, int | float):
            return to_number(float(plain))
    except (TypeError, ValueError, RuntimeError, OverflowError):  # an array of several; 10**400
        pass
    raise UsageError(
        f"The metric {name!r} is a {kind.__name__}, not a number.",
        f"Log one number a name, such as %track metric {name}=float(...).",
    )


def as_scalar(name: str, value: Any) -> Scalar:
    """A parameter's or tag's value; what JSON has no type for becomes its `repr`, cut at 6,000 characters."""
    if is_secret(name, value):
        return stand_in_for_value(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value) if -_MOST <= value <= _MOST else _digits(value)
    if isinstance(value, float):
        return to_number(float(value))
    item = getattr(value, "item", None)
    if callable(item) and getattr(value, "shape", None) == ():
        return as_scalar(name, item())
    try:
        text = value if isinstance(value, str) else repr(value)
    except Exception as error:  # noqa: BLE001 - the user's own __repr__
        text = f"<{type(value).__name__}: {error}>"
    return redact(text[:_LONGEST])


def _digits(value: int) -> str:
    try:
        return str(value)[:_LONGEST]
    except ValueError:  # Python refuses to write more than 4,300 digits
        return hex(value)[:_LONGEST]


def as_step(name: str, step: Any) -> int | None:
    """A metric's step: a whole number of 64 bits, such as 3, numpy's, or 3.0.

    Raises
    ------
    UsageError
        It is none.
    """
    if step is None or (type(step) is int and -_MOST <= step <= _MOST):
        return step
    plain: Any
    try:
        plain = operator.index(step)
    except TypeError:
        item = getattr(step, "item", None)
        plain = item() if callable(item) and getattr(step, "shape", None) == () else step
    if isinstance(plain, float) and plain.is_integer():
        plain = int(plain)
    if isinstance(plain, int) and -_MOST <= plain <= _MOST:
        return int(plain)
    raise UsageError(
        f"The step of the metric {name!r} is {step!r}, not a whole number.",
        "Count steps, such as batches; the time of each value is recorded anyway.",
    )


def numbers_in(value: Any) -> Number | dict[str, Number] | None:
    """A number, or a dict of numbers, that a marked cell ends with; None for anything else."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, dict):
        found = {str(key): numbers_in(inner) for key, inner in value.items()}
        numbers = {
            key: inner for key, inner in found.items() if isinstance(inner, int | float | str)
        }
        return numbers if numbers and len(numbers) == len(value) else None
    is_number = isinstance(value, int | float) or getattr(value, "shape", None) == ()
    if not is_number:
        return None
    try:
        return as_number("result", value)
    except UsageError:
        return None
