"""Five fields of a crontab, read as all crons read them; where these disagree, refused."""

import re
from dataclasses import replace
from typing import NamedTuple, NoReturn

from nbops.errors import UsageError
from nbops.scheduling.schedule import (
    DAYS,
    HOURS,
    MINUTES,
    MONTH_NAMES,
    MONTHS,
    WEEKDAY_NAMES,
    WEEKDAYS,
    Times,
)

_MACROS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}


class _Field(NamedTuple):
    name: str
    values: tuple[int, ...]
    names: tuple[str, ...] = ()  # of the values, in their order

    def number(self, text: str) -> int | None:
        """The value that is written so; 7 is a Sunday, too."""
        known = {
            name[:3].upper(): value for name, value in zip(self.names, self.values, strict=False)
        }
        value = known.get(text.upper(), int(text) if text.isascii() and text.isdigit() else None)
        is_one = value in self.values or (value == 7 and self.values is WEEKDAYS)
        return value if is_one else None


_FIELDS = (
    _Field("minute", MINUTES),
    _Field("hour", HOURS),
    _Field("day", DAYS),
    _Field("month", MONTHS, MONTH_NAMES),
    _Field("weekday", WEEKDAYS, WEEKDAY_NAMES),
)
_PART = re.compile(r"(?:(\*)|(\w+)(?:-(\w+))?)(?:/(\d+))?")


def is_crontab(text: str) -> bool:
    """Whether it was meant as a crontab, rather than as words."""
    first = text.partition(" ")[0]
    return text.startswith("@") or (
        bool(re.fullmatch(r"[\d*][\d*,/?-]*", first)) and len(text.split()) > 1
    )


def read_crontab(text: str) -> Times:
    """Read `30 6 * * MON-FRI`, or `@daily`.

    Raises
    ------
    UsageError
        It is none, or not all crons would run it at the same times.
    """
    if text.startswith("@"):
        if text.lower() not in _MACROS:
            hint = f"There are {', '.join(_MACROS)}."
            raise UsageError(f"{text!r} is no schedule.", hint)
        text = _MACROS[text.lower()]
    words = text.split()
    if len(words) != len(_FIELDS):
        raise UsageError(
            f"{text!r} has {len(words)} fields.",
            "There are five: minute hour day month weekday, as in '30 6 * * MON-FRI'.",
        )
    times = Times(*(_read_field(field, word) for field, word in zip(_FIELDS, words, strict=True)))
    days, weekdays = words[2], words[4]
    if times.means_either_day and "*" in days + weekdays:
        star = days if "*" in days else weekdays
        first, last = ("1", "31") if "*" in days else ("0", "6")
        raise UsageError(
            f"Crons do not agree on {star!r} where day and weekday are both given.",
            f"Write {star.replace('*', f'{first}-{last}')!r} to run on days that fit either.",
        )
    if "*" not in days + weekdays and not times.means_either_day:
        return replace(times, days=DAYS, weekdays=WEEKDAYS)  # either is enough, and one always fits
    return times


def _read_field(field: _Field, text: str) -> tuple[int, ...]:
    found: set[int] = set()
    for part in text.split(","):
        found.update(_read_part(field, part))
    return tuple(sorted(found))


def _read_part(field: _Field, text: str) -> list[int]:
    match = _PART.fullmatch(text)
    if match is None:
        _refuse(field, text)
    star, first, last, step = match.groups()
    every = int(step or 1)
    if every == 0:
        _refuse(field, text)
    if star:
        return list(field.values[::every])
    low = field.number(first)
    high = field.number(last) if last else field.values[-1] if step else low
    if low is None or high is None:
        _refuse(field, text)
    if last and high == 0 and field.values is WEEKDAYS:
        high = 7  # SAT-SUN
    if low > high:
        _refuse(field, text)
    return [
        value % 7 if field.values is WEEKDAYS else value for value in range(low, high + 1, every)
    ]


def _refuse(field: _Field, text: str) -> NoReturn:
    named = f", or {field.names[1][:3].upper()} and the like" if field.names else ""
    raise UsageError(
        f"{text!r} is no {field.name}.",
        f"It is *, {field.values[0]} to {field.values[-1]}{named}, a range (1-5) or a step (*/2).",
    )
