"""A job that waits in jupyter-scheduler: the panel's buttons reach it, in the server that serves the panel."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect
from processes import wait_until
from screens import Lab, Screen
from test_access import check
from test_jobs import shoot, write_churn

from nbops.scheduling.jupyter.server import find_server
from nbops.workspace import Workspace

_PYTHON = Path(__file__).parents[2] / ".venv" / "targets" / "jupyter-scheduler" / "bin" / "python"

pytestmark = pytest.mark.skipif(not _PYTHON.exists(), reason="`make targets` sets it up")


def nbops(root: Path, *words: str) -> None:
    """Run in the server's environment, whose packages the job's lock names."""
    command = [_PYTHON, "-m", "nbops", *words]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def lab(workspace: Workspace) -> Iterator[Lab]:
    """A server that was told to ask nbops, and has a notebook with a job."""
    nbops(workspace.root, "enable", "--jupyter-scheduler")
    lab = Lab(workspace.root, python=_PYTHON)
    write_churn(lab)
    words = ["every day at 07:00", "--on", "jupyter-scheduler", "--no-dry-run", "-p", "depth=6"]
    nbops(lab.root, "schedule", "churn.ipynb", *words)
    yield lab
    lab.stop()


def definitions(lab: Lab) -> list[dict[str, Any]]:
    return find_server(lab.root).list_definitions()


def test_a_job_of_jupyter_scheduler_is_paused_resumed_run_and_deleted_in_the_panel(
    screen: Screen, lab: Lab
) -> None:
    screen.open("churn.ipynb")
    page, panel = screen.page, screen.panel
    panel.get_by_role("tab", name="Jobs").click()
    scheduled = panel.get_by_role("region", name="Scheduled")
    job = scheduled.get_by_role("listitem")
    expect(job).to_contain_text("every day at 07:00 · ")
    expect(job).to_contain_text("jupyter-scheduler")

    job.get_by_role("button", name="Pause churn").click()
    expect(job).to_contain_text("paused")
    assert [each["active"] for each in definitions(lab)] == [False]
    job.get_by_role("button", name="Resume churn").click()
    expect(job.get_by_role("button", name="Pause churn")).to_be_enabled()
    assert [each["active"] for each in definitions(lab)] == [True]

    job.get_by_role("button", name="Run churn now").click()
    expect(job).to_contain_text("last finished")
    ran = panel.get_by_role("region", name="Past runs").get_by_role("listitem")
    expect(ran.first).to_contain_text("auc 0.86")
    job.get_by_role("button", name="Log of churn").click()
    expect(job.locator(".nbops-Job-log")).not_to_have_text("Loading…")
    check(screen)
    shoot(page, "job-of-jupyter-scheduler")

    job.get_by_role("button", name="Delete churn…").click()
    job.get_by_role("button", name="Delete churn").click()
    expect(scheduled).to_contain_text("No job waits for its time")
    wait_until(lambda: definitions(lab) == [])
