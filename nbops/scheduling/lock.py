"""The environment that a job runs in, as requirements: the recorded one, or what its kernel has now."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nbops import __version__
from nbops.capture.secrets.redaction import redact
from nbops.comparison.environments import environment_of
from nbops.errors import NotFound, UsageError
from nbops.index.queries import Index
from nbops.index.words import Found
from nbops.jobs.expected import ask_kernel, read_python
from nbops.jobs.parameters import read_notebook
from nbops.records import Environment
from nbops.requirements import make_lock
from nbops.workspace import Workspace

_OWN = "nbops"


@dataclass(frozen=True)
class JobLock:
    """Requirements, and where they are from.

    Parameters
    ----------
    python
        Minor version, such as `3.11`.
    source
        What they are, one line for people.
    missing
        Packages that only this machine has, so that they are not among the requirements.
    """

    text: str
    python: str
    source: str
    missing: tuple[str, ...] = ()


def find_lock(workspace: Workspace, notebooks: Sequence[Path], given: Path | None) -> JobLock:
    """Lock what was recorded when the notebooks last ran, or else what the kernel of the first one has.

    Parameters
    ----------
    given
        A file of requirements that is taken instead.

    Raises
    ------
    NotFound, UsageError
        That file is none; or the kernel does not tell its packages.
    """
    if given is not None:
        return _read_lock(given)
    found = _newest(workspace, notebooks)
    if found is not None:
        environment, name = found
        return _lock(environment, f"recorded in {name}")
    environment = ask_kernel(read_notebook(notebooks[0]).metadata)
    return _lock(environment, "what the kernel has now, since no run of it is recorded")


def _newest(workspace: Workspace, notebooks: Sequence[Path]) -> tuple[Environment, str] | None:
    """Environment of the newest session of any of the notebooks whose packages were listed."""
    if not workspace.sessions.is_dir():
        return None
    index = Index(workspace)
    index.wait()
    names = {workspace.name_of(str(notebook)) for notebook in notebooks}
    for session in index.sessions():
        if session.notebook not in names or session.status != "finished":
            continue
        document = index.document(Found(session.id, session.id, is_session=True))
        environment = environment_of(document)
        if environment is not None:
            return environment, session.name
    return None


def _lock(environment: Environment, source: str) -> JobLock:
    made = make_lock(environment, {})
    missing = tuple(package.partition(" ")[0] for package in made.missing)
    lines = list(made.lines)
    if _OWN in missing:  # from a checkout: the release of the same number is meant
        lines.append(f"{_OWN}=={environment.packages[_OWN]}")
        missing = tuple(name for name in missing if name != _OWN)
    elif _OWN not in environment.packages:
        lines.append(f"{_OWN}=={__version__}")
    python = ".".join(environment.python.split(".")[:2])
    head = [f"Python {python}: {source}."]
    head.append(
        "Versions without hashes: `nbops env RUN --lock` finds them, and --lock FILE takes them."
    )
    if missing:
        head.append(f"Not in here, since only that machine had them: {', '.join(missing)}.")
    return JobLock(_text(head, lines), python, source, missing)


def _read_lock(path: Path) -> JobLock:
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise NotFound(f"There is no lock {str(path)!r}.", "nbops env --lock makes one.") from error
    if redact(text) != text:
        raise UsageError(
            f"{path} holds what looks like a secret.",
            "Have pip ask for it: ~/.netrc, PIP_INDEX_URL.",
        )
    logical = re.sub(r"(?m)^[ \t]*#.*\n?", "", text).replace("\\\n", "\0").splitlines()
    told = [line.replace("\0", "\\\n") for line in logical if line.strip("\0 \t")]
    for line in told:
        if not re.match(r"[A-Za-z0-9]|--(index-url|extra-index-url|find-links https?:)", line):
            raise UsageError(
                f"{line.split()[0]!r} in {path.name} cannot travel: a lock names packages, and indexes.",
                "Write what it stands for into the lock: nbops env RUN --lock does.",
            )
    indexes = [line for line in told if line.startswith("--")]
    lines = [line for line in told if not line.startswith("--")]
    if not lines:
        raise UsageError(f"{path} locks nothing.", "A line of a lock is name==version.")
    python = read_python(text)
    if python is None:
        raise UsageError(
            f"{path} does not say which Python it is for.", "Begin it with: # Python 3.11"
        )
    if not any(re.match(rf"{_OWN}\b", line) for line in lines):
        if any("--hash" in line for line in lines):
            raise UsageError(
                f"{path} has hashes and no {_OWN}: pip wants hashes of all, or of none.",
                f"Add {_OWN} with its hash, or take nbops env RUN --lock --no-hashes.",
            )
        lines.append(f"{_OWN}=={__version__}")
    source = f"as {path.name} says"
    text = _text([f"Python {python}: {source}."], lines, indexes)
    return JobLock(text, python, source)


def _text(head: Sequence[str], lines: Sequence[str], indexes: Sequence[str] = ()) -> str:
    key = re.compile(r"[=\s]")
    ordered = sorted(lines, key=lambda line: key.split(line, maxsplit=1)[0].lower())
    return "\n".join([*(f"# {line}" for line in head), *indexes, *ordered]) + "\n"
