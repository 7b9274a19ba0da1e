"""The next times of a schedule, also where clocks are changed."""

import calendar
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, takewhile
from zoneinfo import ZoneInfo

from nbops.scheduling.schedule import Schedule, Times

_A_DAY = timedelta(days=1)
_FAR = 50  # years without a time, after which there is none


def next_times(schedule: Schedule, after: datetime, count: int) -> list[datetime]:
    """The first `count` times of a schedule after a moment, in the schedule's zone.

    None when only changes of files start it.
    """
    return list(islice(_times(schedule, after), count))


def times_between(schedule: Schedule, after: datetime, until: datetime) -> list[datetime]:
    """All times of a schedule after a moment, up to another one, in UTC."""
    found = (moment.astimezone(UTC) for moment in _times(schedule, after))
    return list(takewhile(lambda moment: moment <= until, found))


def fits_day(times: Times, day: date) -> bool:
    """Whether something runs on a day."""
    if day.month not in times.months:
        return False
    is_day, is_weekday = day.day in times.days, day.isoweekday() % 7 in times.weekdays
    return (is_day or is_weekday) if times.means_either_day else (is_day and is_weekday)


def _times(schedule: Schedule, after: datetime) -> Iterator[datetime]:
    times, zone = schedule.times, ZoneInfo(schedule.timezone)
    if times is None:
        return
    after = after.astimezone(UTC)
    newest = after
    # A day begins, and its clock is changed, while it is another one in UTC.
    day = after.astimezone(zone).date() - _A_DAY
    end = day.year + _FAR
    while day.year <= min(end, 9998):
        if day.month not in times.months:
            day = day.replace(day=calendar.monthrange(day.year, day.month)[1]) + _A_DAY
            continue
        if fits_day(times, day):
            for moment in _moments(times, day, zone):
                if moment > newest:
                    newest = moment
                    end = day.year + _FAR
                    yield moment.astimezone(zone)
        day += _A_DAY


def _moments(times: Times, day: date, zone: ZoneInfo) -> list[datetime]:
    """Instants of a day, sorted; more than one may be the same."""
    found = []
    for hour in times.hours:
        for minute in times.minutes:
            wall = datetime.combine(day, time(hour, minute), zone)
            found.extend(_instants(wall, follows_clock=times.follows_clock))
    return sorted(found)


def _instants(wall: datetime, *, follows_clock: bool) -> list[datetime]:
    first, second = wall.astimezone(UTC), wall.replace(fold=1).astimezone(UTC)
    if first == second:
        return [first]
    if first < second:  # the clock shows it twice
        return [first] if follows_clock else [first, second]
    # It never shows it: `second` lies before the change, `first` after it.
    return [_change(second, first, wall)] if follows_clock else []


def _change(before: datetime, after: datetime, wall: datetime) -> datetime:
    """The instant in between at which the clock is changed; clocks are changed at full minutes."""
    zone = wall.tzinfo
    old = before.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = (before + (after - before) // 2).replace(microsecond=0)
        before, after = (
            (middle, after) if middle.astimezone(zone).utcoffset() == old else (before, middle)
        )
    return after
