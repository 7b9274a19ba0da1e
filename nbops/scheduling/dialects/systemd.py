"""systemd's OnCalendar: a day has to fit its weekday and its date, so cron's "either" takes two lines.

It reads the clock: a time that is left out does not come, and of an hour that comes twice it sees one, which
was tried with `systemd-analyze calendar` of version 252.
"""

from nbops.scheduling.dialects.fields import check_changes, find_ranges, move_to_utc
from nbops.scheduling.schedule import (
    DAYS,
    HOURS,
    MINUTES,
    MONTHS,
    WEEKDAY_NAMES,
    WEEKDAYS,
    Schedule,
    Times,
)

SYSTEM = "systemd"
_FROM_MONDAY = (1, 2, 3, 4, 5, 6, 0)


def as_on_calendar(schedule: Schedule) -> list[str]:
    """Values of `OnCalendar=`, which fire together; none when only changes of files start it.

    Raises
    ------
    Unsayable
        It falls into a change of the clock.
    """
    if schedule.times is None:
        return []
    schedule = move_to_utc(schedule)
    times = schedule.times or Times()
    repeated = None if times.follows_clock else "runs it once"
    check_changes(schedule, SYSTEM, skipped="leaves it out, too", repeated=repeated)
    weekdays = "" if times.weekdays == WEEKDAYS else f"{_weekdays(times)} "
    days = "*" if times.days == DAYS else _numbers(times.days)
    kinds = [(weekdays, "*"), ("", days)] if times.means_either_day else [(weekdays, days)]
    months = "*" if times.months == MONTHS else _numbers(times.months)
    hours = "*" if times.hours == HOURS else _numbers(times.hours)
    minutes = "*" if times.minutes == MINUTES else _numbers(times.minutes)
    return [
        f"{weekday}*-{months}-{day} {hours}:{minutes}:00 {schedule.timezone}"
        for weekday, day in kinds
    ]


def _numbers(values: tuple[int, ...]) -> str:
    return ",".join(
        f"{first:02}" if first == last else f"{first:02}..{last:02}"
        for first, last in find_ranges(values)
    )


def _weekdays(times: Times) -> str:
    places = tuple(sorted(_FROM_MONDAY.index(weekday) for weekday in times.weekdays))
    names = [WEEKDAY_NAMES[weekday][:3] for weekday in _FROM_MONDAY]
    return ",".join(
        names[first] if first == last else f"{names[first]}..{names[last]}"
        for first, last in find_ranges(places)
    )
