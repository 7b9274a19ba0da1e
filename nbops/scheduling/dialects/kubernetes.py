"""Kubernetes' CronJob and Argo's CronWorkflow: five fields, in an IANA zone, read by robfig/cron.

It goes through the hours that pass: of a time that the clock leaves out it knows nothing, and one that
comes twice it runs twice. https://pkg.go.dev/github.com/robfig/cron/v3
"""

from nbops.scheduling.dialects.fields import ZonedCron, check_changes, read_times, write_fields
from nbops.scheduling.schedule import Schedule


def as_kubernetes(schedule: Schedule, system: str = "Kubernetes") -> ZonedCron:
    """What goes to `schedule` and `timeZone` of a CronJob, or `schedules` and `timezone` of a CronWorkflow.

    Raises
    ------
    Unsayable
        It watches files, or falls into a change of the clock.
    """
    times = read_times(schedule, system)
    if times.follows_clock:
        check_changes(schedule, system, skipped="leaves it out, too", repeated="runs it twice")
    return ZonedCron(write_fields(times), schedule.timezone)
