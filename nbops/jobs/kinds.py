"""Kinds of values that a parameter takes, and what becomes such a value."""

import ast
import difflib
import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any


class Unfit(ValueError):
    """A value is not of a kind; its text completes `depth takes int from 1 to 9, `."""


@dataclass(frozen=True)
class Kind:
    """What a parameter takes.

    Parameters
    ----------
    names
        Of `KINDS`, one or, for a union, several; empty for anything.
    choices
        The only values there are, of a `Literal`.
    items
        Kind of a container's items, a dict's values; None for anything.
    minimum, maximum
        Smallest and largest number, inclusive unless `is_open_below` or `is_open_above`.
    unchecked
        Limits that are stated, and that only running the cell would tell.
    """

    names: tuple[str, ...] = ()
    choices: tuple[Any, ...] = ()
    items: "Kind | None" = None
    minimum: float | None = None
    maximum: float | None = None
    is_open_below: bool = False
    is_open_above: bool = False
    unchecked: tuple[str, ...] = ()

    def __str__(self) -> str:
        text = " or ".join(self.names) or "anything"
        if self.items is not None and len(self.names) == 1:
            text += f" of {self.items}"
        if self.choices:
            text = " or ".join([*map(repr, self.choices), *(["None"] if self.is_optional else [])])
        if self.minimum is not None:
            text += f" {'above' if self.is_open_below else 'from'} {self.minimum:g}"
        if self.maximum is not None:
            text += f" {'below' if self.is_open_above else 'to'} {self.maximum:g}"
        if self.unchecked:
            text += f" (not checked: {', '.join(self.unchecked)})"
        return text

    @property
    def is_optional(self) -> bool:
        return "None" in self.names

    def accept(self, value: Any) -> Any:
        """The value as the notebook gets it: an int for a float is made one, a text for a Path, too.

        Raises
        ------
        Unfit
        """
        if getattr(value, "shape", None) == () and hasattr(value, "item"):
            value = value.item()  # a scalar of numpy
        if self.choices:
            return self._choose(value, lambda choice: _is_same(choice, value))
        reason: Unfit | None = None
        for name in self.names:
            try:
                return self._bound(self._with_items(_CHECKS[name](value)))
            except Unfit as unfit:
                reason = reason or unfit
        if reason is not None:
            raise reason
        return self._bound(value)

    def read(self, text: str) -> Any:
        """The value that was typed in a terminal.

        Raises
        ------
        Unfit
        """
        if self.choices:
            if self.is_optional and text in _NOTHING:
                return None
            return self._choose(text, lambda choice: str(choice) == text)
        if not self.names:
            return self._bound(read_any(text))
        reason: Unfit | None = None
        for name in sorted(self.names, key=_READ_LAST.__contains__):
            try:
                return self._bound(self._with_items(_READERS[name](text)))
            except Unfit as unfit:
                reason = reason or unfit
        raise reason or Unfit(f"not {text!r}")

    def _choose(self, value: Any, fits: Callable[[Any], bool]) -> Any:
        if value is None and self.is_optional:
            return None
        for choice in self.choices:
            if fits(choice):
                return choice
        near = difflib.get_close_matches(str(value), map(str, self.choices), 1)
        raise Unfit(f"not {value!r}" + (f": did you mean {near[0]!r}?" if near else ""))

    def _with_items(self, value: Any) -> Any:
        if self.items is None or not isinstance(value, list | tuple | set | dict):
            return value
        if isinstance(value, dict):
            return {key: self.items.accept(item) for key, item in value.items()}
        return type(value)(self.items.accept(item) for item in value)

    def _bound(self, value: Any) -> Any:
        if isinstance(value, int | float) and not isinstance(value, bool):
            low, high = self.minimum, self.maximum
            is_low = low is not None and not (value > low if self.is_open_below else value >= low)
            is_high = high is not None and not (
                value < high if self.is_open_above else value <= high
            )
            if is_low or is_high:  # NaN lies in no range
                raise Unfit(f"not {value!r}")
        return value


def kind_of(value: Any) -> Kind:
    """Kind of a parameter that is declared by its value alone."""
    name = "None" if value is None else type(value).__name__
    if isinstance(value, Path):
        name = "Path"
    return Kind((name,)) if name in _CHECKS and value is not None else Kind()


def read_any(text: str) -> Any:
    """A value of no declared kind: a Python literal, JSON's true, false or null, else text.

    >>> [read_any(text) for text in ("8", "0.1", "True", "[1, 2]", "rf", "null", "'null'")]
    [8, 0.1, True, [1, 2], 'rf', None, 'null']
    """
    if text in _WORDS:
        return _WORDS[text]
    try:
        return ast.literal_eval(text)
    except (SyntaxError, ValueError):
        return text
    except (TypeError, MemoryError, RecursionError) as error:
        raise Unfit(f"not {text[:80]!r}: {error or 'nested too deeply'}") from error


def _is_same(choice: Any, value: Any) -> bool:
    return type(choice) is type(value) and bool(choice == value)


def _instance(name: str, *types: type) -> Callable[[Any], Any]:
    def check(value: Any) -> Any:
        if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
            raise Unfit(f"not the {_name_of(value)} {_short(value)}")
        return value

    check.__name__ = name
    return check


def _name_of(value: Any) -> str:
    return "text" if isinstance(value, str) else type(value).__name__


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:59]}…"


def _as_float(value: Any) -> float:
    number = _instance("float", int, float)(value)
    try:
        return float(number)
    except OverflowError:
        raise Unfit(f"not {_short(value)}: too large") from None


def _from_text(kind: type, make: Callable[[str], Any], example: str = "") -> Callable[[Any], Any]:
    """Accept a kind that JSON and YAML can only write as text."""

    def check(value: Any) -> Any:
        if isinstance(value, kind) and not (kind is date and isinstance(value, datetime)):
            return value
        if isinstance(value, str):
            try:
                return make(value)
            except ValueError:
                pass
        raise Unfit(f"not {_short(value)}{example}")

    return check


def _sequence(kind: type) -> Callable[[Any], Any]:
    """Accept a container that JSON and YAML can only write as a list."""

    def check(value: Any) -> Any:
        if not isinstance(value, kind | list):
            raise Unfit(f"not the {_name_of(value)} {_short(value)}")
        try:
            return kind(value)
        except TypeError as error:
            raise Unfit(f"not {_short(value)}: {error}") from None

    return check


def _nothing(value: Any) -> None:
    if value is not None:
        raise Unfit(f"not {_short(value)}")


_CHECKS: dict[str, Callable[[Any], Any]] = {
    "int": _instance("int", int),
    "float": _as_float,
    "str": _instance("str", str),
    "bool": _instance("bool", bool),
    "list": _instance("list", list),
    "dict": _instance("dict", dict),
    "tuple": _sequence(tuple),
    "set": _sequence(set),
    "Path": _from_text(Path, Path),
    "date": _from_text(date, date.fromisoformat, ": such as 2026-01-31"),
    "datetime": _from_text(datetime, datetime.fromisoformat, ": such as 2026-01-31T06:30"),
    "None": _nothing,
}
KINDS = tuple(_CHECKS)


def _number(make: Callable[[str], Any]) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        try:
            return make(text)
        except ValueError:
            raise Unfit(f"not {_short(text)}") from None

    return read


def _truth(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise Unfit(f"not {_short(text)}: true or false")
    return text.lower() == "true"


def _container(name: str) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            value = read_any(text)
        if value == text:
            raise Unfit(f"not {_short(text)}: write it as Python or JSON does")
        return _CHECKS[name](value)

    return read


def _nothing_typed(text: str) -> None:
    if text not in _NOTHING:
        raise Unfit(f"not {_short(text)}")


_READERS: dict[str, Callable[[str], Any]] = {
    "int": _number(int),
    "float": _number(float),
    "str": str,
    "bool": _truth,
    "list": _container("list"),
    "dict": _container("dict"),
    "tuple": _container("tuple"),
    "set": _container("set"),
    "Path": _CHECKS["Path"],
    "date": _CHECKS["date"],
    "datetime": _CHECKS["datetime"],
    "None": _nothing_typed,
}
_WORDS = {"true": True, "false": False, "null": None}
_NOTHING = ("None", "null")
_READ_LAST = ("float", "Path", "str")
"""What takes texts that others take, too: `1` is an int for `float | int`, `None` nothing for `str | None`."""


def is_plain(value: Any) -> bool:
    """Whether JSON has this value, NaN and infinities left aside."""
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, list):
        return all(map(is_plain, value))
    if isinstance(value, dict):
        return all(isinstance(key, str) and is_plain(item) for key, item in value.items())
    return value is None or isinstance(value, str | int)
