"""The embedded store: sound, however many begin at once."""

import os
import sqlite3
import subprocess
import sys

import pytest
from mlflow import MlflowClient
from processes import PATIENCE_S, wait_until

from nbops.index.queries import Index
from nbops.tracking.embedded import ensure_store
from nbops.workspace import Workspace

STARTS = 20


@pytest.mark.timeout(1800)  # each of the many imports MLflow: minutes, on a slow machine
def test_many_first_starts_at_once_end_in_one_sound_store(fresh_workspace: Workspace):
    """Each tracks a run of nbops and starts one of MLflow's own, in a workspace that has no store."""
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
