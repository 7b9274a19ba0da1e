"""What systems cannot say, or keep to, that others can: refused with the reason."""

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


def check_conditions(job: "Job", system: str) -> list[Finding]:
    """Steps that run only when metrics say so: what runs a graph elsewhere cannot ask them."""
    return [
        say_job(
            "error",
            "target",
            f"{system} cannot say `when` of step {step.name}: it does not know metrics.",
            "Export to github-actions or kubernetes, which run `nbops pipeline run` as a whole.",
        )
        for step in job.steps
        if step.when is not None
    ]


def check_texts(job: "Job", system: str, marks: tuple[str, ...]) -> list[Finding]:
    """Values with what a system takes for its own, such as `{{`."""
    if not any(mark in text for text in job.texts for mark in marks):
        return []
    message = f"{system} takes {' and '.join(marks)} in a value for its own."
    return [say_job("error", "target", message, "Read such a text from a file.")]
