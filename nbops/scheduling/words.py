"""Plain words, such as "every weekday at 6:30", as times and watched files."""

import difflib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import product

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

_WORKDAYS = (1, 2, 3, 4, 5)
_UNDERSTOOD = (
    "Such as 'every day at 07:00', 'every weekday at 6:30', 'every 15 minutes', 'every monday and thursday at"
    " 18:00', 'on the 1st of every month at 5am', 'when data/*.csv changes', or cron's '30 6 * * 1-5'."
)
_WEEKDAY = (
    "(?:" + "|".join(f"{name[:3]}(?:{name[3:]}s?)?" for name in map(str.lower, WEEKDAY_NAMES)) + ")"
)
_MONTH = (
    "(?:" + "|".join(f"{name[:3]}(?:{name[3:]})?" for name in map(str.lower, MONTH_NAMES)) + ")"
)
_AND = r"(?: ?, ?and | ?, ?| and | & )"
_CLOCK = r"(?:\d{1,2}(?::\d\d)?(?: ?[ap]m)?|noon|midnight)"
_DAY = r"\d{1,2}(?:st|nd|rd|th)?"
_WATCHED = re.compile(
    r"(?:(.*?)(?:,? (?:or|and))? ?)?\bwhen(?:ever)? (.+?) changes?", re.IGNORECASE
)
_VOCABULARY = (
    *(
        "every",
        "day",
        "weekday",
        "weekend",
        "hour",
        "minute",
        "minutes",
        "hours",
        "month",
        "year",
        "at",
        "on",
    ),
    *(
        "noon",
        "midnight",
        "between",
        "when",
        "changes",
        "daily",
        "hourly",
        "weekly",
        "monthly",
        "yearly",
    ),
    *(name.lower() for name in (*WEEKDAY_NAMES, *MONTH_NAMES)),
)


@dataclass
class _Reading:
    """What was understood so far; None of what was not said."""

    minutes: tuple[int, ...] | None = None
    hours: tuple[int, ...] | None = None
    days: tuple[int, ...] | None = None
    months: tuple[int, ...] | None = None
    weekdays: tuple[int, ...] | None = None
    said: set[str] = field(default_factory=set)


def read_words(text: str) -> tuple[Times | None, tuple[str, ...]]:
    """Times, and patterns of watched files, that words mean.

    Raises
    ------
    UsageError
        They are not understood; the message shows what is.
    """
    watching = _WATCHED.fullmatch(text)
    when, watched = (watching[1] or "", _split(watching[2])) if watching else (text, ())
    if not when and watched:
        return None, watched
    rest = when.lower().strip(" ,")
    reading = _Reading()
    while rest:
        for pattern, take in _PHRASES:
            match = pattern.match(rest)
            if match and take.__name__ not in reading.said:
                reading.said.add(take.__name__)
                take(reading, match, text)
                rest = rest[match.end() :].lstrip(" ,").removeprefix("and ")
                break
        else:
            raise _not_understood(text, rest)
    if not reading.said:
        raise _not_understood(text, text)
    return _compose(reading, text), watched


def _steps(reading: _Reading, match: re.Match[str], text: str) -> None:
    """Read "every 15 minutes"."""
    count, unit = int(match[1] or 1), match[2]
    full = MINUTES if unit.startswith("min") else HOURS
    if not 0 < count <= len(full) or len(full) % count:
        fits = ", ".join(str(n) for n in range(1, len(full) + 1) if len(full) % n == 0)
        raise UsageError(
            f"{text!r}: {count} {unit} do not go evenly into {'an hour' if full is MINUTES else 'a day'}.",
            f"These do: {fits}.",
        )
    if full is MINUTES:
        reading.minutes = full[::count]
    else:
        reading.hours = full[::count]


def _minutes_past(reading: _Reading, match: re.Match[str], text: str) -> None:
    """Read "every hour at :15"."""
    reading.hours = HOURS
    if match[1]:
        reading.minutes = _numbers(match[1], MINUTES, "minute", text)


def _days_all(reading: _Reading, match: re.Match[str], text: str) -> None:  # noqa: ARG001
    """Read "every day"."""
    reading.days = DAYS


def _period(reading: _Reading, match: re.Match[str], text: str) -> None:  # noqa: ARG001
    """Read "monthly"."""
    if match[1] == "week":
        reading.weekdays = (0,)
    else:
        reading.days = (1,)
    if match[1] == "year":
        reading.months = (1,)


def _weekdays(reading: _Reading, match: re.Match[str], text: str) -> None:  # noqa: ARG001
    """Read "every monday and thursday"."""
    found: set[int] = set()
    for part in re.split(_AND, match[1]):
        if part.startswith("weekday"):
            found.update(_WORKDAYS)
        elif part.startswith("weekend"):
            found.update((0, 6))
        else:
            ends = [_index(word, WEEKDAY_NAMES) for word in re.split(" ?(?:to|through|-) ?", part)]
            span = (ends[-1] - ends[0]) % 7
            found.update((ends[0] + n) % 7 for n in range(span + 1))
    reading.weekdays = tuple(sorted(found))


def _days_of_month(reading: _Reading, match: re.Match[str], text: str) -> None:
    """Read "on the 1st of every month"."""
    reading.days = _numbers(match[1], DAYS, "day", text)
    if match[2]:
        reading.months = _months(match[2])


def _in_months(reading: _Reading, match: re.Match[str], text: str) -> None:  # noqa: ARG001
    """Read "in january and july"."""
    reading.months = _months(match[1])


def _at(reading: _Reading, match: re.Match[str], text: str) -> None:
    """Read "at 07:00"."""
    if reading.said & {"_steps", "_minutes_past", "_between"}:
        raise UsageError(
            f"{text!r} says how often, and a time.",
            "Such as 'every 2 hours between 7:00 and 19:00', or 'every day at 07:00'.",
        )
    clocks = {_clock(part, text) for part in re.split(_AND, match[1])}
    hours = tuple(sorted({hour for hour, _ in clocks}))
    minutes = tuple(sorted({minute for _, minute in clocks}))
    if clocks != set(product(hours, minutes)):
        raise UsageError(
            f"{text!r} has times whose minutes differ, which no cron says in one line.",
            "Make two schedules of it.",
        )
    reading.hours, reading.minutes = hours, minutes


def _between(reading: _Reading, match: re.Match[str], text: str) -> None:
    """Read "between 9:00 and 16:45"."""
    if "_at" in reading.said:
        raise UsageError(f"{text!r} says a time, and from when to when.", "Give one of them.")
    (first, start), (last, end) = _clock(match[1], text), _clock(match[2], text)
    minutes = reading.minutes or (0,)
    if first > last or start != minutes[0] or end != minutes[-1]:
        example = f"{min(first, last)}:{minutes[0]:02} and {max(first, last)}:{minutes[-1]:02}"
        raise UsageError(
            f"{text!r}: from the first to the last time, please.", f"Such as 'between {example}'."
        )
    reading.hours = tuple(hour for hour in reading.hours or HOURS if first <= hour <= last)
    if not reading.hours:
        raise UsageError(f"{text!r} never comes.", "No such hour lies in between.")


_PHRASES: tuple[tuple[re.Pattern[str], Callable[[_Reading, re.Match[str], str], None]], ...] = (
    (re.compile(r"every(?: (\d+))? (minutes?|mins?)\b"), _steps),
    (re.compile(r"every (\d+) (hours?)\b"), _steps),
    (
        re.compile(
            rf"(?:every hour|hourly)(?:,? at (?:minutes? |:)(\d\d?(?:{_AND}:?\d\d?)*)(?! ?[ap:]))?"
        ),
        _minutes_past,
    ),
    (re.compile(r"(?:every ?day|daily|each day)\b"), _days_all),
    (re.compile(r"(?:every )?(week|month|year)ly\b"), _period),
    (
        re.compile(
            rf"(?:every |each |on )*((?:weekdays?|weekends?|{_WEEKDAY}(?: ?(?:to|through|-) ?{_WEEKDAY})?)\b"
            rf"(?:{_AND}(?:weekdays?|weekends?|{_WEEKDAY}(?: ?(?:to|through|-) ?{_WEEKDAY})?)\b)*)"
        ),
        _weekdays,
    ),
    (
        re.compile(
            rf"(?:every month )?(?:on )?the ({_DAY}(?:{_AND}(?:the )?{_DAY})*)\b"
            rf"(?: of (?:(?:every|each|the) month|({_MONTH}\b(?:{_AND}{_MONTH}\b)*)))?"
        ),
        _days_of_month,
    ),
    (re.compile(rf"(?:in|of) ({_MONTH}\b(?:{_AND}{_MONTH}\b)*)"), _in_months),
    (re.compile(rf"at ({_CLOCK}(?:{_AND}(?:at )?{_CLOCK})*)(?![\w:])"), _at),
    (re.compile(rf"(?:between|from) ({_CLOCK}) (?:and|to) ({_CLOCK})(?![\w:])"), _between),
)


def _compose(reading: _Reading, text: str) -> Times:
    """Fill in what was not said: on the hour, at midnight, every day."""
    says_day = reading.days or reading.weekdays or reading.months
    minutes = reading.minutes if reading.minutes is not None else (0,)
    hours = reading.hours
    if hours is None:
        hours = (0,) if reading.minutes is None else HOURS
    if not says_day and not reading.said & {"_steps", "_minutes_past", "_at"}:
        raise _not_understood(text, text)
    days = reading.days or DAYS
    return Times(minutes, hours, days, reading.months or MONTHS, reading.weekdays or WEEKDAYS)


def _clock(text: str, whole: str) -> tuple[int, int]:
    text = text.removeprefix("at ")
    if text in ("noon", "midnight"):
        return (12, 0) if text == "noon" else (0, 0)
    half = text[-2:] if text[-1] == "m" else ""
    hour, minute = (int(part or 0) for part in text.removesuffix(half).strip().partition(":")[::2])
    if minute > 59 or hour > (12 if half else 23) or (half and not hour):
        raise UsageError(f"{whole!r}: there is no {text!r} on the clock.", "Such as 07:00 or 5pm.")
    return (hour % 12 + 12 * (half == "pm") if half else hour), minute


def _numbers(text: str, full: tuple[int, ...], name: str, whole: str) -> tuple[int, ...]:
    found = tuple(sorted({int(word) for word in re.findall(r"\d+", text)}))
    for number in found:
        if number not in full:
            raise UsageError(
                f"{whole!r}: there is no {name} {number}.", f"{full[0]} to {full[-1]}."
            )
    return found


def _months(text: str) -> tuple[int, ...]:
    return tuple(sorted({_index(word, MONTH_NAMES) + 1 for word in re.split(_AND, text)}))


def _index(word: str, names: tuple[str, ...]) -> int:
    return next(n for n, name in enumerate(names) if name.lower().startswith(word[:3]))


def _split(text: str) -> tuple[str, ...]:
    return tuple(part for part in re.split(r" ?, ?(?:or |and )?| or | and ", text) if part)


def _not_understood(text: str, rest: str) -> UsageError:
    for word in re.findall(r"[a-z]+", rest.lower()):
        if word not in _VOCABULARY:
            near = difflib.get_close_matches(word, _VOCABULARY, 1, 0.75)
            if near:
                return UsageError(
                    f"{text!r} is no schedule: did you mean {near[0]!r} by {word!r}?", _UNDERSTOOD
                )
    where = "" if rest == text else f": {rest!r} is not understood"
    return UsageError(f"{text!r} is no schedule{where}.", _UNDERSTOOD)
