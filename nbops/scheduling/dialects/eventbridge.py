"""EventBridge Scheduler, which starts SageMaker's pipelines: six fields, year last, Sunday is 1.

One of day and weekday must be `?`, so both together cannot be said. A time that the clock leaves out is left
out, one that comes twice runs once. https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
"""

from nbops.scheduling.dialects.fields import (
    ZonedCron,
    check_changes,
    move_to_utc,
    read_times,
    write_field,
)
from nbops.scheduling.schedule import DAYS, HOURS, MINUTES, MONTHS, WEEKDAYS, Schedule, Unsayable

SYSTEM = "EventBridge"


def as_eventbridge(schedule: Schedule) -> ZonedCron:
    """What goes to `ScheduleExpression` and `ScheduleExpressionTimezone`.

    Raises
    ------
    Unsayable
        It watches files, restricts days and weekdays, or falls into a change of the clock.
    """
    times = read_times(schedule, SYSTEM)
    if times.means_either_day:
        raise Unsayable(
            f"{SYSTEM} cannot say 'on these days, and on these weekdays': one of them must be '?'.",
            "Make two schedules of it.",
        )
    schedule = move_to_utc(schedule)
    times = read_times(schedule, SYSTEM)
    repeated = None if times.follows_clock else "runs it once"
    check_changes(schedule, SYSTEM, skipped="leaves it out, too", repeated=repeated)
    weekdays = tuple(weekday + 1 for weekday in times.weekdays)
    fields = (
        write_field(times.minutes, MINUTES),
        write_field(times.hours, HOURS),
        write_field(times.days, DAYS) if times.weekdays == WEEKDAYS else "?",
        write_field(times.months, MONTHS),
        "?" if times.weekdays == WEEKDAYS else write_field(weekdays, tuple(range(1, 8))),
        "*",
    )
    return ZonedCron(f"cron({' '.join(fields)})", schedule.timezone)
