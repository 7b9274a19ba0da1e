"""`import nbops` in a plain script."""

import subprocess
import sys

from logged import metrics_of
from mlflow import MlflowClient
from processes import PATIENCE_S

from nbops.index.queries import Index
from nbops.workspace import Workspace


def run_script(workspace: Workspace, code: str) -> subprocess.CompletedProcess[str]:
    script = workspace.root / "train.py"
    script.write_text(code)
    command = [sys.executable, str(script)]
    return subprocess.run(
        command, cwd=workspace.root, capture_output=True, text=True, timeout=PATIENCE_S
    )


def test_a_block_makes_a_run_and_the_script_ends_with_it_in_mlflow(workspace: Workspace):
    (workspace.root / "a.csv").write_text("x\n1\n")
    done = run_script(
        workspace,
        "import nbops\n"
        "rows = open('a.csv').read()\n"
        "with nbops.track('forest', depth=3) as run:\n"
        "    run.log_metric('auc', 0.9)\n"
        "    nbops.log_metrics({'f1': 0.8})\n",
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    index = Index(workspace)
    (run,) = index.runs()
    assert (run.name, run.status, run.params) == ("forest", "finished", {"depth": 3})
    document = index.document(index.resolve("last"))
    assert (document.session.kind, document.session.notebook) == ("script", "train.py")
    assert "nbops.track('forest'" in document.cell_runs[0].source
    assert [ref.name for ref in document.cell_runs[0].reads] == []  # before nbops was asked for
    found = MlflowClient(tracking_uri=workspace.embedded_uri).get_run(run.mlflow_run_id)
    assert metrics_of(found) == {"auc": 0.9, "f1": 0.8}
    assert found.data.tags["mlflow.source.type"] == "LOCAL"


def test_a_started_script_sees_what_it_reads(workspace: Workspace):
    (workspace.root / "a.csv").write_text("x\n1\n")
    code = "import nbops\nnbops.start('exp')\nimport pandas as pd\ndf = pd.read_csv('a.csv')\n"
    run_script(workspace, code + "nbops.log_metric('rows', len(df))\n")
    index = Index(workspace)
    document = index.document(index.resolve("last"))
    assert document.session.experiment == "exp"
    assert [(ref.name, ref.shape) for ref in document.cell_runs[0].reads] == [("a.csv", (1, 1))]
    assert document.runs[0].origin == "metric"


def test_a_script_that_fails_is_recorded_and_fails_as_before(workspace: Workspace):
    done = run_script(workspace, "import nbops\nwith nbops.track('r'):\n    1/0\n")
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1] == "ZeroDivisionError: division by zero"
    assert Index(workspace).runs()[0].status == "failed"


def test_a_script_that_only_imports_nbops_records_nothing(workspace: Workspace):
    assert run_script(workspace, "import nbops\nprint('hi')\n").stdout == "hi\n"
    assert not list(workspace.sessions.glob("*"))


def test_importing_nbops_is_light(workspace: Workspace):
    code = "import sys, nbops\nprint([m for m in ('mlflow', 'pandas', 'msgspec', 'IPython') if m in sys.modules])"
    assert run_script(workspace, code).stdout == "[]\n"


def test_runs_are_a_frame(workspace: Workspace):
    run_script(
        workspace,
        "import nbops\nfor d in (1, 2):\n"
        "    with nbops.track('r', d=d) as run: run.log_metric('m', d / 2)\n",
    )
    done = run_script(
        workspace,
        "import nbops\n"
        "frame = nbops.runs(where='metrics.m > 0', sort='metrics.m')\n"
        "print(frame[['name', 'metrics.m', 'params.d']].values.tolist())\n"
        "print(len(nbops.runs(where='metrics.m > 9')))\n"
        "print(nbops.show('last'), nbops.why())\n",
    )
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert lines[:2] == ["[['r', 1.0, 2], ['r', 0.5, 1]]", "0"]
    assert "One recorded thing changed" in done.stdout


def test_a_metric_that_is_no_number_is_said_once_and_the_script_goes_on(workspace: Workspace):
    done = run_script(
        workspace,
        "import nbops\n"
        "for step in range(3):\n"
        "    nbops.log_metrics({'a': 1, 'b': 'high', 'c': 3}, step=float(step))\n",
    )
    assert done.returncode == 0
    assert done.stderr.count("The metric 'b' is a str, not a number") == 1
    (run,) = Index(workspace).runs()
    assert {name: len(points) for name, points in run.metrics.items()} == {"a": 1, "c": 1}
    document = Index(workspace).document(Index(workspace).resolve("last"))
    assert [point[0] for point in document.runs[0].metrics["c"]] == [0, 1, 2]


def test_names_of_any_kind_are_taken_as_text(workspace: Workspace):
    code = "import nbops\nnbops.start('e', tags={'n': 1})\nnbops.log_metric(5, 1)\nnbops.log_param(6, 2)\n"
    done = run_script(workspace, code + "nbops.set_tag(7, 3)\nnbops.note(8)\n")
    assert (done.returncode, done.stderr) == (0, "")
    (run,) = Index(workspace).runs()
    assert (set(run.metrics), run.params, run.tags, run.notes) == (
        {"5"},
        {"6": 2},
        {"7": "3"},
        ("8",),
    )


def test_what_workers_log_arrives_in_the_run_that_they_were_started_in(workspace: Workspace):
    done = run_script(
        workspace,
        "import multiprocessing, nbops\n"
        "def work(n):\n"
        "    nbops.log_metric('n', n)\n"
        "    with nbops.track(f'own{n}'):\n"
        "        nbops.log_metric('inside', n)\n"
        "if __name__ == '__main__':\n"
        "    for way in ('fork', 'spawn'):\n"
        "        with nbops.track(way) as run, multiprocessing.get_context(way).Pool(2) as pool:\n"
        "            pool.map(work, range(3))\n"
        "        with nbops.track('by hand') as run:\n"
        "            process = multiprocessing.get_context('fork').Process(\n"
        "                target=run.log_metric, args=('m', 7)\n"
        "            )\n"
        "            process.start()\n"
        "            process.join()\n",
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert len(list(workspace.sessions.glob("*"))) == 1
    index = Index(workspace)
    runs = index.document(index.resolve(index.sessions()[0].id)).runs
    values = {
        (run.name, name): sorted(value for _, value, _ in points)
        for run in runs
        for name, points in run.metrics.items()
    }
    own = {(f"own{n}", "inside"): [n] for n in range(3)}
    expected = {("fork", "n"): [0, 1, 2], ("spawn", "n"): [0, 1, 2], ("by hand", "m"): [7], **own}
    assert values == expected


def test_a_block_may_be_left_in_another_context(workspace: Workspace):
    done = run_script(
        workspace,
        "import contextvars, nbops\n"
        "block = nbops.track('y')\n"
        "contextvars.copy_context().run(block.__enter__)\n"
        "block.__exit__(None, None, None)\n",
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert Index(workspace).runs()[0].status == "finished"


def test_what_a_full_disk_has_no_room_for_is_said_once_and_breaks_nothing(workspace: Workspace):
    done = run_script(
        workspace,
        "import nbops, resource\n"
        "from pathlib import Path\n"
        "Path('big.bin').write_bytes(bytes(200_000))\n"
        "class Figure:\n"
        "    def savefig(self, *_, **__): raise OSError(28, 'No space left on device')\n"
        "from sklearn.dummy import DummyClassifier\n"
        "model = DummyClassifier(strategy='constant', constant='x' * 200_000)\n"
        "model.fit([[0]], ['x' * 200_000])\n"
        "nbops.start('full')\n"
        "before = resource.getrlimit(resource.RLIMIT_FSIZE)\n"
        "with nbops.track('r'):\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))\n"
        "    nbops.log_file('big.bin', 'data/big.bin')\n"
        "    nbops.log_figure(Figure(), 'roc.png')\n"
        "    nbops.log_model(model, 'forest')\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, before)\n"
        "    nbops.log_metric('after', 1)\n",
    )
    assert done.returncode == 0
    assert done.stderr.splitlines() == [
        "nbops: data/big.bin could not be kept: File too large.",
        "nbops: roc.png could not be kept: No space left on device.",
        "nbops: forest could not be kept: File too large.",
    ]
    index = Index(workspace)
    (run,) = index.runs()
    (recorded,) = index.document(index.resolve("r")).runs
    assert [(file.name, file.digest, file.missing) for file in recorded.files] == [
        ("data/big.bin", None, "could not be kept: File too large"),
        ("roc.png", None, "could not be kept: No space left on device"),
    ]
    (model,) = recorded.models
    assert (model.name, model.missing) == ("forest", "could not be kept: File too large")
    assert not list(workspace.sessions.glob("*/models/*")), "no half of it is left"
    client = MlflowClient(tracking_uri=workspace.embedded_uri)
    assert metrics_of(client.get_run(run.mlflow_run_id)) == {"after": 1}
    kept = {found.path for found in client.list_artifacts(run.mlflow_run_id)}
    assert kept == {"nbops"}
