"""Scratch workspaces, and processes that measure in them."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HOMES = ("HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR", "IPYTHONDIR")


@contextmanager
def scratch_workspace() -> Iterator[tuple[Path, dict[str, str]]]:
    """A folder that is a workspace, and variables that keep everything else out of it."""
    root = Path(tempfile.mkdtemp(prefix="nbops-bench-"))
    environment = dict(os.environ)
    for name in HOMES:
        (root / name).mkdir()
        environment[name] = str(root / name)
    project = root / "project"
    project.mkdir()
    (project / "pyproject.toml").touch()
    try:
        yield project, environment
    finally:
        subprocess.run(["pkill", "-f", f"nbops.tracking.service {project}"], check=False)
        shutil.rmtree(root, ignore_errors=True)


def run_code(code: str, project: Path, environment: dict[str, str], *arguments: str) -> str:
    """Standard output of Python code in a process of its own."""
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(
        command, cwd=project, env=environment, check=True, stdout=subprocess.PIPE, text=True
    )
    return done.stdout
