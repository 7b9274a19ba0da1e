"""What runs by itself and what a person ran by hand are the same kind of record."""

import subprocess
import sys

import nbformat
import pytest
from kernels import Kernel
from nbformat.v4 import new_code_cell, new_notebook
from processes import PATIENCE_S, wait_until

from nbops.index.check import check_path
from nbops.index.compared import compare_runs
from nbops.index.queries import Index

CELLS = {
    "params": "depth = 4",
    "load": "lines = open('train.csv').read().splitlines()",
    "seed": "import random\nrandom.seed(7)",
    "fit": "%%track forest depth\nauc = len(lines) * depth / 100 + random.random() / 10\nauc",
}


@pytest.mark.parametrize("given", [(), ("-p", "depth=4")], ids=["as it is", "with a value"])
def test_a_scheduled_run_and_one_by_hand_differ_in_nothing_but_the_time(
    kernel: Kernel, index: Index, given: tuple[str, ...]
):
    root = index.workspace.root
    (root / "train.csv").write_text("a,b\n1,2\n3,4\n")
    for cell_id, source in CELLS.items():
        kernel.run(source, cell_id)
    kernel.shutdown()
    cells = [new_code_cell(source, id=cell_id) for cell_id, source in CELLS.items()]
    cells[0].metadata["tags"] = ["parameters"]
    nbformat.write(new_notebook(cells=cells), root / "notebook.ipynb")
    # What every schedule and every exported job runs.
    command = [sys.executable, "-m", "nbops", "run", "notebook.ipynb", *given]
    subprocess.run(command, cwd=root, check=True, capture_output=True)
    assert index.wait(PATIENCE_S)
    by_hand, scheduled = sorted(
        (run for run in index.runs() if run.name == "forest"), key=lambda run: run.started_at
    )
    assert by_hand.session_id != scheduled.session_id
    ids = [by_hand.id, scheduled.id]
    wait_until(
        lambda: not compare_runs(index, ids).pairs[0].unknown
    )  # packages are listed by and by
    table = compare_runs(index, ids)
    [metric] = [row for row in table.metrics if row.name == "auc"]
    assert metric.values[0] == metric.values[1]
    [pair] = table.pairs
    assert [(change.kind, change.name, change.note) for change in pair.changes] == []
    assert pair.outputs == ()
    # Nor does the notebook lack the cell that gave the value.
    found = check_path(index, root / "notebook.ipynb").findings
    assert [one.message for one in found if one.kind == "hidden"] == []
