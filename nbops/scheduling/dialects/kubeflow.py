"""Kubeflow's recurring runs: six fields, seconds first, in the zone of its server, which is UTC."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import product
from zoneinfo import ZoneInfo

from nbops.scheduling.dialects.fields import move_to_utc, read_times, this_year, write_fields
from nbops.scheduling.schedule import DAYS, MONTHS, WEEKDAYS, Schedule, Unsayable
from nbops.scheduling.zones import find_changes

SYSTEM = "Kubeflow"
_DAY = 24 * 60


def as_kubeflow(schedule: Schedule) -> str:
    """What goes to `cron_expression` of a recurring run.

    Raises
    ------
    Unsayable
        It watches files, or is in a zone whose clock is changed, or otherwise on another day than in UTC.
    """
    schedule = _move(move_to_utc(schedule))
    if schedule.timezone != "UTC":
        raise Unsayable(
            f"{SYSTEM} cannot say times in {schedule.timezone}: recurring runs know no time zone but its"
            " server's, which is UTC.",
            "Give the time in UTC, with --timezone UTC.",
        )
    return f"0 {write_fields(read_times(schedule, SYSTEM))}"


def _move(schedule: Schedule) -> Schedule:
    """The same schedule in UTC, where its zone's clock is never changed and five fields can say it; else itself."""
    times = read_times(schedule, SYSTEM)
    if schedule.timezone == "UTC" or find_changes(schedule.timezone, this_year()):
        return schedule
    offset = datetime.now(UTC).astimezone(ZoneInfo(schedule.timezone)).utcoffset()
    ahead = int(offset.total_seconds()) // 60 if offset else 0
    moved = [hour * 60 + minute - ahead for hour, minute in product(times.hours, times.minutes)]
    found = {divmod(minute % _DAY, 60) for minute in moved}
    hours, minutes = (tuple(sorted({*part})) for part in zip(*found, strict=True))
    days = {minute // _DAY for minute in moved}
    is_any_day = (times.days, times.months) == (DAYS, MONTHS)
    if found != {*product(hours, minutes)} or len(days) > 1 or (days != {0} and not is_any_day):
        return schedule
    (later,) = days
    weekdays = tuple(sorted((day + later) % len(WEEKDAYS) for day in times.weekdays))
    moved_times = replace(times, minutes=minutes, hours=hours, weekdays=weekdays)
    return Schedule(moved_times, "UTC", schedule.watched)
