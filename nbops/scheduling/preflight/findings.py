"""One thing that stands between a job and where it is to run."""

from typing import Literal

from nbops.records import Record

KINDS = {
    "kernel": "another language, or a kernel that the target does not have",
    "parameter": "parameters that need a value, and have none",
    "order": "a cell uses what only a cell below it makes",
    "hidden": "a cell uses what no cell of the notebook makes",
    "random": "random numbers without a seed",
    "undeclared": "packages that are imported and not declared",
    "package": "packages that the lock does not pin, or nobody else can install",
    "module": "imports that are relative, or of modules outside of the project",
    "path": "absolute paths, the home folder, files that are not there",
    "data": "files and services that were read, and that the target does not reach",
    "tracking": "a tracking server that the target does not reach",
    "variable": "variables of the environment that the target must set",
    "secret": "passwords, tokens and keys in cells",
    "interactive": "cells that wait for a person",
    "dry-run": "it fails in a clean copy of what would travel",
    "target": "what the target itself cannot do",
}
"""What can be found, and silenced by this id."""


class Finding(Record, frozen=True, kw_only=True):
    """Something to mend, or to know, before a job leaves.

    An error is what would fail there, or would not be sound; a warning is what a person should have seen.
    """

    level: Literal["error", "warning"]
    kind: str  # one of `KINDS`
    message: str  # one sentence
    hint: str  # the way out, one sentence
    notebook: str | None = None  # its file's name; None: it is about the job
    cell_id: str | None = None
    cell: str | None = None  # first line of its code
    position: int | None = None  # the cell's place among the notebook's code cells, from 0


def say_job(level: Literal["error", "warning"], kind: str, message: str, hint: str) -> Finding:
    """A finding about a job as a whole."""
    return Finding(level=level, kind=kind, message=message, hint=hint)
