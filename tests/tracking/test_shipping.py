"""What lands in MLflow, looked at through MLflow's own client."""

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from kernels import Kernel
from logged import metrics_of
from mlflow import MlflowClient
from processes import PATIENCE_S, background_processes, free_port, wait_until

from nbops.digests import digest_file, for_mlflow
from nbops.index.queries import Index
from nbops.workspace import Workspace


@pytest.fixture
def client(workspace: Workspace) -> MlflowClient:
    return MlflowClient(tracking_uri=workspace.embedded_uri)


def all_runs(client: MlflowClient) -> list[Any]:
    experiments = [e.experiment_id for e in client.search_experiments()]
    runs = client.search_runs(experiments, order_by=["attributes.start_time ASC"], max_results=500)
    return sorted(runs, key=lambda run: run.info.start_time)


def named(client: MlflowClient, name: str) -> list[Any]:
    return [run for run in all_runs(client) if run.info.run_name == name]


def shipped(index: Index) -> None:
    assert index.wait(PATIENCE_S)
    wait_until(lambda: index.runs() and index.unshipped() == 0)


def artifacts(client: MlflowClient, run_id: str, path: str | None = None) -> set[str]:
    return {found.path for found in client.list_artifacts(run_id, path)}


def test_fit_in_one_cell_and_metric_in_the_next_is_one_mlflow_run(
    kernel: Kernel, workspace: Workspace, index: Index, client: MlflowClient
):
    (workspace.root / "a.csv").write_text("x,y\n" + "\n".join(f"{n},{n % 2}" for n in range(50)))
    kernel.run("import pandas as pd\ndf = pd.read_csv('a.csv')", "load")
    kernel.run(
        "%%track tree depth=2\nfrom sklearn.tree import DecisionTreeClassifier\n"
        "m = DecisionTreeClassifier(max_depth=depth, random_state=0).fit(df[['x']], df.y)",
        "fit",
    )
    kernel.run("%track metric acc=m.score(df[['x']], df.y)\n%track model m as tree", "score")
    kernel.run("%track stop")
    shipped(index)
    (run,) = named(client, "tree")
    session = next(
        r for r in all_runs(client) if r.info.run_id == run.data.tags["mlflow.parentRunId"]
    )
    assert len(all_runs(client)) == 2
    assert run.data.params == {"depth": "2"}
    assert set(metrics_of(run)) == {"acc"}
    assert (run.info.status, session.info.status) == ("FINISHED", "FINISHED")
    assert metrics_of(session) == {}
    experiment = client.get_experiment(run.info.experiment_id)
    assert experiment.name == "notebook"
    assert experiment.tags["mlflow.experimentKind"] == "custom_model_development"
    assert run.data.tags["mlflow.source.name"] == "notebook.ipynb"
    (data,) = run.inputs.dataset_inputs
    assert data.dataset.name == "a.csv"
    assert data.dataset.digest == for_mlflow(digest_file(workspace.root / "a.csv"))
    assert json.loads(data.dataset.profile)["num_rows"] == 50
    (output,) = run.outputs.model_outputs
    model = client.get_logged_model(output.model_id)
    assert (model.name, str(model.status)) == ("tree", "READY")
    assert model.params["max_depth"] == "2"
    assert model.tags["nbops.data"] == data.dataset.digest
    record = {"nbops/code.py", "nbops/record.json", "nbops/requirements.txt"}
    assert artifacts(client, run.info.run_id, "nbops") == record
    code = Path(client.download_artifacts(run.info.run_id, "nbops/code.py")).read_text()
    assert [line for line in code.splitlines() if line.startswith("# %%")] == [
        "# %% [2]",
        "# %% [3]",
        "# %% [4]",
    ]
    executed = client.download_artifacts(session.info.run_id, "nbops/executed.ipynb")
    import nbformat

    notebook = nbformat.read(executed, as_version=4)
    nbformat.validate(notebook)
    assert [cell.id for cell in notebook.cells][:4] == ["start", "load", "fit", "score"]


def test_a_logged_model_can_be_loaded_back(kernel: Kernel, index: Index, client: MlflowClient):
    kernel.run(
        "%%track forest\nfrom sklearn.ensemble import RandomForestClassifier\n"
        "m = RandomForestClassifier(n_estimators=3, random_state=0).fit([[0], [1]], [0, 1])\n"
        "%track model m"
    )
    shipped(index)
    (run,) = named(client, "forest")
    model_id = run.outputs.model_outputs[0].model_id
    answer = kernel.run(
        "import mlflow\nX = [[0], [1], [2]]\n"
        f"loaded = mlflow.sklearn.load_model('models:/{model_id}')\n"
        "(loaded is not m, (loaded.predict_proba(X) == m.predict_proba(X)).all().item())"
    )
    assert answer.result == "(True, True)"


def test_a_loop_of_three_blocks_is_three_runs_under_the_session(
    kernel: Kernel, index: Index, client: MlflowClient
):
    kernel.run(
        "import nbops\nfor d in (1, 2, 3):\n"
        "    with nbops.track('point', d=d) as run:\n        run.log_metric('m', d)"
    )
    shipped(index)
    points = named(client, "point")
    assert sorted((r.data.params["d"], r.data.metrics["m"]) for r in points) == [
        ("1", 1.0), ("2", 2.0), ("3", 3.0)
    ]  # fmt: skip
    assert len({r.data.tags["mlflow.parentRunId"] for r in points}) == 1


def test_nothing_goes_to_mlflow_until_there_is_a_run(kernel: Kernel, index: Index, client):
    kernel.run("x = 1")
    kernel.run("%track stop")
    assert index.wait(PATIENCE_S)
    wait_until(lambda: not background_processes(index.workspace))
    assert all_runs(client) == []


def test_metrics_are_there_while_the_cell_runs(
    kernel: Kernel, workspace: Workspace, index: Index, client: MlflowClient
):
    kernel.run("%%track warm\n{'a': 1}")  # the store is open from here on
    shipped(index)
    kernel.send(
        "%%track slow\nimport nbops, os, time\nwhile not os.path.exists('enough'):\n"
        "    nbops.log_metric('loss', 0.5); time.sleep(0.1)"
    )
    wait_until(lambda: named(client, "slow") and named(client, "slow")[0].data.metrics)
    (run,) = named(client, "slow")
    assert run.info.status == "RUNNING"
    seen = len(client.get_metric_history(run.info.run_id, "loss"))
    (workspace.root / "enough").touch()
    wait_until(lambda: named(client, "slow")[0].info.status == "FINISHED")
    history = client.get_metric_history(run.info.run_id, "loss")
    assert sorted(point.step for point in history) == list(range(len(history)))
    assert 0 < seen <= len(history)


def test_names_and_values_that_mlflow_refuses_lose_nothing(
    kernel: Kernel, index: Index, client: MlflowClient
):
    kernel.run(
        "%%track odd\nimport nbops\n"
        "nbops.log_metrics({'auc@1': .5, 'f1 (macro)': .6, 'a/../b': .7, 'ok': float('nan'),"
        " 'big': float('inf'), 'x' * 300: 1})\n"
        "nbops.log_param('p' * 300, 'v' * 10_000)\nnbops.log_param('plain', 1)\n"
        "nbops.set_tag('t' * 300, 'v' * 10_000)"
    )
    shipped(index)
    (run,) = named(client, "odd")
    assert run.data.metrics["auc_x40_1"] == 0.5
    assert run.data.metrics["f1 _x28_macro_x29_"] == 0.6
    assert len(metrics_of(run)) == 6
    assert run.data.params["plain"] == "1"
    assert len(run.data.params) == 2
    document = index.document(index.resolve("odd"))
    assert set(document.runs[0].metrics) >= {"auc@1", "f1 (macro)", "a/../b", "x" * 300}
    assert document.runs[0].metrics["ok"][0][1] == "NaN"


def test_a_param_given_again_stays_in_mlflow_and_both_are_recorded(
    kernel: Kernel, index: Index, client: MlflowClient
):
    kernel.run("%%track r\nimport nbops\nnbops.log_param('lr', 1)\nm = 1")
    shipped(index)
    kernel.run("%%track r\nnbops.log_param('lr', 2)\nnbops.log_metric('x', 1)")
    shipped(index)
    assert [run.data.params for run in named(client, "r")] == [{"lr": "1"}, {"lr": "2"}]


def test_many_metrics_params_and_tags_fit_mlflows_batches(
    kernel: Kernel, index: Index, client: MlflowClient
):
    kernel.run(
        "%%track many\nimport nbops\n"
        "for i in range(2500): nbops.log_metric('m', i, step=i)\n"
        "nbops.log_params({f'p{i}': i for i in range(250)})\n"
        "for i in range(150): nbops.set_tag(f't{i}', i)"
    )
    shipped(index)
    (run,) = named(client, "many")
    assert len(client.get_metric_history(run.info.run_id, "m")) == 2500
    assert len(run.data.params) == 250
    assert sum(1 for tag in run.data.tags if tag.startswith("t")) == 150


def test_a_figure_is_an_artifact_at_once(kernel: Kernel, index: Index, client: MlflowClient):
    kernel.run(
        "%%track plot\nimport nbops, matplotlib.pyplot as plt\n"
        "fig, ax = plt.subplots(); ax.plot([1, 2]); nbops.log_figure(fig, 'plots/roc.png')"
    )
    shipped(index)
    (run,) = named(client, "plot")
    assert "plots/roc.png" in artifacts(client, run.info.run_id, "plots")


@pytest.mark.parametrize("how", ["courier", "kernel"])
def test_whoever_is_killed_nothing_is_lost_and_nothing_is_there_twice(
    how: str, kernel: Kernel, workspace: Workspace, index: Index, client: MlflowClient
):
    for number in range(12):
        kernel.run(f"%%track r n={number}\nimport nbops\nnbops.log_metric('m', n)")
        if how == "courier" and number % 3 == 0:
            time.sleep(0.4)
            for pid in background_processes(workspace):
                os.kill(pid, signal.SIGKILL)
            kernel.run("import nbops.recording.current as _r; _r.current()._served_at = -99")
    if how == "kernel":
        kernel.send("%%track last\nimport time\ntime.sleep(600)")
        wait_until(lambda: index.wait(PATIENCE_S) and any(r.name == "last" for r in index.runs()))
        os.kill(kernel.pid, signal.SIGKILL)
        wait_until(lambda: index.sessions()[0].status == "died")
    shipped(index)
    runs = named(client, "r")
    assert sorted(int(run.data.params["n"]) for run in runs) == list(range(12))
    assert all(metrics_of(run) == {"m": float(run.data.params["n"])} for run in runs)
    if how == "kernel":
        (last,) = named(client, "last")
        assert (last.info.status, last.data.tags["nbops.status"]) == ("FAILED", "died")
        cells = index.document(index.resolve(index.sessions()[0].id)).cell_runs
        assert {cell.status for cell in cells[:-1]} == {"ok"}
        assert cells[-1].status == "died"


@pytest.mark.parametrize("how", ["shutdown", "restart", "kill_idle", "terminate_idle"])
def test_a_session_whose_kernel_went_while_idle_is_finished(
    how: str, kernel: Kernel, index: Index, client: MlflowClient
):
    kernel.run("%%track r\nx = 1")
    assert index.wait(PATIENCE_S)
    match how:
        case "shutdown":
            kernel.shutdown()
        case "restart":
            kernel.restart()
        case "kill_idle":
            os.kill(kernel.pid, signal.SIGKILL)
        case "terminate_idle":
            os.kill(kernel.pid, signal.SIGTERM)
    wait_until(lambda: index.sessions()[0].status != "running")
    assert index.sessions()[0].status == "finished"
    shipped(index)
    assert {run.info.status for run in all_runs(client)} == {"FINISHED"}


def test_a_store_that_is_away_loses_nothing_and_sync_ships_all_once(
    start_kernel: Callable[..., Kernel], workspace: Workspace, index: Index, mlflow_server
):
    server = mlflow_server(start=False)
    kernel = start_kernel(MLFLOW_TRACKING_URI=server.uri)
    kernel.run("%load_ext nbops\n%track start away")
    for number in range(5):
        kernel.run(f"%%track r n={number}\nimport nbops\nnbops.log_metric('m', n)")
    kernel.run("%track stop")
    assert index.wait(PATIENCE_S)
    wait_until(lambda: index.state().get("error"))
    assert index.unshipped() == 5
    from click.testing import CliRunner

    from nbops.cli.app import app
    from nbops.errors import StoreUnreachable

    os.chdir(workspace.root)
    failed = CliRunner().invoke(app, ["sync"])
    assert isinstance(failed.exception, StoreUnreachable)
    server.start()
    done = CliRunner().invoke(app, ["sync"])
    assert (done.exit_code, done.output) == (0, "5 runs shipped: all are in MLflow.\n")
    client = MlflowClient(tracking_uri=server.uri)
    runs = named(client, "r")
    assert sorted((r.data.params["n"], r.data.metrics["m"]) for r in runs) == [
        (str(n), float(n)) for n in range(5)
    ]
    again = CliRunner().invoke(app, ["sync"])
    assert again.output == "All runs are in MLflow.\n"
    assert len(all_runs(client)) == 6


def test_credentials_in_a_uri_are_used_and_never_recorded(
    start_kernel: Callable[..., Kernel], workspace: Workspace, index: Index, mlflow_server
):
    server = mlflow_server()
    uri = server.uri.replace("http://", "http://me:topsecretpw@")
    kernel = start_kernel(MLFLOW_TRACKING_URI=uri)
    assert "topsecretpw" not in kernel.run("%load_ext nbops\n%track start x").text
    kernel.run("%%track r\n{'m': 1}")
    shipped(index)
    assert len(named(MlflowClient(tracking_uri=server.uri), "r")) == 1
    for path in workspace.state.rglob("*"):
        if path.is_file() and path.name != "access.json":
            assert b"topsecretpw" not in path.read_bytes(), path
    assert (workspace.state / "access.json").stat().st_mode & 0o777 == 0o600


def test_a_run_that_was_deleted_in_mlflow_stays_deleted_and_blocks_nothing(
    kernel: Kernel, index: Index, client: MlflowClient
):
    kernel.run("%%track gone\nm = 1\n{'a': 1}")
    shipped(index)
    client.delete_run(named(client, "gone")[0].info.run_id)
    kernel.run("%track metric b=m")
    kernel.run("%%track after\n{'c': 1}")
    shipped(index)
    assert named(client, "gone") == []
    assert metrics_of(named(client, "after")[0]) == {"c": 1.0}


def test_an_experiment_that_was_deleted_meanwhile_is_brought_back(
    kernel: Kernel, index: Index, client: MlflowClient
):
    kernel.run("%%track first\n{'m': 1}")
    shipped(index)
    client.delete_experiment(client.get_experiment_by_name("notebook").experiment_id)
    kernel.run("%%track second\n{'m': 2}")
    shipped(index)
    wait_until(lambda: [metrics_of(run) for run in named(client, "second")] == [{"m": 2.0}])


def test_one_run_that_never_fits_does_not_keep_back_the_others(workspace: Workspace):
    from nbops.tracking.errors import Refusal, mlflow_errors

    store = MlflowClient(tracking_uri=workspace.embedded_uri)
    run = store.create_run("0")
    with pytest.raises(Refusal), mlflow_errors():
        store.log_metric(run.info.run_id, "m", 1.0, step=2**70)


def test_a_server_that_does_not_answer_is_named_without_the_password_to_it(
    monkeypatch: pytest.MonkeyPatch,
):
    from nbops.errors import StoreUnreachable
    from nbops.tracking.errors import mlflow_errors

    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    port = free_port()
    store = MlflowClient(tracking_uri=f"http://me:planted@127.0.0.1:{port}")
    with pytest.raises(StoreUnreachable) as told, mlflow_errors():
        store.search_experiments()
    assert told.value.message == f"http://127.0.0.1:{port} does not answer (connection refused)"
