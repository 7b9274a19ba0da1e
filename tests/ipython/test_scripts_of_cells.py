"""Scripts that cells start: their own nbops and MLflow calls belong to the cell's session."""

from collections.abc import Callable

from kernels import Kernel
from mlflow import MlflowClient
from processes import PATIENCE_S, wait_until
from watching import last_cell

from nbops.digests import digest_file
from nbops.index.queries import Index
from nbops.workspace import Workspace

TRAIN = """
import os, sys
before = dict(os.environ)
import nbops
from helpers import load
with nbops.track("forest", depth=3) as run:
    run.log_metric("rows", load("x.csv"))
nbops.log_metric("auc", 0.9)
nbops.log_param("seed", 1)
open("model.txt", "w").write("m")
assert dict(os.environ) == before and not [key for key in before if key.startswith("NBOPS_")
    and key not in ("NBOPS_STAY_S",)], "tracking set a variable"
print("trained", *sys.argv[1:])
"""


def sessions(workspace: Workspace) -> int:
    return len(list(workspace.sessions.iterdir()))


def test_a_script_that_a_cell_starts_joins_its_session(
    kernel: Kernel, workspace: Workspace, index: Index
):
    root = workspace.root
    (root / "train.py").write_text(TRAIN)
    (root / "helpers.py").write_text("def load(path):\n    return len(open(path).readlines())\n")
    (root / "x.csv").write_text("1\n2\n")
    answer = kernel.run("import sys\n!{sys.executable} train.py one")
    assert answer.text.strip() == "trained one"
    cell = last_cell(index)
    assert [(one.name, one.digest, one.seen_by) for one in cell.reads] == [
        ("x.csv", digest_file(root / "x.csv"), "audit")
    ]
    assert [one.name for one in cell.writes] == ["model.txt"]
    assert {one.path for one in cell.modules} == {"train.py", "helpers.py"}
    (process,) = cell.processes
    assert (process.command.endswith("train.py one"), process.seen_by) == (True, "audit")
    assert (cell.warnings, cell.params) == ((), {"seed": 1})
    assert {metric for run in index.runs() for metric in run.metrics} == {"rows", "auc"}
    assert "forest" in {run.name for run in index.runs()}
    assert sessions(workspace) == 1

    kernel.run("import subprocess, sys\nsubprocess.run([sys.executable, 'train.py'])")
    again = last_cell(index)
    assert [one.name for one in again.reads] == ["x.csv"]
    assert list(again.metrics) == ["auc"]
    assert sessions(workspace) == 1


def test_a_scripts_own_mlflow_run_is_the_cells(kernel: Kernel, workspace: Workspace, index: Index):
    (workspace.root / "train.py").write_text(
        "import mlflow\nwith mlflow.start_run():\n    mlflow.log_metric('auc', 0.75)\n"
    )
    assert kernel.run("import sys\n!{sys.executable} train.py").error == ""
    wait_until(lambda: last_cell(index).mlflow_run_ids)
    cell = last_cell(index)
    client = MlflowClient(tracking_uri=workspace.embedded_uri)
    found = client.get_run(cell.mlflow_run_ids[0])
    assert found.data.metrics["auc"] == 0.75
    assert found.data.tags["nbops.started_in"] == cell.id
    assert sessions(workspace) == 1


def test_a_script_that_names_another_experiment_has_a_session_of_its_own(
    kernel: Kernel, workspace: Workspace, index: Index
):
    (workspace.root / "train.py").write_text("import nbops\nnbops.start('other')\n")
    kernel.run("import sys\n!{sys.executable} train.py")
    wait_until(lambda: {one.experiment for one in index.sessions()} >= {"other", "notebook"})


def test_what_a_script_tells_after_its_cell_is_taken_over_at_the_end(
    start_kernel: Callable[..., Kernel], workspace: Workspace, index: Index
):
    kernel = start_kernel()
    kernel.run("%load_ext nbops\n%track start")
    (workspace.root / "late.py").write_text(
        "import nbops, os, time\n"
        "nbops.log_metric('early', 1)\n"
        "open('joined', 'w').close()\n"
        "while not os.path.exists('go'): time.sleep(0.05)\n"
        "nbops.log_metric('late', 2)\n"
        "open('done', 'w').close()\n"
    )
    kernel.run(
        "import subprocess, sys, os, time\n"
        "child = subprocess.Popen([sys.executable, 'late.py'])\n"
        "while not os.path.exists('joined'): time.sleep(0.05)\n"
    )
    (workspace.root / "go").touch()
    wait_until((workspace.root / "done").exists)
    kernel.run("%track stop")
    assert index.wait(PATIENCE_S)
    document = index.document(index.resolve(index.sessions()[0].id))
    assert list(document.cell_runs[1].metrics) == ["early", "late"]
