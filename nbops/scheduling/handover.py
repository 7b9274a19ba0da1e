"""A step on a machine of its own: a script that puts the project and what steps before it left together."""

import json
from typing import TYPE_CHECKING

from nbops.scheduling.command import PROJECT
from nbops.scheduling.template import fill

if TYPE_CHECKING:
    from nbops.scheduling.job import Job, JobStep

SCRIPT = "step.py"

_TEMPLATE = '''\
"""Runs one step in a copy of the project, with the files that steps before it left.

Written by `nbops export`: export again rather than change it here. Its exit code is the notebook's.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

PROJECT = Path(__file__).resolve().parent / "<<project>>"


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\\n")[0])
    parser.add_argument("--from", dest="before", action="append", default=[], help="what a step left")
    parser.add_argument("--left", required=True, help="folder for the files that this one writes")
    parser.add_argument("words", nargs="+", help="the command, as typed in the project")
    options = parser.parse_args()
    work = Path(tempfile.mkdtemp(), "<<project>>")
    shutil.copytree(PROJECT, work)
    for folder in options.before:
        shutil.copytree(folder, work, dirs_exist_ok=True)
    before = _times(work)
    variables = {**os.environ, **read_secret(), "NBOPS_WORKSPACE": str(work)}
    paths = [str(work / path) for path in <<import_paths>>]
    if paths:
        variables["PYTHONPATH"] = os.pathsep.join(paths)
    code = subprocess.run(options.words, cwd=work, env=variables).returncode
    for path, time in _times(work).items():
        if before.get(path) != time:
            target = Path(options.left, path)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(work / path, target)
    # A bucket knows no empty folder: the next step would not find what this one left.
    Path(options.left).mkdir(parents=True, exist_ok=True)
    Path(options.left, ".nbops-step").write_text("what a step left\\n")
    return code


def _times(folder):
    """When each file was written; not those of nbops and Python."""
    found = {}
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in (".nbops", "__pycache__")]
        for name in names:
            path = Path(place, name)
            found[path.relative_to(folder)] = path.stat().st_mtime_ns
    return found


<<read_secret>>


if __name__ == "__main__":
    sys.exit(main())
'''

_DOCKERFILE = """\
# Written by `nbops export`: export again rather than change it here.
FROM python:<<python>>-slim

<<git>>
RUN pip install --no-cache-dir <<client>>
WORKDIR <<home>>
COPY lock.txt ./
RUN python -m venv .venv && .venv/bin/pip install --no-cache-dir --requirement lock.txt
"""


def write_step(job: "Job", read_secret: str) -> str:
    """Text of the script.

    Parameters
    ----------
    read_secret
        Its function `read_secret()`, which gives variables by name: the system's own way to secrets.
    """
    return fill(
        _TEMPLATE,
        project=PROJECT,
        import_paths=repr(list(job.bundle.import_paths)),
        read_secret=read_secret,
    )


def write_dockerfile(job: "Job", home: str, client: str) -> str:
    """Text of what its image is built from: the lock in an environment of its own.

    Parameters
    ----------
    client
        Packages by which the script, outside of that environment, asks for secrets.
    """
    return fill(_DOCKERFILE, python=job.python, git=install_git(job), home=home, client=client)


def install_git(job: "Job") -> str:
    """A Dockerfile's line that brings git where requirements come from repositories; else nothing."""
    if "git+" not in job.lock:
        return ""
    return (
        "RUN apt-get update && apt-get install --yes --no-install-recommends git"
        " && rm -rf /var/lib/apt/lists/*"
    )


def write_secret(job: "Job") -> str:
    """What its secret holds, as a word of the shell in which a person fills in the values."""
    values = {"MLFLOW_TRACKING_URI": "https://..."} | dict.fromkeys(job.secrets, "...")
    return f"'{json.dumps(values)}'"


def limit_of(job: "Job", step: "JobStep") -> int | None:
    """Seconds after which a step is certainly over: all its tries, and starting; None without a limit."""
    if not job.is_pipeline or step.timeout_s is None:
        return job.longest_s
    return int(step.timeout_s * (1 + step.retries)) + 300
