"""A schedule in plain words, as a person says it."""

from collections.abc import Iterable
from itertools import product

from nbops.scheduling.dialects.fields import find_ranges, write_fields
from nbops.scheduling.schedule import (
    DAYS,
    HOURS,
    MINUTES,
    MONTH_NAMES,
    MONTHS,
    WEEKDAY_NAMES,
    WEEKDAYS,
    Schedule,
    Times,
)

_WORKDAYS = (1, 2, 3, 4, 5)


def show_words(schedule: Schedule) -> str:
    """A schedule as a person says it; cron's fields where nobody would."""
    said = []
    if schedule.times is not None:
        said.append(_show_times(schedule.times))
    if schedule.watched:
        verb = "changes" if len(schedule.watched) == 1 else "change"
        said.append(f"when {' or '.join(schedule.watched)} {verb}")
    return ", or ".join(said)


def _show_times(times: Times) -> str:
    day, clock = _show_days(times), _show_clock(times)
    if clock is None:
        return f"cron {write_fields(times)}"
    if clock.startswith("every"):
        return clock if day == "every day" else f"{clock}, {day}"
    return f"{day} {clock}"


def _show_clock(times: Times) -> str | None:
    minutes, hours = times.minutes, times.hours
    if hours == HOURS:
        return _show_minutes(minutes)
    if len(hours) * len(minutes) <= 4:
        return f"at {_join(f'{hour:02}:{minute:02}' for hour, minute in product(hours, minutes))}"
    if minutes == (0,) and _step(hours, HOURS):
        return f"every {_step(hours, HOURS)} hours"
    if (_step(minutes, MINUTES) or minutes == (0,)) and len(find_ranges(hours)) == 1:
        first, last = f"{hours[0]}:{minutes[0]:02}", f"{hours[-1]}:{minutes[-1]:02}"
        return f"{_show_minutes(minutes)} between {first} and {last}"
    return None


def _show_minutes(minutes: tuple[int, ...]) -> str:
    step = _step(minutes, MINUTES)
    if step:
        return "every minute" if step == 1 else f"every {step} minutes"
    if minutes == (0,):
        return "every hour"
    return (
        f"every hour at {'minute' if len(minutes) == 1 else 'minutes'} {_join(map(str, minutes))}"
    )


def _show_days(times: Times) -> str:
    kinds = []
    if times.days != DAYS:
        days = _join(f"{day}{_ordinal(day)}" for day in times.days)
        months = "every month" if times.months == MONTHS else _show_months(times)
        kinds.append(f"on the {days} of {months}")
    if times.weekdays != WEEKDAYS:
        named = {_WORKDAYS: "weekday", (0, 6): "weekend"}.get(times.weekdays)
        kinds.append(
            f"every {named or _join(WEEKDAY_NAMES[weekday] for weekday in times.weekdays)}"
        )
    said = " and ".join(kinds) or "every day"
    return (
        said if times.months == MONTHS or times.days != DAYS else f"{said} in {_show_months(times)}"
    )


def _show_months(times: Times) -> str:
    return _join(MONTH_NAMES[month - 1] for month in times.months)


def _step(values: tuple[int, ...], full: tuple[int, ...]) -> int | None:
    """n, where the values are every n-th of all, evenly."""
    step = len(full) // len(values)
    return step if len(values) > 1 and values == full[::step] and len(full) % step == 0 else None


def _ordinal(day: int) -> str:
    return "th" if day in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")


def _join(words: Iterable[str]) -> str:
    said = list(words)
    return said[0] if len(said) == 1 else f"{', '.join(said[:-1])} and {said[-1]}"
