"""What a system makes of `--max-parallel` above 1, where it cannot count runs."""

from typing import TYPE_CHECKING

from nbops.scheduling.preflight.findings import Finding, say_job

if TYPE_CHECKING:
    from nbops.scheduling.job import Job

ONE_OR_ANY = "knows one, or any number"
ANY = "starts any number"


def check_parallel(job: "Job", system: str, does: str) -> list[Finding]:
    """Refuse a number of runs at once that a system does not keep to.

    Parameters
    ----------
    does
        What it does instead, such as `ANY`.
    """
    if job.max_parallel == 1:
        return []
    message = f"{system} cannot say {job.max_parallel} runs at once: it {does}."
    hint = "Leave --max-parallel out; cron, airflow and kubeflow keep to it."
    return [say_job("error", "target", message, hint)]
