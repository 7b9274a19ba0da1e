"""A small real project: a notebook with parameters, a module, an input."""

import contextlib
import io
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pytest

from nbops.cli import main

URI = "MLFLOW_TRACKING_URI"
SERVER = "tracking.example.org"
"""A server that every target reaches; no file of an export names it."""

CELLS = {
    "parameters": 'depth = 4  # how deep\nmodel = "tree"\nis_quick = True\nleaves = 2**depth',
    "data": "import csv\nfrom measures import score\n"
    'rows = [int(row["x"]) for row in csv.DictReader(open("data/x.csv"))]',
    "fit": "# track: fit depth\nresult = score(rows, depth, leaves)\nresult",
    "save": 'open("result.txt", "w").write(f"{model} {result}")\nprint(model, result)',
}


def write_notebook(path: Path, cells: Mapping[str, str]) -> Path:
    """Write a notebook that has been run: with an output that must not travel."""
    made = nbformat.v4.new_notebook()
    made.metadata["kernelspec"] = {"name": "python3", "display_name": "x", "language": "python"}
    for name, source in cells.items():
        tags = ["parameters"] if name == "parameters" else []
        cell = nbformat.v4.new_code_cell(source, id=name, metadata={"tags": tags})
        cell.outputs = [nbformat.v4.new_output("stream", text="seen before")]
        cell.execution_count = 7
        made.cells.append(cell)
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(made, path)
    return path


def write_project(root: Path) -> Path:
    """Fill a project's folder; returns its notebook."""
    (root / "data").mkdir(parents=True)
    (root / "data" / "x.csv").write_text("x\n1\n2\n3\n")
    (root / "measures.py").write_text(
        "def score(rows, depth, leaves):\n    return {'total': sum(rows) * depth, 'leaves': leaves}\n"
    )
    return write_notebook(root / "study.ipynb", CELLS)


@dataclass
class Said:
    """What a command answered."""

    returncode: int
    stdout: str
    stderr: str


def nbops(folder: Path, *words: str, code: int = 0) -> Said:
    """Run a command of nbops in a folder; in this process, which has imported what it needs."""
    out, err = io.StringIO(), io.StringIO()
    if words[0] in ("export", "schedule") and "--list" not in words:
        words = (*words, "--no-dry-run")  # which has tests of its own
    with (
        contextlib.chdir(folder),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(sys, "argv", ["nbops", *words])
        if words[0] == "export" and URI not in os.environ:
            patch.setenv(URI, f"https://{SERVER}")
        with pytest.raises(SystemExit) as ended:
            main()
    said = Said(int(ended.value.code or 0), out.getvalue(), err.getvalue())
    assert said.returncode == code, said
    return said


def export(folder: Path, *words: str) -> dict[str, Any]:
    """Export, and read what was told."""
    return json.loads(nbops(folder, "export", *words, "--json").stdout)


def clean_environment(home: Path, **more: str) -> dict[str, str]:
    """Variables of a process that knows nothing of this one but where its Python is."""
    home.mkdir(parents=True, exist_ok=True)
    return {
        "HOME": str(home),
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "XDG_RUNTIME_DIR": os.environ["XDG_RUNTIME_DIR"],
        "NBOPS_STAY_S": "1",
        **more,
    }
