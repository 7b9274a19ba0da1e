"""What croniter makes of five fields in a zone: Airflow and jupyter-scheduler read schedules with it.

Seen of it: 02:30 becomes 03:30 where the clock leaves it out; `* 2 * * *` runs once on that day; what comes twice may run
twice, or half as often as meant; an hour that is reached from before a change of the clock on the same day is another one. What no clock matters to goes out in UTC, the rest is refused where one of these would happen.
"""

from nbops.scheduling.dialects.fields import (
    ZonedCron,
    check_changes,
    move_to_utc,
    read_times,
    this_year,
    write_fields,
)
from nbops.scheduling.schedule import HOURS, Schedule, Unsayable
from nbops.scheduling.zones import find_changes


def as_croniter(schedule: Schedule, system: str) -> ZonedCron:
    """What goes to a DAG's `schedule`, or to a job definition's, and the zone beside it.

    Raises
    ------
    Unsayable
        It watches files, or falls into a change of the clock.
    """
    read_times(schedule, system)
    schedule = move_to_utc(schedule)
    times = read_times(schedule, system)
    for change in find_changes(schedule.timezone, this_year()):
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
