"""Runs that were made in MLflow without nbops, and edits that travel there."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from kernels import Kernel
from mlflow import MlflowClient
from processes import PATIENCE_S, wait_until

from nbops.index.database import IndexWriter
from nbops.index.pages import PageQuestion, list_page
from nbops.index.queries import Index
from nbops.recording.background import request_look
from nbops.recording.editing import edit_run
from nbops.tracking import other_runs
from nbops.tracking.other_runs import OtherRuns
from nbops.workspace import Workspace


@pytest.fixture
def client(workspace: Workspace) -> MlflowClient:
    return MlflowClient(tracking_uri=workspace.embedded_uri)


@pytest.fixture
def writer(workspace: Workspace) -> Iterator[IndexWriter]:
    writer = IndexWriter(workspace)
    yield writer
    writer.close()


def make_run(client: MlflowClient, name: str, **tags: str) -> str:
    run = client.create_run("0", run_name=name, tags={"mlflow.user": "eve", **tags})
    client.log_metric(run.info.run_id, "auc", 0.5)
    client.log_param(run.info.run_id, "depth", 3)
    client.set_terminated(run.info.run_id)
    return str(run.info.run_id)


def look(others: OtherRuns) -> None:
    others.look_whole()
    others.step()
    while others._pages is not None:
        others.step()


def test_runs_of_a_store_are_found_page_by_page_and_forgotten_when_they_are_gone(
    client: MlflowClient, writer: IndexWriter, index: Index, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(other_runs, "_PAGE", 2)
    ids = [make_run(client, f"run {number}", stage="dev") for number in range(5)]
    session = client.create_run("0", tags={"nbops.id": "5e5", "nbops.session": "5e5"})
    others = OtherRuns("uri", client, writer)
    look(others)
    page = list_page(index, PageQuestion(user="eve"))
    assert {row.name for row in page.rows} == {f"run {number}" for number in range(5)}
    row = page.rows[0]
    assert row.values == {"metrics.auc": 0.5, "params.depth": "3", "tags.stage": "dev"}
    assert (row.status, row.experiment, row.session_id) == ("finished", "Default", "")
    assert session.info.run_id not in {run.id for run in index.runs(everywhere=True)}
    client.delete_run(ids[0])
    client.set_tag(ids[1], "stage", "kept")
    look(others)
    tags = {row.id: row.values["tags.stage"] for row in list_page(index, PageQuestion()).rows}
    assert tags == {ids[1]: "kept", **dict.fromkeys(ids[2:], "dev")}


def test_a_run_that_a_cell_makes_through_the_client_is_listed_and_edits_reach_mlflow(
    kernel: Kernel, workspace: Workspace, index: Index, client: MlflowClient
):
    kernel.run("%%track forest depth=2\nauc = depth / 8\nauc", "fit")
    kernel.run("%track stop")
    by_hand = make_run(client, "by hand")
    assert index.wait(PATIENCE_S)
    wait_until(lambda: index.unshipped() == 0)
    request_look(workspace)
    wait_until(lambda: by_hand in {run.id for run in index.runs(everywhere=True)})
    (own,) = index.runs()
    assert len(index.runs(everywhere=True)) == 2  # neither its session nor itself once more
    edit_run(
        workspace, own.session_id, own.id, tags={"stage": "kept", "odd": "x"}, notes=["the best"]
    )
    request_look(workspace)
    note = "mlflow.note.content"
    wait_until(lambda: client.get_run(own.mlflow_run_id).data.tags.get(note) == "the best")
    assert client.get_run(own.mlflow_run_id).data.tags["stage"] == "kept"
    edit_run(
        workspace, own.session_id, own.id, tags={"odd": None, "api_key": "sk-hunter2"}, notes=[]
    )
    request_look(workspace)
    wait_until(lambda: note not in client.get_run(own.mlflow_run_id).data.tags)
    tags = client.get_run(own.mlflow_run_id).data.tags
    assert tags["stage"] == "kept"
    assert "odd" not in tags
    edits = (workspace.sessions / own.session_id / "edits.jsonl").read_text()
    assert "hunter2" not in edits
    assert "redacted" in tags["api_key"]


def test_who_has_recorded_nothing_sees_the_runs_of_the_server_that_was_chosen(
    fresh_workspace: Workspace,
    migrated_store: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    request_look(fresh_workspace)
    assert not fresh_workspace.state.exists(), "nothing was recorded, and no server chosen"
    uri = f"sqlite:///{shutil.copyfile(migrated_store, tmp_path / 'theirs.db')}"
    theirs = make_run(MlflowClient(tracking_uri=uri), "theirs")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    monkeypatch.setenv("NBOPS_STAY_S", "60")  # loading MLflow takes longer than tests let it stay
    request_look(fresh_workspace)
    index = Index(fresh_workspace)
    wait_until(lambda: theirs in {run.id for run in index.runs(everywhere=True)})
