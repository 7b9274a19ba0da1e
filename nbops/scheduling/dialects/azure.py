"""Azure ML's triggers: a cron whose day and month are ignored, or a recurrence, in Windows' time zones.

What becomes of a time that the clock leaves out, or has twice, is nowhere told, so such times are refused.
https://learn.microsoft.com/azure/machine-learning/reference-yaml-schedule
"""

from datetime import date
from typing import Any

from nbops.scheduling.dialects.fields import check_changes, move_to_utc, read_times, write_fields
from nbops.scheduling.schedule import DAYS, MONTHS, Schedule, Times, Unsayable
from nbops.scheduling.zones import have_same_clock

SYSTEM = "Azure ML"


def as_azure(schedule: Schedule) -> dict[str, Any]:
    """What goes to `trigger:` of a schedule's YAML.

    Raises
    ------
    Unsayable
        It watches files, restricts months, or days and weekdays, has no zone that Windows knows, or falls
        into a change of the clock.
    """
    times = read_times(schedule, SYSTEM)
    if times.months != MONTHS:
        raise Unsayable(
            f"{SYSTEM} cannot say months: it ignores that field.",
            "Schedule it for every month, and have the notebook end early in others.",
        )
    if times.means_either_day:
        raise Unsayable(
            f"{SYSTEM} cannot say 'on these days, and on these weekdays': it ignores one of them.",
            "Make two schedules of it.",
        )
    schedule = move_to_utc(schedule)
    does = "does not tell what it does"
    check_changes(schedule, SYSTEM, skipped=does, repeated=does)
    times = read_times(schedule, SYSTEM)
    zone = read_windows_zone(schedule.timezone)
    if times.days == DAYS:
        return {"type": "cron", "expression": write_fields(times), "time_zone": zone}
    return _recurrence(times, zone)


def read_windows_zone(timezone: str) -> str:
    """Windows' name of an IANA zone, by Unicode's CLDR.

    Raises
    ------
    Unsayable
        Windows has no such zone.
    """
    from tzlocal.windows_tz import tz_win, win_tz

    name = tz_win.get(timezone)
    if name is None or not have_same_clock(timezone, win_tz[name], date.today().year):  # noqa: DTZ011
        why = f"its clock is not that of {name!r}" if name else "Windows has no name for it"
        raise Unsayable(
            f"{SYSTEM} cannot say the time zone {timezone}: {why}.",
            "Take a city of the same zone, or --timezone UTC.",
        )
    return str(name)


def _recurrence(times: Times, zone: str) -> dict[str, Any]:
    """Days of a month; only a recurrence knows them."""
    return {
        "type": "recurrence",
        "frequency": "month",
        "interval": 1,
        "schedule": {
            "hours": list(times.hours),
            "minutes": list(times.minutes),
            "month_days": list(times.days),
        },
        "time_zone": zone,
    }
