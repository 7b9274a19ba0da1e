"""Kubeflow's recurring runs: six fields, seconds first, in the zone of its server, which is UTC."""

from nbops.scheduling.dialects.fields import move_to_utc, read_times, write_fields
from nbops.scheduling.schedule import Schedule, Unsayable

SYSTEM = "Kubeflow"


def as_kubeflow(schedule: Schedule) -> str:
    """What goes to `cron_expression` of a recurring run.

    Raises
    ------
    Unsayable
        It watches files, or is in a zone other than UTC whose clock matters to it.
    """
    read_times(schedule, SYSTEM)
    schedule = move_to_utc(schedule)
    if schedule.timezone != "UTC":
        raise Unsayable(
            f"{SYSTEM} cannot say times in {schedule.timezone}: recurring runs know no time zone but its"
            " server's, which is UTC.",
            "Give the time in UTC, with --timezone UTC.",
        )
    return f"0 {write_fields(read_times(schedule, SYSTEM))}"
