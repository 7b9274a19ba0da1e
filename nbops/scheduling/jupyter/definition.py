"""A job as jupyter-scheduler's `POST /scheduler/job_definitions` takes it."""

from typing import TYPE_CHECKING, Any

from nbops.errors import UsageError
from nbops.jobs.injection import write_value
from nbops.scheduling.dialects.croniter import as_croniter
from nbops.scheduling.jupyter.order import ASKS

if TYPE_CHECKING:
    from nbops.scheduling.job import Job

ENVIRONMENT = "python"
"""What jupyter-scheduler calls the environment of its server, where there is no conda."""


def write_definition(job: "Job", *, notebook: str, project: str, lock: str) -> dict[str, Any]:
    """The definition's JSON.

    Parameters
    ----------
    notebook
        Its path below the server's root.
    project, lock
        The project's folder, and the requirements that there must be: below that root, or absolute.

    Raises
    ------
    UsageError
        It cannot say this job, or its schedule.
    """
    if job.is_pipeline:
        raise UsageError(
            "jupyter-scheduler runs one notebook, not a pipeline.",
            "cron and systemd run pipelines; or take its notebooks one by one.",
        )
    (step,) = job.steps
    if step.notebook.suffix != ".ipynb":
        raise UsageError(
            f"jupyter-scheduler takes notebooks, and {step.notebook.name} is a script.",
            "jupytext --to ipynb makes one of it; or take cron, or systemd.",
        )
    wishes: dict[str, int | float | bool | str] = {
        ASKS: True,
        "nbops_notebook": notebook,
        "nbops_lock": lock,
    }
    if job.bundle.import_paths:
        folders = [f"{project}/{path}" for path in job.bundle.import_paths]
        wishes["nbops_import_path"] = ":".join(folders)
    if timeout_s := step.timeout_s or job.timeout_s:
        wishes["nbops_timeout_s"] = timeout_s
    if retries := step.retries or job.retries:
        wishes["nbops_retries"] = retries
    wishes["nbops_max_parallel"] = job.max_parallel
    definition: dict[str, Any] = {
        "name": job.name,
        "input_uri": notebook,
        "runtime_environment_name": ENVIRONMENT,
        "runtime_environment_parameters": wishes,
        "parameters": {each.parameter.name: write_value(each.value) for each in job.settings},
        "output_formats": ["ipynb"],
        "tags": [ASKS],
    }
    return definition | _say_schedule(job)


def _say_schedule(job: "Job") -> dict[str, str]:
    """Keys of a definition that say when; none for what runs only when asked."""
    if job.schedule is None:
        return {}
    cron = as_croniter(job.schedule, "jupyter-scheduler")
    return {"schedule": cron.expression, "timezone": cron.timezone}
