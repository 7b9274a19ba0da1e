"""`nbops run` in a process of its own, followed cell by cell; what stopped it is read from the executed notebook."""

import contextlib
import ctypes
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbops.errors import NbopsError
from nbops.jobs.parameters import read_notebook

OUT_OF_TIME = 124
"""Exit code of what its limit ended."""

_PROGRESS = re.compile(r"\[\d+/\d+\] ")
_GRACE_S = 30.0
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG


@dataclass(frozen=True)
class Ended:
    """How a process ended, and what it said last."""

    code: int
    said: str


@dataclass(frozen=True)
class Failure:
    """The cell that stopped a notebook, as nbformat has it, and its error in one line."""

    cell: Any
    name: str
    error: str
    execution_count: int | None


def follow(
    words: Sequence[str],
    *,
    folder: Path,
    environment: Mapping[str, str],
    tell: Callable[[str], None],
) -> Ended:
    """Run a command whose lines begin with `[2/9] ` where a cell begins, and wait for its end.

    Whatever ends this process ends that one, too.

    Parameters
    ----------
    tell
        Is told these lines.
    """
    process = subprocess.Popen(
        words,
        cwd=folder,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,  # Ctrl-C comes to us, and we end it in order
        preexec_fn=_die_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509 - one call of the C library
    )
    said = ""
    try:
        for line in process.stdout or ():
            if _PROGRESS.match(line):
                tell(line.rstrip())
            said = line.strip() or said
        return Ended(process.wait(), said)
    except BaseException:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE_S)
        raise
    finally:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _die_with_parent() -> None:
    """Have the operating system end this process, as SIGTERM does, when the one that started it is gone."""
    ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGTERM)


def find_record(said: str) -> str | None:
    """Id of the record that `nbops run` named last; None when it named none."""
    found = re.findall(r"nbops show ([0-9a-f]{12})\b", said)
    return found[-1] if found else None


def find_failure(executed: Path) -> Failure | None:
    """What stopped an executed notebook; None when nothing did, or nobody wrote it."""
    try:
        notebook = read_notebook(executed)
    except NbopsError:
        return None
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            if output.output_type == "error":
                text = " ".join(f"{output.ename}: {output.evalue}".split()).removesuffix(":")
                return Failure(cell, output.ename, text, cell.get("execution_count"))
    return None
