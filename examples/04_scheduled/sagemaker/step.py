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

PROJECT = Path(__file__).resolve().parent / "project"


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--from", dest="before", action="append", default=[], help="what a step left")
    parser.add_argument("--left", required=True, help="folder for the files that this one writes")
    parser.add_argument("words", nargs="+", help="the command, as typed in the project")
    options = parser.parse_args()
    work = Path(tempfile.mkdtemp(), "project")
    shutil.copytree(PROJECT, work)
    for folder in options.before:
        shutil.copytree(folder, work, dirs_exist_ok=True)
    before = _times(work)
    variables = {**os.environ, **read_secret(), "NBOPS_WORKSPACE": str(work)}
    paths = [str(work / path) for path in []]
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
    Path(options.left, ".nbops-step").write_text("what a step left\n")
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


def read_secret():
    """Variables that Secrets Manager holds for this job."""
    import boto3

    found = boto3.client("secretsmanager").get_secret_value(SecretId="nbops/wine")
    return json.loads(found["SecretString"])


if __name__ == "__main__":
    sys.exit(main())
