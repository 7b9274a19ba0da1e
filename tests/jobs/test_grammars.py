"""Grammars that nbformat's validator would build at import are built when something is checked by them."""

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

_CHECK = """
import sys
from nbops.jobs.grammars import defer_grammars
defer_grammars()
from jsonschema import FormatChecker
assert "lark" not in sys.modules
formats = FormatChecker(["iri"])
print(formats.conforms("https://example.org/ä", "iri"), formats.conforms("no iri", "iri"))
assert "lark" in sys.modules
"""


@pytest.mark.parametrize(
    "words", [["-m", "nbops", "params", "n.ipynb"], ["-m", "nbops.jobs.worker", "0"]]
)
def test_our_processes_read_notebooks_without_them(tmp_path: Path, words: list[str]):
    cells = [nbformat.v4.new_code_cell("x = 1", metadata={"tags": ["parameters"]})]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "n.ipynb")
    command = [sys.executable, "-X", "importtime", *words]
    done = subprocess.run(
        command, cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "nbops.jobs.grammars" in imported
    assert "lark" not in imported


def test_what_is_checked_by_them_is_checked_as_ever():
    done = subprocess.run(
        [sys.executable, "-c", _CHECK], check=True, capture_output=True, text=True
    )
    assert done.stdout.split() == ["True", "False"]
