"""Projects whose notebooks are about to leave, and the places that they go to."""

import json
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from nbops.scheduling.job import Job, read_job
from nbops.scheduling.preflight import Finding
from nbops.scheduling.target import Emission


@dataclass(frozen=True)
class Place:
    """A target that says nothing of its own."""

    name: str
    is_remote: bool
    summary: str = "somewhere"
    found: list[Finding] = field(default_factory=list)

    def check(self, job: Job) -> list[Finding]:
        return self.found

    def emit(self, job: Job) -> Emission:
        raise NotImplementedError


CLOUD = Place("cloud", is_remote=True)
DESK = Place("desk", is_remote=False)

LOCKED = ("pandas", "numpy", "scikit-learn", "nbops", "mlflow")
PROJECT = """
[project]
name = "project"
dependencies = ["pandas", "numpy", "scikit-learn", "mlflow", "ipywidgets", "requests", "nowhere-at-all"]
[tool.nbops]
tracking_uri = "https://mlflow.example.org"
"""


def write_lock(folder: Path, *more: str) -> Path:
    """A lock of a few packages in the versions that are installed."""
    lines = [f"{name}=={version(name)}" for name in LOCKED]
    path = folder / "lock.txt"
    path.write_text("\n".join(["# Python 3.11", *lines, *more]) + "\n")
    return path


def write_notebook(
    path: Path,
    cells: list[str],
    tags: dict[int, list[str]] | None = None,
    metadata: dict[str, Any] | None = None,
) -> Path:
    """A notebook whose cells are called a, b, c ... from top to bottom."""
    made = [
        {
            "id": chr(ord("a") + number),
            "cell_type": "code",
            "source": source,
            "metadata": {"tags": (tags or {}).get(number, [])},
            "outputs": [],
            "execution_count": None,
        }
        for number, source in enumerate(cells)
    ]
    content = {"nbformat": 4, "nbformat_minor": 5, "metadata": metadata or {}, "cells": made}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))
    return path


def make_job(root: Path, cells: list[str], **options: Any) -> Job:
    """A notebook's job in a project that declares its packages and names a server."""
    if "tool.nbops" not in (root / "pyproject.toml").read_text():
        (root / "pyproject.toml").write_text(PROJECT)
    more = options.pop("more_locked", ())
    path = write_notebook(
        root / "job.ipynb", cells, options.pop("tags", None), options.pop("metadata", None)
    )
    return read_job(path, options.pop("parameters", None), lock=write_lock(root, *more), **options)
