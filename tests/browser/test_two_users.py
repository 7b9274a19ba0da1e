"""Two people with projects of their own, on one tracking server."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect
from processes import stop_background, wait_until
from screens import Lab, Screen
from servers import MlflowServer

from nbops.index.queries import Index
from nbops.recording.background import request_look
from nbops.workspace import Workspace, find_workspace

HERS = """
import nbops
nbops.start("shared")
with nbops.track("hers"):
    nbops.log_metric("auc", 0.75)
nbops.stop()
"""
MINE = "%%track mine depth=4\n{'auc': depth / 8}"


@pytest.fixture
def server(
    mlflow_server: Callable[..., MlflowServer], monkeypatch: pytest.MonkeyPatch
) -> MlflowServer:
    server = mlflow_server()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server.uri)
    monkeypatch.setenv("LOGNAME", "ada")
    monkeypatch.setenv(
        "NBOPS_STAY_S", "60"
    )  # as it is for people: it is started to look into MLflow
    return server


@pytest.fixture
def hers(server: MlflowServer, tmp_path: Path) -> Iterator[Workspace]:
    """Eve's project, with a run that is in MLflow."""
    folder = tmp_path / "eve"
    folder.mkdir()
    (folder / "pyproject.toml").touch()
    environment = {**os.environ, "LOGNAME": "eve"}
    for command in (
        [sys.executable, "-c", HERS],
        [Path(sys.executable).with_name("nbops"), "sync"],
    ):
        subprocess.run(command, cwd=folder, env=environment, check=True)
    workspace = find_workspace(folder)
    yield workspace
    stop_background(workspace)


@pytest.fixture
def lab(hers: Workspace, workspace: Workspace) -> Iterator[Lab]:
    lab = Lab(workspace.root)
    yield lab
    lab.stop()


def test_each_sees_the_runs_of_the_other(screen: Screen, lab: Lab, hers: Workspace) -> None:
    lab.write("mine.ipynb", [MINE])
    screen.open("mine.ipynb")
    screen.flip(to=True)
    screen.run(0)
    screen.expect_row("%%track mine", "auc 0.5")
    expect(screen.summary).to_contain_text("all in MLflow")
    screen.panel.get_by_role("tab", name="Runs").click()
    options = screen.panel.get_by_role("listbox", name="Runs").get_by_role("option")
    expect(options).to_have_count(1)
    expect(options).to_contain_text("mine")
    screen.panel.get_by_role("combobox", name="Whose runs").select_option("*")
    expect(options.filter(has_text="hers")).to_contain_text("0.75")

    index = Index(hers)
    request_look(hers)
    wait_until(lambda: "mine" in {run.name for run in index.runs(everywhere=True)})
