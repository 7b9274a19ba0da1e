"""The run of a sweep or a pipeline in MLflow: it ends, whatever becomes of who opened it."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from nbops.index.open_parents import _folder, find_abandoned
from nbops.tracking import parents
from nbops.tracking.parents import ParentRun, end_abandoned
from nbops.workspace import Workspace

_OPEN = """
import os, signal, sys
from nbops.tracking.parents import ParentRun
from nbops.workspace import find_workspace
with ParentRun(find_workspace(), "n.ipynb", "n sweep", {}) as parent:
    parent.open()
    print(parent.id, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""
_MAKE = """
import os, signal
from mlflow import MlflowClient
from nbops.tracking.parents import ParentRun
from nbops.workspace import find_workspace
create_run = MlflowClient.create_run
def create_and_die(*given, **named):
    print(create_run(*given, **named).info.run_id, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
MlflowClient.create_run = create_and_die
ParentRun(find_workspace(), "n.ipynb", "n sweep", {"nbops.sweep": "one", "nbops.kind": "sweep"}).open()
"""


def run_nbops(workspace: Workspace, *words: str) -> str:
    command = [sys.executable, "-c", "from nbops.cli import main; main()", *words]
    return subprocess.run(
        command, cwd=workspace.root, check=True, capture_output=True, text=True
    ).stdout


def test_the_run_of_a_process_that_was_killed_is_ended_as_failed(workspace: Workspace):
    killed = subprocess.run(
        [sys.executable, "-c", _OPEN], cwd=workspace.root, capture_output=True, check=False
    )
    run_id = killed.stdout.decode().strip()
    client = MlflowClient(tracking_uri=workspace.embedded_uri)
    assert client.get_run(run_id).info.status == "RUNNING"
    workspace.sessions.mkdir(exist_ok=True)
    before = time.time()
    run_nbops(workspace, "sync")
    ended = client.get_run(run_id)
    assert (ended.info.status, ended.data.tags["nbops.status"]) == ("FAILED", "died")
    assert ended.info.start_time <= ended.info.end_time < before * 1000
    assert not list(_folder(workspace).iterdir())


def test_the_run_of_a_process_that_was_killed_while_it_was_made_is_ended_too(workspace: Workspace):
    made = subprocess.run(
        [sys.executable, "-c", _MAKE], cwd=workspace.root, capture_output=True, check=False
    )
    run_id = made.stdout.decode().strip()
    client = MlflowClient(tracking_uri=workspace.embedded_uri)
    experiment = client.get_run(run_id).info.experiment_id
    other = client.create_run(experiment, tags={"nbops.sweep": "another", "nbops.kind": "sweep"})
    assert client.get_run(run_id).info.status == "RUNNING"
    workspace.sessions.mkdir(exist_ok=True)
    run_nbops(workspace, "sync")
    ended = client.get_run(run_id)
    assert (ended.info.status, ended.data.tags["nbops.status"]) == ("FAILED", "died")
    assert client.get_run(other.info.run_id).info.status == "RUNNING"
    assert not list(_folder(workspace).iterdir())


def open_parent(workspace: Workspace) -> tuple[ParentRun, str]:
    parent = ParentRun(workspace, "n.ipynb", "n sweep", {})
    parent.open()
    assert parent.id is not None
    return parent, parent.id


def test_a_run_that_could_not_be_ended_is_ended_by_who_comes_next(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
):
    parent, run_id = open_parent(workspace)
    assert not list(find_abandoned(workspace))

    def be_away(*_: object, **__: object) -> None:
        raise MlflowException("away")

    with monkeypatch.context() as patch:
        patch.setattr(MlflowClient, "set_terminated", be_away)
        parent.end("KILLED")
    assert parent.problem == "away"
    client = MlflowClient(tracking_uri=workspace.embedded_uri)
    end_abandoned(workspace, "sqlite:////elsewhere.db", client)
    assert client.get_run(run_id).info.status == "RUNNING"
    end_abandoned(workspace, workspace.embedded_uri, client)
    ended = client.get_run(run_id)
    assert ended.info.status == "KILLED"
    assert "nbops.status" not in ended.data.tags
    assert not list(find_abandoned(workspace))


@pytest.mark.parametrize(
    ("silent_s", "change", "is_given_up"),
    [
        (0, lambda text: text.replace('"host":"', '"host":"other-'), False),
        (200, lambda text: text.replace('"host":"', '"host":"other-'), True),
        (0, lambda text: text.replace('"boot_id":"', '"boot_id":"other-'), True),
        (200, lambda text: text, False),
    ],
)
def test_who_cannot_see_the_process_waits_until_it_is_silent(
    workspace: Workspace, silent_s: float, change: Callable[[str], str], is_given_up: bool
):
    parent, run_id = open_parent(workspace)
    note: Path = _folder(workspace) / f"{run_id}.json"
    note.write_text(change(note.read_text()))
    os.utime(note, (time.time() - silent_s,) * 2)
    assert bool(list(find_abandoned(workspace))) is is_given_up
    parent.end("FINISHED")
    assert not note.exists()


def test_what_goes_wrong_while_the_run_is_made_is_told_and_no_jobs_failure(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
):
    def fail(*_: object) -> None:
        raise OSError("no room")

    monkeypatch.setattr(parents, "open_store", fail)
    with ParentRun(workspace, "n.ipynb", "n sweep", {}, {"depth": "1"}) as parent:
        assert parent.tags == {}
    assert parent.problem == "OSError: no room"
