"""What is scheduled or exported: a notebook, or notebooks in an order, with values, environment and limits.

Read once and checked before anything else happens; targets and preflight look at nothing but a `Job`.
"""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from nbops.capture.secrets.redaction import redact
from nbops.errors import UsageError
from nbops.jobs.declarations import Declarations
from nbops.jobs.parameters import check_given, check_parameters, declarations_of, read_notebook
from nbops.jobs.pipeline.condition import Condition
from nbops.jobs.pipeline.definition import by_step, read_definition
from nbops.recording.destination import URI_VARIABLE
from nbops.scheduling.bundle import Bundle, read_bundle
from nbops.scheduling.lock import JobLock, find_lock
from nbops.scheduling.schedule import CatchUp, Schedule, read_schedule
from nbops.scheduling.settings import Setting, settings_of
from nbops.workspace import Workspace, find_workspace


@dataclass(frozen=True)
class JobStep:
    """One notebook with its values.

    Parameters
    ----------
    name
        As people know it, such as `train[depth=2]`.
    entry
        Its name in the pipeline's file: `train`.
    slug
        The name as systems take it: `[a-z0-9-]+`, other for each step.
    params
        Values that it is given, checked; the others are as the notebook says.
    after
        Names of the steps that come first.
    reads, writes
        Files that a pipeline's file names, relative to the project.
    """

    name: str
    slug: str
    entry: str
    notebook: Path
    declared: Declarations
    params: Mapping[str, Any]
    after: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    timeout_s: float | None = None
    retries: int = 0
    when: Condition | None = None


@dataclass(frozen=True)
class Job:
    """A notebook or a pipeline, ready to leave.

    Parameters
    ----------
    name
        `[a-z0-9-]+`, from the file's name.
    source
        The notebook, or pipeline.yaml.
    steps
        In an order in which each comes after those that it needs.
    catch_up
        Of runs that were missed: which are made up for; None for what the system does by itself.
    max_parallel
        How many of its runs may be under way at once.
    events
        What else starts it: `push`, to the repository that it lies in.
    tracking_uri
        The server that runs go to, without credentials; None for the store beside the project.
    secrets
        Names of variables that its system's own secrets give it, beside those of the tracking server.
    image
        What its container is called in a registry, such as `ghcr.io/me/report:1`; None for NAME:latest.
    """

    name: str
    source: Path
    workspace: Workspace
    steps: tuple[JobStep, ...]
    environment: JobLock
    schedule: Schedule | None = None
    timeout_s: float | None = None
    retries: int = 0
    catch_up: CatchUp | None = None
    max_parallel: int = 1
    events: tuple[str, ...] = ()
    tracking_uri: str | None = None
    experiment: str | None = None
    secrets: tuple[str, ...] = ()
    image: str | None = None

    @property
    def is_pipeline(self) -> bool:
        return self.source.suffix in (".yaml", ".yml")

    @property
    def lock(self) -> str:
        """Requirements that pip and uv install: the environment that it runs in."""
        return self.environment.text

    @property
    def python(self) -> str:
        """Version of Python, such as `3.11`."""
        return self.environment.python

    @property
    def longest_s(self) -> int | None:
        """After which it is certainly over: all its tries, and starting; None without a limit."""
        return None if self.timeout_s is None else int(self.timeout_s * (1 + self.retries)) + 300

    @property
    def latest_s(self) -> int:
        """Seconds after its time within which it may still be started."""
        return 60 if self.catch_up == "none" else 24 * 3600

    @cached_property
    def bundle(self) -> Bundle:
        """The files that travel with it."""
        return read_bundle(self)

    @cached_property
    def settings(self) -> tuple[Setting, ...]:
        """What a person can set when it runs."""
        return settings_of(self)

    def settings_for(self, step: JobStep) -> list[Setting]:
        """Those of the settings that one step is given."""
        return [each for each in self.settings if each.entry == step.entry]

    def after(self, step: JobStep) -> list[str]:
        """Slugs of the steps that one waits for."""
        slugs = {each.name: each.slug for each in self.steps}
        return [slugs[name] for name in step.after]

    def before(self, step: JobStep) -> list[str]:
        """Slugs of all steps that come before one, also before those: any may have left what it reads; in order."""
        found = {step.name}
        for each in reversed(self.steps):
            if each.name in found:
                found.update(each.after)
        return [each.slug for each in self.steps if each.name in found and each is not step]

    @property
    def texts(self) -> list[str]:
        """All values as texts: what can be set, as it is now, and what is fixed."""
        fixed = [str(value) for step in self.steps for value in step.params.values()]
        return [*(each.text for each in self.settings), *fixed]

    def place_of(self, path: Path) -> str:
        """A file as the project has it: relative to its root, with forward slashes."""
        return path.relative_to(self.workspace.root).as_posix()


def read_job(  # noqa: PLR0913 - an argument an option of the command
    source: Path,
    parameters: Mapping[str, Any] | None = None,
    schedule: str | None = None,
    *,
    timezone: str | None = None,
    name: str | None = None,
    lock: Path | None = None,
    timeout_s: float | None = None,
    retries: int = 0,
    catch_up: CatchUp | None = None,
    max_parallel: int = 1,
    events: tuple[str, ...] = (),
    secrets: Sequence[str] = (),
    image: str | None = None,
) -> Job:
    """Read what is to be scheduled or exported.

    Parameters
    ----------
    source
        A notebook; or a pipeline's file, or its folder.
    parameters
        By name; of a pipeline `step.name`.
    schedule
        When it runs, in words or as cron; None for only when asked.
    lock
        Requirements to run in, instead of the environment of the newest run that is recorded.

    Raises
    ------
    NotFound, UsageError
        There is no such file, or what was given cannot be meant.
    """
    path = Path(os.path.abspath(source))
    if path.is_dir():
        path /= "pipeline.yaml"
    workspace = find_workspace(path)
    is_pipeline = path.suffix in (".yaml", ".yml")
    read = _read_pipeline if is_pipeline else _read_notebook
    steps, own_name = read(path, workspace, dict(parameters or {}))
    for step in steps:
        if not step.notebook.is_relative_to(workspace.root):
            raise UsageError(
                f"{step.notebook} does not lie in the project {workspace.root}.",
                "Move it there, or begin a project around both: a pyproject.toml in that folder.",
            )
    uri = os.environ.get(URI_VARIABLE) or workspace.settings.tracking_uri
    return Job(
        name=slug_of(name or own_name),
        source=path,
        workspace=workspace,
        steps=steps,
        environment=find_lock(workspace, [step.notebook for step in steps], lock),
        schedule=read_schedule(schedule, timezone) if schedule else None,
        timeout_s=timeout_s,
        retries=retries,
        catch_up=catch_up,
        max_parallel=max_parallel,
        events=events,
        tracking_uri=_without_login(uri) if uri else None,
        # A notebook's is its own name; a pipeline's its folder's, which is another one elsewhere.
        experiment=os.environ.get("MLFLOW_EXPERIMENT_NAME")
        or workspace.settings.experiment
        or (own_name if is_pipeline else None),
        secrets=_read_names(secrets),
        image=_read_image(image),
    )


def check_complete(job: Job) -> None:
    """Refuse a job with a parameter that has no value: nobody is there to give it.

    Raises
    ------
    UsageError
        It has one.
    """
    for step in job.steps:
        check_parameters(step.declared, step.params)


def _read_notebook(
    path: Path, _workspace: Workspace, parameters: Mapping[str, Any]
) -> tuple[tuple[JobStep, ...], str]:
    if path.suffix not in (".ipynb", ".py"):
        raise UsageError(f"{path.name!r} is no notebook.", "Give an .ipynb, or a pipeline.yaml.")
    read_notebook(path)
    declared = declarations_of(path)
    params = check_given(declared, parameters)  # what is lacking, the preflight finds
    name = path.stem
    return (JobStep(name, slug_of(name), name, path, declared, params),), name


def _read_pipeline(
    path: Path, workspace: Workspace, parameters: Mapping[str, Any]
) -> tuple[tuple[JobStep, ...], str]:
    definition = read_definition(path, by_step(parameters))
    slugs = _slugs([step.name for step in definition.steps])
    steps = [
        JobStep(
            step.name,
            slugs[step.name],
            step.entry,
            step.notebook,
            declarations_of(step.notebook),
            step.params,
            step.after,
            _inside(workspace, step.reads),
            _inside(workspace, step.writes),
            step.timeout_s,
            step.retries,
            step.when,
        )
        for step in definition.steps
    ]
    return tuple(steps), definition.name


def _read_names(secrets: Sequence[str]) -> tuple[str, ...]:
    names = (secrets,) if isinstance(secrets, str) else tuple(secrets)
    for name in names:
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
            raise UsageError(
                f"A secret is called as a variable is, not {name.partition('=')[0]!r}.",
                "Give its name, such as DB_PASSWORD; its value is in the system only.",
            )
    return tuple(dict.fromkeys(names))


def _read_image(image: str | None) -> str | None:
    if image is not None and not re.fullmatch(r"[a-z0-9][\w./:@-]*", image):
        raise UsageError(f"{image!r} is no image.", "Such as ghcr.io/me/report:1.")
    return image


def _inside(workspace: Workspace, paths: Sequence[str]) -> tuple[str, ...]:
    return tuple(Path(os.path.relpath(path, workspace.root)).as_posix() for path in paths)


def _without_login(uri: str) -> str:
    """A server's address without who asks it.

    >>> _without_login("https://me:secret@mlflow.example.org/a"), _without_login("databricks")
    ('https://mlflow.example.org/a', 'databricks')
    """
    scheme, sign, rest = uri.partition("://")
    return redact(f"{scheme}{sign}{rest.rpartition('@')[2]}")


def slug_of(name: str) -> str:
    """A name that every system takes.

    >>> slug_of("Wine report (2).ipynb"), slug_of("train[depth=2]"), slug_of("!")
    ('wine-report-2-ipynb', 'train-depth-2', 'job')
    """
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:50].strip("-")
    return f"job-{slug}" if slug[:1].isdigit() else slug or "job"


def _slugs(names: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in names:
        slug, number = slug_of(name), 2
        while slug in found.values():
            slug, number = f"{slug_of(name)}-{number}", number + 1
        found[name] = slug
    return found
