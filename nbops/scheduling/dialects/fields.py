"""What crons have in common: how a field is written, and what becomes of it where clocks are changed."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from nbops.scheduling.schedule import (
    DAYS,
    HOURS,
    MINUTES,
    MONTHS,
    WEEKDAYS,
    Schedule,
    Times,
    Unsayable,
)
from nbops.scheduling.times import fits_day
from nbops.scheduling.zones import Change, find_changes

_HOUR = timedelta(hours=1)


class ZonedCron(NamedTuple):
    """A cron expression and the zone in which it is meant, which need not be the schedule's."""

    expression: str
    timezone: str


def read_times(schedule: Schedule, system: str) -> Times:
    """Times of a schedule that a system waits for.

    Raises
    ------
    Unsayable
        There are none, or it would have to watch files, too.
    """
    if schedule.times is None or schedule.watched:
        raise Unsayable(
            f"{system} cannot wait for files to change: it sees none of this project's.",
            "Give a time, such as 'every hour', or schedule it here: nbops schedule.",
        )
    return schedule.times


def write_field(values: tuple[int, ...], full: tuple[int, ...], *, with_star: bool = False) -> str:
    """A field of numbers as all crons read it: `*`, `0-45/15`, `1-5,7`.

    Parameters
    ----------
    with_star
        Whether to write `*/15` where that is the same. Debian's cron takes what begins with a star for
        unrestricted.
    """
    if values == full:
        return "*"
    step = values[1] - values[0] if len(values) > 2 else 1
    if step > 1 and values == tuple(range(values[0], values[-1] + 1, step)):
        if with_star and values[0] == full[0] and values[-1] + step > full[-1]:
            return f"*/{step}"
        return f"{values[0]}-{values[-1]}/{step}"
    return ",".join(
        str(first)
        if first == last
        else f"{first}-{last}"
        if last > first + 1
        else f"{first},{last}"
        for first, last in find_ranges(values)
    )


def find_ranges(values: tuple[int, ...]) -> list[tuple[int, int]]:
    """First and last of each row of numbers that follow one another."""
    found: list[tuple[int, int]] = []
    for value in values:
        if found and found[-1][1] == value - 1:
            found[-1] = (found[-1][0], value)
        else:
            found.append((value, value))
    return found


def write_fields(times: Times) -> str:
    """Five fields: minute, hour, day, month, weekday."""
    return " ".join((
        write_field(times.minutes, MINUTES, with_star=times.hours == HOURS),
        write_field(times.hours, HOURS),
        write_field(times.days, DAYS),
        write_field(times.months, MONTHS),
        write_field(times.weekdays, WEEKDAYS),
    ))  # fmt: skip


def move_to_utc(schedule: Schedule) -> Schedule:
    """The same schedule in UTC where no clock matters to it, as to "every 15 minutes"; else itself."""
    times = schedule.times
    if times is None or schedule.timezone == "UTC":
        return schedule
    changes = find_changes(schedule.timezone, this_year())
    if times == Times(times.minutes):
        walls = [datetime.now(UTC).astimezone(ZoneInfo(schedule.timezone)).replace(tzinfo=None)]
        walls += [
            moment for change in changes for moment in (change.start - _HOUR, change.end + _HOUR)
        ]
        found = {_minutes_in_utc(times, wall, schedule.timezone) for wall in walls}
        if len(found) == 1:
            return Schedule(replace(times, minutes=found.pop()), "UTC", schedule.watched)
    elif not changes and ZoneInfo(schedule.timezone).utcoffset(datetime.now()) == timedelta():  # noqa: DTZ005
        return replace(schedule, timezone="UTC")
    return schedule


def check_changes(
    schedule: Schedule,
    system: str,
    *,
    skipped: str | None = None,
    repeated: str | None = None,
    is_any: bool = False,
) -> None:
    """Refuse what a system would run at other times than meant, where a clock is changed.

    Parameters
    ----------
    skipped
        What the system does with a time that the clock leaves out; None for what is meant.
    repeated
        What it does with one that comes twice; None for what is meant.
    is_any
        Whether it makes up, too, for what follows the time that passes.

    Raises
    ------
    Unsayable
        One of them concerns this schedule.
    """
    times = schedule.times
    if times is None:
        return
    for change in find_changes(schedule.timezone, this_year()):
        does = skipped if change.is_gap else repeated
        is_over = change.end.date() < date.today()  # noqa: DTZ011
        if does is None or is_over or (change.is_gap and not times.follows_clock and not is_any):
            continue
        wall = _find_time(times, change)
        if wall is None:
            continue
        happens = "is left out" if change.is_gap else "comes twice"
        raise Unsayable(
            f"{system} cannot say {wall:%H:%M} in {schedule.timezone}: on {wall:%Y-%m-%d}, when clocks are"
            f" changed, that time {happens}, and {system} {does}.",
            f"Take a time outside of {change.start:%H:%M} to {change.end:%H:%M}, or --timezone UTC."
            if times.follows_clock
            else "Take --timezone UTC.",
        )


def _find_time(times: Times, change: Change) -> datetime | None:
    """The first time on the clock that falls into a change."""
    wall = change.start.replace(second=0)
    while wall < change.end:
        if (
            wall.hour in times.hours
            and wall.minute in times.minutes
            and fits_day(times, wall.date())
        ):
            return wall
        wall += timedelta(minutes=1)
    return None


def _minutes_in_utc(times: Times, wall: datetime, timezone: str) -> tuple[int, ...]:
    offset = ZoneInfo(timezone).utcoffset(wall) or timedelta()
    shift = int(offset.total_seconds()) // 60
    return tuple(sorted({(minute - shift) % 60 for minute in times.minutes}))


def this_year() -> int:
    return date.today().year  # noqa: DTZ011 - a year more or less does not matter
