"""What every exported job runs: the words of `python -m nbops run ...` and what stands around them."""

import shlex
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nbops.scheduling.job import Job, JobStep

LOCK = "lock.txt"
PROJECT = "project"
"""Folder of an export that holds the project's files."""

SECRETS = {
    "MLFLOW_TRACKING_URI": "the tracking server, such as https://mlflow.example.org",
    "MLFLOW_TRACKING_TOKEN": "how to log in there; or MLFLOW_TRACKING_USERNAME and _PASSWORD",
}
"""What every remote job is given by its system's own secrets, and never by a file."""


def run_step(
    job: "Job",
    step: "JobStep",
    *,
    values: Mapping[str, str],
    project: str,
    lock: str,
    output: str,
    python: str = "python",
) -> list[str]:
    """Words of the command that runs one step.

    Parameters
    ----------
    values
        Texts by parameter; the target's own expressions where a person can set them.
    project, lock, output
        Paths as the command will see them.
    """
    words = [python, "-m", "nbops", "run", f"{project}/{job.place_of(step.notebook)}"]
    for name, text in values.items():
        words += ["-p", f"{name}={text}"]
    words += ["-o", output, "--expect-env", lock]
    timeout = step.timeout_s or (None if job.is_pipeline else job.timeout_s)
    if timeout:
        words += ["--timeout", f"{timeout:g}"]
    retries = step.retries or (0 if job.is_pipeline else job.retries)
    if retries:
        words += ["--retries", str(retries)]
    return words


def output_of(step: "JobStep") -> str:
    """Name of the executed notebook."""
    return f"{step.slug}.ipynb"


def quote(words: Sequence[str]) -> str:
    """Words as a line of a shell."""
    return " ".join(shlex.quote(word) for word in words)


def break_line(words: Sequence[str]) -> str:
    r"""The same over several lines, an option each, so that a person can read it.

    >>> print(break_line(["python", "-m", "nbops", "run", "a b.ipynb", "-p", "x=1"]))
    python -m nbops run 'a b.ipynb' \
      -p x=1
    """
    text = quote(words[:5])
    for word in words[5:]:
        text += f" \\\n  {shlex.quote(word)}" if word.startswith("-") else f" {shlex.quote(word)}"
    return text


def import_path(job: "Job", project: str) -> str | None:
    """`PYTHONPATH` that modules of the project need; None when they lie beside the notebooks."""
    folders = [str(PurePosixPath(project) / path) for path in job.bundle.import_paths]
    return ":".join(folders) or None
