"""Credentials of a job that runs alone, read when it starts from where a person keeps them."""

import os
import re
import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path

from nbops.errors import NotFound, UsageError

_LINE = re.compile(r"(?:export\s+)?([A-Za-z_]\w*)=(.*)")
_PATIENCE_S = 60.0
SOURCES = "FILE of NAME=VALUE lines that only you can read, command:COMMAND that prints such lines, or environment"


def check_source(source: str) -> str:
    """A source as it is kept: paths absolute.

    Raises
    ------
    NotFound, UsageError
        It is not there, or others can read it.
    """
    if source == "environment":
        return source
    if source.startswith("command:"):
        if not shlex.split(source.removeprefix("command:")):
            raise UsageError("command: names no command.", f"--credentials takes {SOURCES}.")
        return source
    path = Path(source).expanduser().absolute()
    _read_file(path)
    return str(path)


def read_credentials(source: str | None) -> dict[str, str]:
    """Variables of a source: a file, a command, or what this process was given.

    Raises
    ------
    NotFound, UsageError
        It is not there, others can read it, or its command fails.
    """
    if source is None or source == "environment":
        return {}
    if source.startswith("command:"):
        return _ask(source.removeprefix("command:"))
    return _read_file(Path(source).expanduser())


def list_names(source: str | None) -> tuple[str, ...]:
    """Names of the variables that a source gives, as far as can be told before the job's own time.

    Raises
    ------
    NotFound, UsageError
        As `read_credentials` says.
    """
    found = os.environ if source == "environment" else read_credentials(source)
    return tuple(name for name in found if name.isidentifier())  # a shell's functions are none


def mask(text: str, secrets: Mapping[str, str]) -> str:
    """Text without the values of credentials."""
    for name, value in secrets.items():
        if len(value) >= 6:  # of shorter ones, half the text would be hidden
            text = text.replace(value, f"[{name}]")
    return text


def _read_file(path: Path) -> dict[str, str]:
    try:
        mode = path.stat().st_mode
        text = path.read_text("utf-8")
    except FileNotFoundError as error:
        raise NotFound(
            f"There is no file of credentials {str(path)!r}.", f"--credentials takes {SOURCES}."
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}.") from error
    if mode & 0o077 and os.name == "posix":
        raise UsageError(f"Others can read {path}.", f"chmod 600 {shlex.quote(str(path))}")
    return _parse(text, str(path))


def _ask(command: str) -> dict[str, str]:
    try:
        done = subprocess.run(
            shlex.split(command), capture_output=True, text=True, timeout=_PATIENCE_S, check=False
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise UsageError(f"The command for credentials does not run: {error}.") from error
    if done.returncode:
        name = shlex.split(command)[0]
        raise UsageError(f"The command for credentials, {name}, ended with {done.returncode}.")
    return _parse(done.stdout, "the command for credentials")


def _parse(text: str, place: str) -> dict[str, str]:
    found = {}
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        match = _LINE.fullmatch(stripped)
        if match is None:
            raise UsageError(f"Line {number} of {place} is not NAME=VALUE.")  # nor shown: a secret
        value = match[2].strip()
        if len(value) >= 2 and value[0] == value[-1] and value[0] in "'\"":
            value = value[1:-1]
        found[match[1]] = value
    return found
