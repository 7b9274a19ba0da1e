"""A line of a crontab, as Debian's cron (vixie) and cronie read it, in the machine's own zone.

A field that begins with a star counts as unrestricted there, a step behind it or not: it decides whether both
day and weekday must fit, and whether the clock or the time that passes counts. So none is written where a
field restricts.
"""

from nbops.scheduling.dialects.fields import write_fields
from nbops.scheduling.schedule import Schedule


def as_cron(schedule: Schedule) -> list[str]:
    """Five fields; none when only changes of files start it."""
    return [] if schedule.times is None else [write_fields(schedule.times)]
