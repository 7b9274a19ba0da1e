"""`nbops restore-file`: a file that has since changed comes back as a run read it."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from kernels import Kernel
from processes import PATIENCE_S, wait_until

from nbops.index.queries import Index
from nbops.workspace import Workspace

NBOPS = (sys.executable, "-c", "from nbops.cli import main; main()")


@pytest.fixture
def restore(
    kernel: Kernel, workspace: Workspace, index: Index
) -> Callable[..., subprocess.CompletedProcess[str]]:
    """A run has read `data/a.csv`, which was changed then."""
    path = workspace.root / "data" / "a.csv"
    path.parent.mkdir()
    path.write_text("x\n1\n")
    kernel.run("%%track first\ntext = open('data/a.csv').read()\nlen(text)")

    def is_kept() -> bool:
        assert index.wait(PATIENCE_S)
        cells = index.document(index.resolve("first")).cell_runs
        return all(ref.kept for cell in cells for ref in cell.reads)

    wait_until(is_kept)
    path.write_text("x\n2\n")

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [*NBOPS, "restore-file", *words]
        return subprocess.run(command, cwd=workspace.root, capture_output=True, text=True)

    return run


def test_a_file_comes_back_as_it_was_read(restore, workspace: Workspace):
    done = restore("first", "a.csv", "-o", "old.csv")
    assert (done.returncode, done.stderr) == (0, "")
    assert (workspace.root / "old.csv").read_text() == "x\n1\n"
    assert (workspace.root / "data" / "a.csv").read_text() == "x\n2\n"
    again = restore("first", "data/a.csv", "-o", "old.csv")
    assert (again.returncode, again.stderr) == (
        2,
        "nbops: old.csv is there already. Give another place with -o, or --force.\n",
    )
    beside = restore("first", "a.csv")
    assert Path(workspace.root / beside.stdout.split()[0]).read_text() == "x\n1\n"


def test_what_is_not_there_is_said_in_one_line(restore, workspace: Workspace):
    done = restore("first", "b.csv")
    assert (done.returncode, done.stderr) == (
        2,
        "nbops: The run read and wrote no 'b.csv'. There are data/a.csv.\n",
    )
    for path in (workspace.kept_data).rglob("*"):
        if path.is_file():
            path.unlink()
    done = restore("first", "a.csv")
    assert (done.returncode, done.stderr) == (
        2,
        "nbops: The content of data/a.csv was not kept. It made room for newer ones.\n",
    )
