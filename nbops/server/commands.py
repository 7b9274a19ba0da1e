"""What the server asks of the command line: a fixed table, each entry a process without a shell.

The server imports nothing that runs notebooks or knows MLflow. It starts `nbops ... --json` in the
notebook's folder and reads what that prints; values are arguments of their own, and checked before.
"""

import os
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

from nbops.errors import UsageError

Name = Literal["params", "targets", "check", "export", "schedule", "run", "jobs", "job-log"]
Verb = Literal["run", "pause", "resume", "remove"]

_WORD = re.compile(r"[A-Za-z0-9][\w.\-]*")
_VARIABLE = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_ZONE = re.compile(r"[A-Za-z][\w+\-]*(/[\w+\-]+)*")
_JOBS = ("jobs", "--within", ".")
"""Those of the folder that the server serves, in which it starts what is about no notebook."""

_MOST_CHARACTERS = 20_000


class Ask(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the panel sends: which entry of the table, and what for.

    Parameters
    ----------
    values
        Parameters of the notebook as they were typed.
    target
        A system to export to.
    on
        What waits on this machine: `cron`, `systemd`, `jupyter-scheduler`.
    output
        Where an export is written, relative to the notebook's folder.
    catch_up
        Of missed runs, those that are made up for: `none`, `last`, `all`.
    credentials
        Where a job of this machine has its passwords from.
    secrets
        Variables that a target's own secrets set.
    image
        What an export's container is called.
    event
        What else starts it: `push`.
    run
        A job that ran, to be run again with the values that it had.
    """

    command: Name
    values: dict[str, str] = {}
    target: str | None = None
    on: str | None = None
    schedule: str | None = None
    timezone: str | None = None
    output: str | None = None
    catch_up: Literal["none", "last", "all"] | None = None
    credentials: str | None = None
    secrets: tuple[str, ...] = ()
    image: str | None = None
    event: Literal["push"] | None = None
    is_dry_run: bool = True
    run: str | None = None
    job: str | None = None
    verb: Verb | None = None


@dataclass(frozen=True)
class Command:
    """One thing that may be asked.

    Parameters
    ----------
    words
        Arguments for what was asked, without the notebook.
    takes
        Fields of `Ask` that mean something here; others are refused.
    limit_s
        After which it is ended; None for what takes as long as a notebook does.
    outlives
        Whether it goes on when the server ends.
    executes
        Whether what was asked runs a notebook, now or later, which takes the right to execute.
    """

    words: Callable[[Ask], list[str]]
    takes: tuple[str, ...] = ()
    is_about_notebook: bool = True
    limit_s: float | None = 60.0
    outlives: bool = False
    executes: Callable[[Ask], bool] = lambda _: False


def _always(_ask: Ask) -> bool:
    return True


def _tries(ask: Ask) -> bool:
    return ask.is_dry_run


def _params(ask: Ask) -> list[str]:
    return ["params", "--json", *_values(ask)]


def _targets(_ask: Ask) -> list[str]:
    return ["export", "--list", "--json"]


def _check(ask: Ask) -> list[str]:
    to = f"--for={_need(ask, 'target')}"
    return ["check", "--json", to, *_secrets(ask), *_dry(ask), *_values(ask)]


def _export(ask: Ask) -> list[str]:
    to = [f"--to={_need(ask, 'target')}", *([f"-o{ask.output}"] if ask.output else [])]
    when = [*_option("schedule", ask.schedule), *_when(ask), *_option("on", ask.event)]
    own = [*_option("image", ask.image), *_secrets(ask)]
    return ["export", "--json", *to, *when, *own, *_dry(ask), *_values(ask)]


def _schedule(ask: Ask) -> list[str]:
    when = [*_option("on", ask.on), *_when(ask)]
    return ["schedule", "--json", *when, *_secrets(ask), *_dry(ask), *_values(ask)]


def _run(ask: Ask) -> list[str]:
    return ["run", *_values(ask)]


def _jobs(ask: Ask) -> list[str]:
    if ask.verb is None:
        return [*_JOBS, "--json"]
    detach = ["--detach"] if ask.verb == "run" else []
    return [*_JOBS, ask.verb, *detach, _need(ask, "job")]


def _job_log(ask: Ask) -> list[str]:
    return [*_JOBS, "logs", _need(ask, "job")]


_ANY_JOB = ("values", "schedule", "timezone", "catch_up")
COMMANDS: Mapping[str, Command] = {
    "params": Command(_params, ("values",)),
    "targets": Command(_targets, is_about_notebook=False),
    "check": Command(
        _check,
        ("values", "target", "credentials", "secrets"),
        limit_s=1800.0,
        executes=lambda ask: ask.is_dry_run or bool(ask.credentials),  # these may be a command
    ),
    "export": Command(
        _export,
        (*_ANY_JOB, "target", "output", "secrets", "image", "event"),
        limit_s=1800.0,
        executes=_tries,
    ),
    "schedule": Command(
        _schedule,
        (*_ANY_JOB, "on", "credentials"),
        limit_s=1800.0,
        executes=_always,
    ),
    "run": Command(_run, ("values", "run"), limit_s=None, outlives=True, executes=_always),
    "jobs": Command(
        _jobs,
        ("job", "verb"),
        is_about_notebook=False,
        executes=lambda ask: ask.verb in ("run", "resume"),
    ),
    "job-log": Command(_job_log, ("job",), is_about_notebook=False),
}
"""All that may be asked."""


def write_command(ask: Ask, notebook: Path) -> list[str]:
    """Arguments of the process that answers.

    Raises
    ------
    UsageError
        Something of it cannot be meant.
    """
    command = COMMANDS[ask.command]
    _check_fields(ask, command)
    words = command.words(ask)
    if command.is_about_notebook:
        words += ["--", str(notebook)]  # an absolute path; what begins with `-` is no option
    if ask.command == "schedule":
        words.append(_need(ask, "schedule"))
    return [sys.executable, "-m", "nbops", *words]


def _check_fields(ask: Ask, command: Command) -> None:
    given = msgspec.structs.asdict(ask)
    for field in given.keys() - {"command", "is_dry_run", *command.takes}:
        if given[field]:
            raise UsageError(f"{ask.command!r} takes no {field}.")
    typed = (ask.schedule, ask.output, ask.credentials, ask.image)
    texts = [*ask.values.values(), *(text for text in typed if text)]
    if any("\0" in text or len(text) > _MOST_CHARACTERS for text in texts):
        raise UsageError("A value is too long, or holds a NUL character.")
    _check_names(ask)
    if ask.timezone and not _ZONE.fullmatch(ask.timezone):
        raise UsageError(f"There is no time zone {ask.timezone!r}.", "Such as Europe/Berlin.")
    if ask.output and (os.path.isabs(ask.output) or ".." in Path(ask.output).parts):
        raise UsageError(
            f"{ask.output!r} does not lie in the notebook's folder.", "Name a folder inside."
        )


def _check_names(ask: Ask) -> None:
    for name in ask.values:
        if not name.isidentifier():
            raise UsageError(f"{name!r} is no name of a parameter.")
    for name in ask.secrets:
        if not _VARIABLE.fullmatch(name):
            raise UsageError(f"{name!r} is no name of a variable.", "Such as DB_PASSWORD.")
    for field in ("target", "on", "job"):
        word = getattr(ask, field)
        if word and not _WORD.fullmatch(word):
            raise UsageError(f"{word!r} is no name of a {'system' if field == 'on' else field}.")


def _need(ask: Ask, field: str) -> str:
    value: str | None = getattr(ask, field)
    if not value:
        raise UsageError(f"{ask.command!r} needs a {field}.")
    return value


def _values(ask: Ask) -> list[str]:
    return [word for name, text in ask.values.items() for word in ("-p", f"{name}={text}")]


def _option(name: str, value: str | None) -> list[str]:
    return [f"--{name}={value}"] if value else []


def _when(ask: Ask) -> list[str]:
    return [*_option("timezone", ask.timezone), *_option("catch-up", ask.catch_up)]


def _secrets(ask: Ask) -> list[str]:
    return [
        *(f"--secret={name}" for name in ask.secrets),
        *_option("credentials", ask.credentials),
    ]


def _dry(ask: Ask) -> list[str]:
    return [] if ask.is_dry_run else ["--no-dry-run"]
