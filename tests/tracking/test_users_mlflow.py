"""The user's own MLflow code is the run, not a second one."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from kernels import Kernel
from logged import metrics_of
from mlflow import MlflowClient
from processes import PATIENCE_S, wait_until

from nbops.index.queries import Index
from nbops.records import last_value
from nbops.workspace import Workspace


@pytest.fixture
def client(workspace: Workspace) -> MlflowClient:
    return MlflowClient(tracking_uri=workspace.embedded_uri)


def all_runs(client: MlflowClient) -> list[Any]:
    experiments = [e.experiment_id for e in client.search_experiments()]
    return client.search_runs(experiments, order_by=["attributes.start_time ASC"])


def settled(index: Index, count: int) -> None:
    """Wait until so many runs are recorded, linked and shipped."""
    assert index.wait(PATIENCE_S)
    wait_until(lambda: len(index.runs()) >= count and index.unshipped() == 0)


def test_a_plain_start_run_is_the_cells_run(
    kernel: Kernel, workspace: Workspace, index: Index, client: MlflowClient
):
    (workspace.root / "a.csv").write_text("x\n1\n")
    kernel.run("import mlflow, pandas as pd\ndf = pd.read_csv('a.csv')")
    kernel.run(
        "with mlflow.start_run(run_name='mine'):\n"
        "    mlflow.log_param('C', len(df)); mlflow.log_metric('auc', 0.9)"
    )
    settled(index, 1)
    (run,) = index.runs()
    assert (run.name, run.origin, run.params) == ("mine", "mlflow", {"C": "1"})
    wait_until(lambda: index.runs()[0].status == "finished")
    assert last_value(index.runs()[0].metrics["auc"]) == 0.9
    mine = client.get_run(run.mlflow_run_id)
    wait_until(lambda: client.get_run(run.mlflow_run_id).inputs.dataset_inputs)
    assert mine.data.tags["nbops.started_in"] == run.cell_run_ids[0]
    assert mine.info.status == "FINISHED"
    others = [r for r in all_runs(client) if r.info.run_id != run.mlflow_run_id]
    assert [r.info.run_name for r in others] == [index.sessions()[0].name]
    assert client.get_experiment(mine.info.experiment_id).name == "notebook"
    tags = client.get_run(run.mlflow_run_id).data.tags
    assert tags["mlflow.parentRunId"] == others[0].info.run_id
    assert "nbops/record.json" in {
        f.path for f in client.list_artifacts(run.mlflow_run_id, "nbops")
    }


def test_a_marked_cell_and_its_start_run_are_one(
    kernel: Kernel, index: Index, client: MlflowClient
):
    kernel.run(
        "%%track forest depth=3\nimport mlflow\n"
        "with mlflow.start_run():\n    mlflow.log_metric('auc', 0.8)\n{'f1': 0.7}"
    )
    settled(index, 1)
    (run,) = index.runs()
    assert (run.name, run.origin, run.params["depth"]) == ("forest", "track", 3)
    wait_until(lambda: set(metrics_of(client.get_run(run.mlflow_run_id))) == {"auc", "f1"})
    assert client.get_run(run.mlflow_run_id).data.params == {"depth": "3"}
    assert len(all_runs(client)) == 2


def test_autolog_of_scikit_learn_is_the_cells_run(
    kernel: Kernel, index: Index, client: MlflowClient
):
    kernel.run(
        "import mlflow\nmlflow.sklearn.autolog(log_models=False)\n"
        "from sklearn.linear_model import LogisticRegression\nX, y = [[0], [1], [2], [3]], [0, 0, 1, 1]"
    )
    kernel.run("model = LogisticRegression(C=0.5).fit(X, y)")
    kernel.run("%track metric mine=float(model.score(X, y))")
    settled(index, 1)
    (run,) = index.runs()
    assert run.origin == "mlflow"
    assert run.params["C"] == "0.5"
    wait_until(lambda: "mine" in client.get_run(run.mlflow_run_id).data.metrics)
    wait_until(lambda: "training_accuracy_score" in index.runs()[0].metrics)
    assert len(all_runs(client)) == 2


def test_log_metric_without_a_run_is_one_run_however_many_cells(
    kernel: Kernel, index: Index, client: MlflowClient
):
    kernel.run("import mlflow\nmlflow.log_metric('a', 1)")
    kernel.run("mlflow.log_metric('b', 2)")
    kernel.run("%track metric c=3")
    settled(index, 1)
    wait_until(lambda: set(index.runs()[0].metrics) >= {"a", "b", "c"})
    assert len(index.runs()) == 1
    run = client.get_run(index.runs()[0].mlflow_run_id)
    wait_until(lambda: set(metrics_of(client.get_run(run.info.run_id))) == {"a", "b", "c"})
    kernel.shutdown()
    wait_until(lambda: index.runs()[0].status == "finished")


def test_several_runs_in_a_cell_are_several_runs(
    kernel: Kernel, index: Index, client: MlflowClient
):
    kernel.run(
        "%%track sweep\nimport mlflow\nfor c in (1, 2, 3):\n"
        "    with mlflow.start_run(run_name=f'c{c}'):\n        mlflow.log_metric('m', c)"
    )
    settled(index, 4)
    runs = {run.name: run for run in index.runs()}
    assert set(runs) == {"sweep", "c1", "c2", "c3"}
    assert {runs[name].parent_id for name in ("c1", "c2", "c3")} == {runs["sweep"].id}
    sweep = client.get_run(runs["sweep"].mlflow_run_id)
    wait_until(
        lambda: (
            client.get_run(runs["c1"].mlflow_run_id).data.tags.get("mlflow.parentRunId")
            == sweep.info.run_id
        )
    )


def test_runs_follow_the_experiment_that_the_user_sets(
    kernel: Kernel, index: Index, client: MlflowClient
):
    kernel.run("import mlflow\n_ = mlflow.set_experiment('theirs')")
    kernel.run("with mlflow.start_run(run_name='own'): mlflow.log_metric('m', 1)")
    kernel.run("%%track ours\n{'m': 2}")
    settled(index, 2)
    theirs = client.get_experiment_by_name("theirs").experiment_id
    for name in ("own", "ours"):
        run = index.run(index.resolve(name).id)
        assert client.get_run(run.mlflow_run_id).info.experiment_id == theirs


def test_runs_follow_the_tracking_uri_that_the_user_sets(
    kernel: Kernel, index: Index, workspace: Workspace, tmp_path: Path, migrated_store: Path
):
    other = tmp_path / "other.db"
    other.write_bytes(migrated_store.read_bytes())
    kernel.run("%%track before\n{'m': 1}")
    kernel.run(
        f"import mlflow\nmlflow.set_tracking_uri('sqlite:///{other}')\n"
        "_ = mlflow.set_experiment('elsewhere')"
    )
    kernel.run("with mlflow.start_run(run_name='own'): mlflow.log_metric('m', 1)")
    kernel.run("%%track ours\n{'m': 2}")
    settled(index, 3)
    there = MlflowClient(tracking_uri=f"sqlite:///{other}")
    here = MlflowClient(tracking_uri=workspace.embedded_uri)
    assert {"own", "ours"} <= {run.info.run_name for run in all_runs(there)}
    names = {run.info.run_name for run in all_runs(here)}
    assert "before" in names
    assert not names & {"own", "ours"}


def test_a_uri_set_before_the_start_is_kept(
    start_kernel: Callable[..., Kernel], index: Index, tmp_path: Path, migrated_store: Path
):
    other = tmp_path / "other.db"
    other.write_bytes(migrated_store.read_bytes())
    kernel = start_kernel()
    kernel.run(f"import mlflow\nmlflow.set_tracking_uri('sqlite:///{other}')")
    answer = kernel.run("%load_ext nbops\n%track start")
    assert f"sqlite:///{other} ($MLFLOW_TRACKING_URI)" in answer.text
    kernel.run("%%track r\n{'m': 2}")
    settled(index, 1)
    assert "r" in {run.info.run_name for run in all_runs(MlflowClient(f"sqlite:///{other}"))}
    kernel.run("%track stop")
    assert kernel.run("mlflow.get_tracking_uri()").result == f"'sqlite:///{other}'"


def test_runs_without_a_session_are_none_of_ours(
    start_kernel: Callable[..., Kernel], tmp_path: Path
):
    kernel = start_kernel(MLFLOW_TRACKING_URI=f"sqlite:///{tmp_path / 'plain.db'}")
    answer = kernel.run(
        "import mlflow\nwith mlflow.start_run() as run: pass\n"
        "sorted(t for t in mlflow.get_run(run.info.run_id).data.tags if 'nbops' in t)"
    )
    assert answer.result == "[]"


def test_datasets_and_traces_are_no_runs(kernel: Kernel, index: Index):
    kernel.run(
        "import mlflow, pandas as pd\n"
        "data = mlflow.data.from_pandas(pd.DataFrame({'a': [1]}))\n"
        "assert 'nbops' not in str(data.to_dict())"
    )
    assert index.wait(PATIENCE_S)
    (cell,) = index.document(index.resolve(index.sessions()[0].id)).cell_runs[1:]
    assert (cell.status, cell.mlflow_run_ids, cell.warnings) == ("ok", (), ())
