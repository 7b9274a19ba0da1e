"""jupyter-scheduler: five fields, in an IANA zone, read by croniter 1.4.

Seen of that one: 02:30 becomes 03:30 where the clock leaves it out, `15 1-4` has no 02:15 on that day, and on the
day when the hour comes twice it has two.
"""

from nbops.scheduling.dialects.fields import ZonedCron, check_changes, read_times, write_fields
from nbops.scheduling.schedule import Schedule

SYSTEM = "jupyter-scheduler"


def as_jupyter_scheduler(schedule: Schedule) -> ZonedCron:
    """What goes to `schedule` and `timezone` of a job definition.

    Raises
    ------
    Unsayable
        It watches files, or falls into a change of the clock.
    """
    times = read_times(schedule, SYSTEM)
    if times.follows_clock:
        moves = "runs it an hour later, or not at all"
        check_changes(schedule, SYSTEM, skipped=moves, repeated="may run it twice")
    return ZonedCron(write_fields(times), schedule.timezone)
