"""What croniter makes of five fields in a zone: Airflow and jupyter-scheduler read schedules with it.

Seen of it: 02:30 becomes 03:30 where the clock leaves it out; `* 2 * * *` runs once on that day; what comes twice may
run twice, or half as often as meant; an hour that is reached from before a change of the clock on the same day is
another one; after a month that lacks the last of several days, the first is missed. What no clock matters to goes out
in UTC, the rest is refused where one of these would happen.
"""

from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise

from nbops.scheduling.dialects.fields import (
    ZonedCron,
    check_changes,
    move_to_utc,
    read_times,
    this_year,
    write_fields,
)
from nbops.scheduling.schedule import DAYS, HOURS, Schedule, Unsayable
from nbops.scheduling.zones import Change, find_changes

_SHORTEST_MONTH = 28
_WEEKS = timedelta(weeks=8)


def as_croniter(schedule: Schedule, system: str) -> ZonedCron:
    """What goes to a DAG's `schedule`, or to a job definition's, and the zone beside it.

    Raises
    ------
    Unsayable
        It watches files, or falls into a change of the clock.
    """
    schedule = move_to_utc(schedule)
    times = read_times(schedule, system)
    changes = find_changes(schedule.timezone, this_year())
    if not all(map(_is_usual, changes)) or _are_close(changes):
        raise Unsayable(
            f"{system} cannot say times in {schedule.timezone}: its clock is changed by other than an hour, or for"
            " weeks only, and it takes the times after that for others.",
            "Take --timezone UTC.",
        )
    if times.days != DAYS and len(times.days) > 1 and times.days[-1] > _SHORTEST_MONTH:
        raise Unsayable(
            f"{system} cannot say these days: after a month that has no {times.days[-1]} it misses one.",
            "Take days up to the 28th.",
        )
    for change in changes:
        is_around = times.hours[0] <= change.start.hour and times.hours[-1] >= change.end.hour
        if times.hours == HOURS or (is_around and len(times.hours) > 1):
            raise Unsayable(
                f"{system} cannot say hours of {schedule.timezone} before and after {change.start:%H:%M}: on"
                f" {change.start:%Y-%m-%d}, when clocks are changed, it takes the later ones for others.",
                "Take --timezone UTC.",
            )
    moves = "runs it at another time, or leaves it out"
    check_changes(schedule, system, skipped=moves, repeated="may run it twice", is_any=True)
    return ZonedCron(write_fields(times), schedule.timezone)


def _is_usual(change: Change) -> bool:
    return change.start.minute == 0 and change.end - change.start == timedelta(hours=1)


def _are_close(changes: Sequence[Change]) -> bool:
    """Whether one follows another within weeks, as around Ramadan in Casablanca."""
    starts = sorted(change.start for change in changes)
    return any(later - earlier < _WEEKS for earlier, later in pairwise(starts))
