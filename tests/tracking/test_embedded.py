"""The embedded store: sound, however many begin at once."""

import contextlib
import os
import sqlite3
import subprocess
import sys

import pytest
from mlflow import MlflowClient
from processes import PATIENCE_S, wait_until

from nbops.index.queries import Index
from nbops.tracking.embedded import empty_store, ensure_store
from nbops.workspace import Workspace

STARTS = 8  # each imports MLflow: ten seconds of a processor


@pytest.mark.timeout(1800)
def test_many_first_starts_at_once_end_in_one_sound_store(fresh_workspace: Workspace):
    """Each tracks a run of nbops and starts one of MLflow's own, in a workspace that has no store."""
    empty_store().unlink()
    script = fresh_workspace.root / "train.py"
    script.write_text(
        "import sys, nbops\n"
        "nbops.start('churn')\n"
        "import mlflow\n"
        "with nbops.track('ours', n=sys.argv[1]) as run:\n"
        "    run.log_metric('m', int(sys.argv[1]))\n"
        "with mlflow.start_run(run_name='theirs'):\n"
        "    mlflow.log_metric('m', int(sys.argv[1]))\n"
    )
    uncounted = {key: os.environ[key] for key in os.environ if not key.startswith("COVERAGE_")}
    started = [
        subprocess.Popen(
            [sys.executable, str(script), str(number)],
            cwd=fresh_workspace.root,
            env=uncounted,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for number in range(STARTS)
    ]
    said = [process.communicate()[0] for process in started]
    assert [process.returncode for process in started] == [0] * STARTS, "\n".join(said)
    index = Index(fresh_workspace)
    assert index.wait(PATIENCE_S)
    wait_until(lambda: index.unshipped() == 0)  # a script waits for a minute, no longer
    client = MlflowClient(tracking_uri=fresh_workspace.embedded_uri)
    (experiment,) = [e for e in client.search_experiments() if e.name == "churn"]
    runs = client.search_runs([experiment.experiment_id], max_results=500)
    for name in ("ours", "theirs"):
        values = [run.data.metrics["m"] for run in runs if run.info.run_name == name]
        assert sorted(values) == list(range(STARTS)), name
    with sqlite3.connect(fresh_workspace.embedded_database) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    db.close()
    assert not list(fresh_workspace.state.glob("*.part"))


def test_making_it_again_changes_nothing(fresh_workspace: Workspace):
    ensure_store(fresh_workspace)
    before = fresh_workspace.embedded_database.read_bytes()
    ensure_store(fresh_workspace)
    assert fresh_workspace.embedded_database.read_bytes() == before
    assert os.stat(fresh_workspace.embedded_database).st_mode & 0o777 == 0o600


def test_artifacts_lie_in_the_workspace_wherever_one_works(fresh_workspace: Workspace, monkeypatch):
    ensure_store(fresh_workspace)
    monkeypatch.chdir("/")
    client = MlflowClient(tracking_uri=fresh_workspace.embedded_uri)
    assert client.get_experiment("0").artifact_location.startswith(
        fresh_workspace.artifacts.as_uri()
    )


def test_the_next_project_begins_with_a_copy_of_what_was_migrated(
    fresh_workspace: Workspace, monkeypatch
):
    """The copy is a store of its own: MLflow takes it, and its artifacts lie in its project."""
    kept = empty_store().read_bytes()
    with monkeypatch.context() as without:
        without.setitem(sys.modules, "mlflow.store.tracking.sqlalchemy_store", None)
        ensure_store(fresh_workspace)
    client = MlflowClient(tracking_uri=fresh_workspace.embedded_uri)
    client.log_metric(client.create_run("0").info.run_id, "m", 1.0)
    assert client.get_experiment("0").artifact_location == f"{fresh_workspace.artifacts.as_uri()}/0"
    assert empty_store().read_bytes() == kept


@pytest.mark.parametrize("found", [None, b"", b"SQLite format 3\x00 cut short"])
def test_without_a_sound_copy_the_store_is_migrated_and_the_copy_is_there_again(
    fresh_workspace: Workspace, found: bytes | None
):
    empty_store().unlink()
    if found is not None:
        empty_store().write_bytes(found)
    ensure_store(fresh_workspace)
    client = MlflowClient(tracking_uri=fresh_workspace.embedded_uri)
    assert client.get_experiment("0").artifact_location == f"{fresh_workspace.artifacts.as_uri()}/0"
    for database in (empty_store(), fresh_workspace.embedded_database):
        with contextlib.closing(sqlite3.connect(database)) as db:
            assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            assert db.execute("SELECT count(*) FROM experiments").fetchone() == (1,)
    assert not list(empty_store().parent.glob("*.part"))
