"""What every exported job runs: the words of `python -m nbops run ...` and what stands around them."""

import shlex
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from nbops.jobs.plan import JOB_VARIABLE
from nbops.scheduling.settings import write_typed

if TYPE_CHECKING:
    from nbops.scheduling.job import Job, JobStep

LOCK = "lock.txt"
PROJECT = "project"
"""Folder of an export that holds the project's files."""

_SERVER = {
    "MLFLOW_TRACKING_URI": "the tracking server, such as https://mlflow.example.org",
    "MLFLOW_TRACKING_TOKEN": "to log in there by a token; else by the next two",
    "MLFLOW_TRACKING_USERNAME": "to log in there by name",
    "MLFLOW_TRACKING_PASSWORD": "and by password",
}
"""What every job that runs elsewhere may need to reach the tracking server."""


def secrets_of(job: "Job") -> dict[str, str]:
    """Variables that its system's own secrets give a job, and no file does; by name, what each is."""
    own = dict.fromkeys(job.secrets, "read by the notebook")
    return own | _SERVER


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
        Texts by the name of their setting, other than the defaults: the target's own expressions where a
        person can set them.
    project, lock, output
        Paths as the command will see them; `.` and files where it works in the project.
    """
    words = [python, "-m", "nbops", "run", _join(project, job.place_of(step.notebook))]
    for name, text in texts_of(job, step, values).items():
        words += ["-p", f"{name}={text}"]
    words += ["-o", output, "--expect-env", lock]
    timeout = step.timeout_s or (None if job.is_pipeline else job.timeout_s)
    if timeout:
        words += ["--timeout", f"{timeout:g}"]
    retries = step.retries or (0 if job.is_pipeline else job.retries)
    if retries:
        words += ["--retries", str(retries)]
    return words


def run_pipeline(
    job: "Job",
    *,
    values: Mapping[str, str],
    project: str,
    lock: str,
    python: str = "python",
    is_whole: bool = True,
) -> list[str]:
    """Words of the command that runs a whole pipeline, where it was put; see `run_step`.

    Parameters
    ----------
    is_whole
        Whether steps run in which nothing changed: what they fetch may be another by now.
    """
    words = [
        python,
        "-m",
        "nbops",
        "pipeline",
        "run",
        "-f",
        _join(project, job.place_of(job.source)),
    ]
    for setting in job.settings:
        text = values.get(setting.name, setting.text)
        words += ["-p", f"{setting.entry}.{setting.parameter.name}={text}"]
    return [*words, *(["--rerun"] if is_whole else []), "--expect-env", lock]


def variables_of(job: "Job") -> dict[str, str]:
    """Variables that are no secret, and the same wherever it runs."""
    experiment = {"MLFLOW_EXPERIMENT_NAME": job.experiment} if job.experiment else {}
    return {JOB_VARIABLE: job.name, **experiment}


def texts_of(job: "Job", step: "JobStep", values: Mapping[str, str]) -> dict[str, str]:
    """What a step is given, as typed: its settings, and what its matrix says."""
    by_name = {each.parameter.name: each for each in job.settings if each.entry == step.entry}
    found = {}
    for parameter in step.declared.parameters:
        setting = by_name.get(parameter.name)
        if setting is not None:
            found[parameter.name] = values.get(setting.name, setting.text)
        elif parameter.name in step.params:
            found[parameter.name] = write_typed(parameter, step.params[parameter.name])
    return found


def _join(project: str, place: str) -> str:
    return place if project == "." else f"{project}/{place}"


def output_of(step: "JobStep") -> str:
    """Name of the executed notebook."""
    return f"{step.slug}.ipynb"


def variable(name: str) -> str:
    """Stands in a word for a variable of the shell's; see `quote`."""
    return f"\0{name}\0"


def quote(word: str) -> str:
    """A word as a shell takes it: nothing in it means anything but a `variable`.

    >>> print(quote("a b"), quote("depth=" + variable("DEPTH")))
    'a b' "depth=$DEPTH"
    """
    head, mark, rest = word.partition("\0")
    if not mark:
        return shlex.quote(word)
    return f'"{head}${rest.rstrip(chr(0))}"'


def break_line(words: Sequence[str]) -> str:
    r"""Words as a command of several lines, an option each, so that a person can read it.

    >>> print(break_line(["python", "-m", "nbops", "run", "a b.ipynb", "-p", "x=1"]))
    python -m nbops run 'a b.ipynb' \
      -p x=1
    """
    text = " ".join(map(quote, words[:3]))
    for word in words[3:]:
        text += f" \\\n  {word}" if word in _OPTIONS else f" {quote(word)}"
    return text


_OPTIONS = ("-p", "-o", "-f", "--expect-env", "--timeout", "--retries")


def import_path(job: "Job", project: str) -> str | None:
    """`PYTHONPATH` that modules of the project need; None when they lie beside the notebooks."""
    folders = [str(PurePosixPath(project) / path) for path in job.bundle.import_paths]
    return ":".join(folders) or None
