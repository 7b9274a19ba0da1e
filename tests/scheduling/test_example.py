"""examples/04_scheduled: what is committed is what would be exported now."""

import runpy
import subprocess
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "04_scheduled"
ALL = runpy.run_path(str(EXAMPLE / "export_all.py"))


@pytest.mark.parametrize("name", ALL["TARGETS"])
def test_exporting_the_example_again_gives_the_files_that_are_there(name: str):
    if name == "github-actions" and not _is_in_git():
        pytest.skip("without git nothing tells where in its repository the example lies")
    emitted = ALL["emit"](name)
    there = {
        path.relative_to(EXAMPLE / name).as_posix(): path.read_bytes()
        for path in (EXAMPLE / name).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert there == emitted, "make exports"


def _is_in_git() -> bool:
    asked = ["git", "-C", EXAMPLE, "rev-parse", "--show-prefix"]
    return subprocess.run(asked, capture_output=True, check=False).returncode == 0
