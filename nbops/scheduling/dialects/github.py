"""GitHub Actions: POSIX' five fields, in an IANA zone, every five minutes at the most.

A time that the clock leaves out comes when the clock goes on; of one that comes twice nothing is said.
https://docs.github.com/actions/reference/workflows-and-actions/events-that-trigger-workflows#schedule
"""

from itertools import pairwise

from nbops.scheduling.dialects.fields import (
    ZonedCron,
    check_changes,
    move_to_utc,
    read_times,
    write_fields,
)
from nbops.scheduling.schedule import HOURS, Schedule, Times, Unsayable

SYSTEM = "GitHub Actions"
_LEAST = 5  # minutes


def as_github(schedule: Schedule) -> ZonedCron:
    """What goes to `cron:` and `timezone:` of `on: schedule:`.

    Raises
    ------
    Unsayable
        It watches files, is more often than every five minutes, or falls into a change of the clock.
    """
    times = read_times(schedule, SYSTEM)
    if _smallest_gap(times) < _LEAST:
        raise Unsayable(
            f"{SYSTEM} cannot say what comes more often than every {_LEAST} minutes.",
            "Take 'every 5 minutes', or schedule it here: nbops schedule.",
        )
    schedule = move_to_utc(schedule)
    check_changes(schedule, SYSTEM, repeated="does not tell how often it runs then")
    return ZonedCron(write_fields(read_times(schedule, SYSTEM)), schedule.timezone)


def _smallest_gap(times: Times) -> int:
    minutes = times.minutes
    gaps = [later - earlier for earlier, later in pairwise(minutes)]
    follow = any((hour + 1) % len(HOURS) in times.hours for hour in times.hours)
    return min([*gaps, minutes[0] + 60 - minutes[-1]] if follow else [*gaps, 60])
