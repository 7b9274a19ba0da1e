"""What a sweep tries: `lr=0.1,0.01`, `depth=2..10`, `rate=1e-4..1:log`, `rate=0..1 if model=boosted`."""

import itertools
import math
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from nbops.errors import UsageError
from nbops.jobs.declarations import COMPUTED, Declarations
from nbops.jobs.injection import write_value
from nbops.jobs.kinds import Kind, read_any
from nbops.jobs.parameters import Typed, check_parameters
from nbops.jobs.recorded import as_recorded, key_of
from nbops.records import Scalar

Point = dict[str, Any]


@dataclass(frozen=True)
class Dimension:
    """One parameter and what it may be.

    Parameters
    ----------
    values
        All of them; empty for a range.
    condition
        Another parameter and its value, without which this one is left as it is.
    """

    name: str
    values: tuple[Any, ...] = ()
    low: float = 0
    high: float = 0
    step: float | None = None
    is_whole: bool = False
    is_log: bool = False
    condition: tuple[str, Any] | None = None

    def list_values(self) -> tuple[Any, ...]:
        """Every value, for a grid.

        Raises
        ------
        UsageError
            There is no end of them.
        """
        if self.values:
            return self.values
        if self.is_whole and not self.is_log:
            return tuple(range(int(self.low), int(self.high) + 1, int(self.step or 1)))
        if self.step is None:
            raise UsageError(
                f"{self.name} takes any number from {self.low:g} to {self.high:g}: no grid has them all.",
                f"Give a step ({self.name}={self.low:g}..{self.high:g}:0.1), or --random N.",
            )
        low, high, step = (Decimal(str(each)) for each in (self.low, self.high, self.step))
        return tuple(float(low + number * step) for number in range(int((high - low) / step) + 1))

    def find(self, recorded: Scalar) -> list[Any]:
        """The value that a record has in this form; nothing when it is none of these."""
        if self.values:
            key = key_of({self.name: recorded})
            return [v for v in self.values if key_of(as_recorded({self.name: v})) == key]
        if isinstance(recorded, bool) or not isinstance(recorded, int if self.is_whole else float):
            return []
        steps = (recorded - self.low) / self.step if self.step else 0
        is_on_step = math.isclose(steps, round(steps), abs_tol=1e-9)
        return [recorded] if is_on_step and self.low <= recorded <= self.high else []

    def draw(self, generator: random.Random) -> Any:
        """One value at random."""
        if self.values or self.step is not None:
            return generator.choice(self.list_values())
        if self.is_log:
            value = math.exp(generator.uniform(math.log(self.low), math.log(self.high)))
            return min(max(round(value), int(self.low)), int(self.high)) if self.is_whole else value
        if self.is_whole:
            return generator.randint(int(self.low), int(self.high))
        return generator.uniform(self.low, self.high)


def parse_dimensions(declared: Declarations, pairs: Sequence[str]) -> list[Dimension]:
    """What was typed, checked as any value for these parameters is.

    Raises
    ------
    UsageError
    """
    return _checked([_parse(declared, pair) for pair in pairs])


def read_dimensions(declared: Declarations, space: Mapping[str, Any]) -> list[Dimension]:
    """What was given in Python, checked likewise: lists of values, ranges of whole numbers, or text as it is typed.

    Raises
    ------
    UsageError
    """
    return _checked([_read(declared, name, values) for name, values in space.items()])


def _checked(dimensions: list[Dimension]) -> list[Dimension]:
    known: set[str] = set()
    for dimension in dimensions:
        if dimension.name in known:
            raise UsageError(f"-p {dimension.name} is given twice.")
        if dimension.condition and dimension.condition[0] not in known:
            raise UsageError(
                f"{dimension.name} depends on {dimension.condition[0]}, which is not swept before it.",
                f"Give -p {dimension.condition[0]}=... first.",
            )
        known.add(dimension.name)
    return dimensions


def grid(dimensions: Sequence[Dimension]) -> list[Point]:
    """Every point; those that differ only in a parameter without effect count once."""
    points: dict[tuple[int | None, ...], Point] = {}  # by numbers: values may be lists
    for numbered in itertools.product(*(enumerate(each.list_values()) for each in dimensions)):
        point = _apply(dimensions, [value for _, value in numbered])
        numbers = (
            number if dimension.name in point else None
            for dimension, (number, _) in zip(dimensions, numbered, strict=True)
        )
        points.setdefault(tuple(numbers), point)
    return list(points.values())


def draw_points(dimensions: Sequence[Dimension], seed: int) -> Iterator[Point]:
    """Points at random; the same seed gives the same ones."""
    generator = random.Random(seed)  # noqa: S311 - no secret
    while True:
        yield _apply(dimensions, [dimension.draw(generator) for dimension in dimensions])


def holds(dimension: Dimension, point: Mapping[str, Any]) -> bool:
    """Whether a parameter has any effect at a point."""
    condition = dimension.condition
    return condition is None or (condition[0] in point and point[condition[0]] == condition[1])


def point_of(dimensions: Sequence[Dimension], params: Mapping[str, Scalar]) -> Point | None:
    """Where a run was that has these params recorded; None when it is no point of this space."""
    point: Point = {}
    for dimension in dimensions:
        if holds(dimension, point):
            found = dimension.find(params.get(dimension.name))
            if not found:
                return None
            point[dimension.name] = found[0]
    return point


def _apply(dimensions: Sequence[Dimension], values: Sequence[Any]) -> Point:
    point: Point = {}
    for dimension, value in zip(dimensions, values, strict=True):
        if holds(dimension, point):
            point[dimension.name] = value
    return point


_NUMBER = r"[-+]?[\d_.]+(?:[eE][-+]?\d+)?"
_RANGE = re.compile(rf"({_NUMBER}?)\.\.({_NUMBER})(?::(log|{_NUMBER}))?")


def _parse(declared: Declarations, pair: str) -> Dimension:
    name, sign, text = pair.partition("=")
    if not sign or not name.isidentifier():
        raise UsageError(
            f"-p takes name=values, not {pair!r}.", "Such as depth=2..10 or lr=0.1,0.01."
        )
    text, _, condition = text.partition(" if ")
    kind = declared[name].kind if name in declared.names else Kind()
    found = _RANGE.fullmatch(text.strip())
    if found and "str" not in kind.names and not kind.choices:
        dimension = _range(declared, name, found)
    else:
        typed: list[Any] = _split(text)
        if text == "*" and kind.choices:
            typed = [*kind.choices, *([None] if kind.is_optional else [])]
        if text == "*" and kind.names == ("bool",):
            typed = [False, True]
        values = [
            check_parameters(_only(declared, name), {name: v if text == "*" else Typed(str(v))})[
                name
            ]
            for v in typed
        ]
        dimension = Dimension(name, _once(values))
    if not condition:
        return dimension
    other, sign, wanted = condition.strip().partition("=")
    if not sign:
        raise UsageError(f"{condition!r} is no condition.", "Such as: rate=0..1 if model=boosted")
    value = check_parameters(_only(declared, other), {other: Typed(wanted)})[other]
    from dataclasses import replace

    return replace(dimension, condition=(other, value))


def _read(declared: Declarations, name: str, values: Any) -> Dimension:
    if isinstance(values, str):
        return _parse(declared, f"{name}={values}")
    if not isinstance(values, list | tuple | range):
        raise UsageError(
            f"{name}: {values!r} is nothing to try.",
            "Give a list, a range, or text such as '0..1:0.1'.",
        )
    if not values:
        raise UsageError(f"{name}: there is nothing to try.")
    only = _only(declared, name)
    checked = [check_parameters(only, {name: value})[name] for value in values]
    if isinstance(values, range) and len(values) > 1 and values.step > 0:
        return Dimension(name, (), values[0], values[-1], values.step, is_whole=True)
    return Dimension(name, _once(checked))


def _once(values: Sequence[Any]) -> tuple[Any, ...]:
    return tuple({write_value(value): value for value in values}.values())  # 1 is not True


def _range(declared: Declarations, name: str, found: re.Match[str]) -> Dimension:
    low, high, how = found.groups()
    ends = [
        check_parameters(_only(declared, name), {name: Typed(text)})[name] for text in (low, high)
    ]
    if any(isinstance(end, bool) or not isinstance(end, int | float) for end in ends):
        raise UsageError(f"{name}: {found[0]!r} is no range of numbers.")
    is_whole = all(isinstance(end, int) for end in ends)
    is_log = how == "log"
    step = None if how is None or is_log else float(read_any(how))
    if ends[0] > ends[1] or (is_log and ends[0] <= 0) or (step is not None and step <= 0):
        raise UsageError(f"{name}: the range {found[0]!r} is empty.", "Give low..high.")
    if is_whole and step is not None and not step.is_integer():
        raise UsageError(f"{name}: of the range {found[0]!r} not all are whole numbers.")
    return Dimension(name, (), ends[0], ends[1], step, is_whole, is_log)


def _only(declared: Declarations, name: str) -> Declarations:
    """The declarations as they are for one parameter: what others need is asked when a point is run."""
    from dataclasses import replace

    kept = tuple(p if p.name == name or p.default_source else replace(p, default_source="", default=COMPUTED)
                 for p in declared.parameters)  # fmt: skip
    return replace(declared, parameters=kept)


def _split(text: str) -> list[str]:
    """Values between commas that stand in no brackets or quotes.

    >>> _split("a,[1, 2],'x,y'")
    ['a', '[1, 2]', "'x,y'"]
    """
    parts, depth, quote = [""], 0, ""
    for char in text:
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        elif char in "([{":
            depth += 1
        elif char in ")]}":
            depth -= 1
        elif char == "," and not depth:
            parts.append("")
            continue
        parts[-1] += char
    return [part.strip() for part in parts]
