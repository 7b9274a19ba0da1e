"""A tracking server on its bad days."""

import os
import random
import re
import shutil
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
from faulty import FaultyProxy
from kernels import Kernel
from mlflow import MlflowClient
from processes import PATIENCE_S, background_processes, wait_until
from servers import MlflowServer

from nbops.index.queries import Index
from nbops.recording.background import request_retry
from nbops.workspace import Workspace

_SCRIPT = """
import nbops, sys
nbops.start(sys.argv[1], uri=sys.argv[2])
for n in range({runs}):
    with nbops.track("r", n=n) as run:
        for step in range(3):
            run.log_metric("m", n + step, step)
nbops.stop()
"""


@pytest.fixture(scope="module")
def server(
    tmp_path_factory: pytest.TempPathFactory, migrated_store: Path
) -> Iterator[MlflowServer]:
    """One for all: starting one takes as long as a test. `make test-old-server` names another Python's."""
    folder = tmp_path_factory.mktemp("server")
    python = os.environ.get("NBOPS_SERVER_PYTHON", sys.executable)
    if python == sys.executable:
        shutil.copyfile(migrated_store, folder / "mlflow.db")
    server = MlflowServer(folder, python=python)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def proxy(server: MlflowServer) -> Iterator[FaultyProxy]:
    proxy = FaultyProxy(server.uri)
    yield proxy
    proxy.close()


def record(
    workspace: Workspace, uri: str, experiment: str, runs: int = 6, **variables: str
) -> None:
    command = [sys.executable, "-c", _SCRIPT.format(runs=runs), experiment, uri]
    environment = {**os.environ, **variables}
    subprocess.run(command, cwd=workspace.root, check=True, timeout=PATIENCE_S, env=environment)


def numbers_in(uri: str, experiment: str) -> Counter[str]:
    """Param `n` of the experiment's runs that are complete."""
    client = MlflowClient(tracking_uri=uri)
    found = client.get_experiment_by_name(experiment)
    if found is None:
        return Counter()
    runs = client.search_runs([found.experiment_id], "attributes.run_name = 'r'")
    return Counter(
        run.data.params["n"]
        for run in runs
        if run.info.status == "FINISHED"
        and len(client.get_metric_history(run.info.run_id, "m")) == 3
    )


def all_are_there(index: Index) -> bool:
    nbops = str(Path(sys.executable).with_name("nbops"))
    command = [nbops, "sync"]
    subprocess.run(command, cwd=index.workspace.root, capture_output=True, timeout=PATIENCE_S)
    return bool(index.runs()) and index.unshipped() == 0


def test_what_a_server_answers_with_errors_or_not_at_all_is_there_once_in_the_end(
    workspace: Workspace, index: Index, proxy: FaultyProxy
):
    """500 and 429 now and then, and creates of which nobody hears that they were done."""
    chance = random.Random(3)
    faults = 0

    def be_bad(method: str, path: str) -> str | int | None:
        nonlocal faults
        if path.endswith("/runs/create") and faults < 3:
            faults += 1
            return "cut"
        if method == "POST" and "search" not in path and faults < 9 and chance.random() < 0.5:
            faults += 1
            return chance.choice((500, 429, 503, "cut"))
        return None

    proxy.fault = be_bad
    record(workspace, proxy.uri, "bad day")
    wait_until(lambda: all_are_there(index))
    assert proxy.faults == 9
    assert numbers_in(proxy.uri, "bad day") == Counter(map(str, range(6)))
    (session,) = index.sessions()
    assert session.problems == ()
    client = MlflowClient(tracking_uri=proxy.uri)
    experiment = client.get_experiment_by_name("bad day").experiment_id
    ids = [run.data.tags["nbops.id"] for run in client.search_runs([experiment])]
    assert len(ids) == len(set(ids)) == 7


def test_a_server_that_takes_questions_but_no_runs_is_waited_for(
    workspace: Workspace, index: Index, proxy: FaultyProxy
):
    """As one whose disk is full: that is not the runs' fault, and none is given up."""
    proxy.fault = lambda _, path: 500 if path.endswith(("create", "log-batch")) else None
    record(workspace, proxy.uri, "full", runs=2)
    assert index.wait(PATIENCE_S)
    for _ in range(7):  # more often than a run that is to blame is tried
        before = proxy.faults
        all_are_there(index)
        wait_until(lambda before=before: proxy.faults > before)
    assert index.unshipped() == 2
    wait_until(lambda: "500" in index.state().get("error", ""))
    proxy.fault = lambda _, __: None
    wait_until(lambda: all_are_there(index))
    assert numbers_in(proxy.uri, "full") == Counter(["0", "1"])
    assert index.sessions()[0].problems == ()


def test_a_server_that_hangs_holds_up_nobody(
    workspace: Workspace, index: Index, proxy: FaultyProxy
):
    proxy.fault = lambda _, __: "hang"
    record(workspace, proxy.uri, "hanging", runs=2)
    assert index.wait(PATIENCE_S)
    wait_until(lambda: proxy.faults)
    assert [run.status for run in index.runs()] == ["finished", "finished"]
    proxy.fault = lambda _, __: None
    proxy.let_go.set()
    wait_until(lambda: all_are_there(index))
    assert numbers_in(proxy.uri, "hanging") == Counter(["0", "1"])


def test_a_server_that_is_slow_and_then_killed_delays_no_cell_and_has_all_once_in_the_end(
    start_kernel: Callable[..., Kernel],
    workspace: Workspace,
    index: Index,
    proxy: FaultyProxy,
    server: MlflowServer,
):
    goes_on = threading.Event()
    asked: list[str] = []
    batches: list[str] = []
    killer = threading.Thread(target=server.stop)

    def be_bad(_: str, path: str) -> None:
        asked.append(path)
        if not goes_on.wait(PATIENCE_S) or not path.endswith("log-batch"):
            return
        batches.append(path)
        if len(batches) == 4:
            killer.start()  # while it works on this one

    def run_cells(numbers: Iterable[int]) -> None:
        for number in numbers:
            done = kernel.run(
                f"%%track r n={number}\nfor s in range(3): nbops.log_metric('m', s, s)"
            )
            assert done.error == ""

    proxy.fault = be_bad
    kernel = start_kernel(MLFLOW_TRACKING_URI=proxy.uri)
    kernel.run("import nbops\n%load_ext nbops\n%track start killed")
    run_cells(range(4))
    wait_until(lambda: asked)
    assert index.wait(PATIENCE_S)
    assert [run.status for run in index.runs()] == ["finished"] * 4, "and nothing was answered yet"
    assert re.search(r"\d runs (are on their way to|wait for) MLflow", status_in(kernel))

    goes_on.set()
    run_cells(range(4, 10))
    wait_until(lambda: killer.ident)
    killer.join()
    wait_until(lambda: index.state().get("error"))
    assert re.search(r"\d runs wait for MLflow", status_in(kernel))
    server.start()
    request_retry(workspace)
    kernel.run("%track stop")
    assert index.wait(PATIENCE_S)
    wait_until(lambda: index.unshipped() == 0)
    assert numbers_in(server.uri, "killed") == Counter(map(str, range(10)))
    client = MlflowClient(tracking_uri=server.uri)
    experiment = client.get_experiment_by_name("killed").experiment_id
    ids = [run.data.tags["nbops.id"] for run in client.search_runs([experiment])]
    assert len(ids) == len(set(ids)) == 11


def status_in(kernel: Kernel) -> str:
    return kernel.run("print(get_ipython().run_line_magic('track', 'status'))").text


def test_each_server_is_sent_its_own_token_and_a_newer_one_is_followed(
    workspace: Workspace,
    index: Index,
    proxy: FaultyProxy,
    server: MlflowServer,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setenv("NBOPS_STAY_S", "120")  # one background process serves both
    other = FaultyProxy(server.uri)
    proxy.token, other.token = "planted-first", "planted-second"
    try:
        record(workspace, proxy.uri, "one", runs=1, MLFLOW_TRACKING_TOKEN="planted-first")
        wait_until(lambda: len(background_processes(workspace)) == 1)
        (background,) = background_processes(workspace)
        record(workspace, other.uri, "two", runs=1, MLFLOW_TRACKING_TOKEN="planted-second")
        assert b"planted" not in Path(f"/proc/{background}/environ").read_bytes()
        wait_until(lambda: all_are_there(index))
        assert proxy.authorizations == {"Bearer planted-first"}
        assert other.authorizations == {"Bearer planted-second"}

        proxy.token = "planted-third"  # the first expires
        record(workspace, proxy.uri, "one", runs=2, MLFLOW_TRACKING_TOKEN="planted-first")
        wait_until(lambda: "401" in index.state().get("error", ""))
        wait_until(lambda: index.unshipped() == 2)
        record(workspace, proxy.uri, "one", runs=1, MLFLOW_TRACKING_TOKEN="planted-third")
        wait_until(lambda: all_are_there(index))
        assert numbers_in(server.uri, "one") == Counter({"0": 3, "1": 1})
        assert other.authorizations == {"Bearer planted-second"}
    finally:
        other.close()
    held = [
        path.name
        for path in workspace.state.rglob("*")
        if path.is_file()
        if b"planted-" in path.read_bytes()
    ]
    assert held == ["access.json"]


_WITH_MODEL = """
import nbops, sys
from sklearn.dummy import DummyClassifier
nbops.start(sys.argv[1], uri=sys.argv[2])
with nbops.track("r", n=0) as run:
    nbops.log_model(DummyClassifier().fit([[1], [2]], [0, 1]), "dummy")
nbops.stop()
"""


def test_a_server_that_knows_no_logged_models_has_them_among_the_runs_files(
    workspace: Workspace, index: Index, proxy: FaultyProxy, server: MlflowServer
):
    """As MLflow 2, and what was logged is forgotten there, too."""
    proxy.fault = lambda _, path: 404 if "logged-models" in path else None
    command = [sys.executable, "-c", _WITH_MODEL, "no models", proxy.uri]
    subprocess.run(command, cwd=workspace.root, check=True, timeout=PATIENCE_S)
    wait_until(lambda: all_are_there(index))
    (run,) = index.runs()
    client = MlflowClient(tracking_uri=server.uri)
    assert client.get_run(run.mlflow_run_id).info.status == "FINISHED"
    assert "dummy/MLmodel" in {f.path for f in client.list_artifacts(run.mlflow_run_id, "dummy")}
    nbops = str(Path(sys.executable).with_name("nbops"))
    command = [nbops, "forget", run.id, "--yes"]
    done = subprocess.run(command, cwd=workspace.root, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (1, "")
    assert client.list_artifacts(run.mlflow_run_id) == []
