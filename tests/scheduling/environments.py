"""Environments that hold what checks exports: `make targets` makes them, beside .venv."""

import os
import subprocess
from pathlib import Path

import pytest
from processes import PATIENCE_S

HOME = Path(__file__).parents[2] / ".venv" / "targets"


def find(name: str) -> Path:
    """Folder of an environment; without it the test is left out, or fails where none may be."""
    folder = HOME / name
    if not (folder / ".ready").exists():
        if os.environ.get("NBOPS_ALL_TESTS"):
            pytest.fail(f"there is no {folder}: make targets")
        pytest.skip(f"make targets sets up {folder.name}")
    return folder


def run_in(name: str, code: str, *words: str, **variables: str) -> str:
    """Run Python code in an environment; returns what it printed."""
    done = subprocess.run(
        [find(name) / "bin" / "python", "-c", code, *words],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        env={**os.environ, **variables},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
