"""A notebook that shall run by itself, from JupyterLab: the form, what stands in the way, files, jobs."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from daemons import real_cron
from playwright.sync_api import Locator, Page, expect
from screens import SHOTS, Lab, Screen, compare_first_two
from test_access import check

CELLS = [
    (
        "from typing import Literal\n"
        "depth = 4  # how deep a tree may grow\n"
        'model: Literal["forest", "boosted"] = "forest"'
    ),
    "import nbops\nnbops.log_metric('auc', 0.8 + depth / 100)",
    "lines = open('/home/ada/data/train.csv').read() if depth > 90 else ''",
]


def write_churn(lab: Lab) -> None:
    lab.write("churn.ipynb", CELLS)
    notebook = nbformat.read(lab.root / "churn.ipynb", as_version=4)
    notebook.cells[0].metadata["tags"] = ["parameters"]
    nbformat.write(notebook, lab.root / "churn.ipynb")


def run_churn(lab: Lab, depth: int) -> None:
    command = [sys.executable, "-m", "nbops", "run", "churn.ipynb", "-p", f"depth={depth}"]
    subprocess.run(command, cwd=lab.root, check=True, capture_output=True)


def shoot(page: Page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png")


def open_form(screen: Screen) -> Locator:
    screen.panel.get_by_role("button", name="Schedule / export…").click()
    form = screen.panel.get_by_role("dialog", name="Schedule / export churn.ipynb")
    expect(form.get_by_role("textbox", name="depth")).to_have_value("4")
    return form


def test_a_notebook_is_exported_and_its_jobs_are_seen(screen: Screen, lab: Lab) -> None:
    write_churn(lab)
    for depth in (2, 5, 8):
        run_churn(lab, depth)
    screen.open("churn.ipynb")
    page, panel = screen.page, screen.panel
    form = open_form(screen)

    depth = form.get_by_role("textbox", name="depth")
    depth.fill("deep")
    expect(form.get_by_role("alert")).to_have_text("depth takes int, not 'deep'.")
    expect(depth).to_have_attribute("aria-invalid", "true")
    shoot(page, "form-wrong")
    depth.fill("6")
    expect(form.get_by_role("alert")).to_have_count(0)
    form.get_by_role("combobox", name="model").select_option("boosted")

    type_schedule(form)
    form.get_by_role("combobox", name="Where to").select_option("script")
    form.get_by_role("checkbox", name="Run it once in a clean copy").uncheck()
    form.get_by_role("button", name="Check", exact=True).click()
    finding = form.get_by_role("list", name="Findings").get_by_role("listitem")
    cell = finding.get_by_role("button", name="lines = open").first
    cell.click()
    expect(screen.cell(2)).to_have_class(re.compile("jp-mod-active"))
    check(screen)
    shoot(page, "form")
    screen.use_theme("JupyterLab Dark")
    check(screen)
    shoot(page, "form-dark")
    screen.use_theme("JupyterLab Light")

    form.get_by_role("combobox", name="Where to").select_option("argo")
    form.get_by_text("More", exact=True).click()
    form.get_by_role("textbox", name="Secrets").fill("DB_PASSWORD")
    form.get_by_role("textbox", name="Image").fill("ghcr.io/me/churn:1")
    form.get_by_role("combobox", name="Missed runs").select_option("none")
    form.get_by_role("combobox", name="Missed runs").scroll_into_view_if_needed()
    check(screen)
    shoot(page, "form-more")
    screen.narrow(220)
    shoot(page, "form-more-narrow")
    screen.narrow(300)
    form.get_by_role("combobox", name="Where to").select_option("script")
    expect(form.get_by_role("textbox", name="Image")).to_have_count(0)
    form.get_by_role("textbox", name="Secrets").fill("")

    form.get_by_role("textbox", name="Schedule").fill("")  # a script runs when it is started
    form.get_by_role("button", name="Export", exact=True).click()
    expect(panel.get_by_role("heading", name="churn for script")).to_be_visible()
    assert (lab.root / "churn-script" / "README.md").is_file()
    check(screen)
    shoot(page, "made")
    form.get_by_role("button", name="Done").click()

    look_at_jobs(screen)


def type_schedule(form: Locator) -> None:
    schedule = form.get_by_role("textbox", name="Schedule")
    schedule.fill("every wekday at 6:30")
    expect(schedule).to_have_attribute("aria-invalid", "true")
    schedule.fill("every weekday at 6:30")
    form.get_by_role("textbox", name="Time zone").fill("Europe/Berlin")
    expect(form.get_by_role("list", name="Next times").get_by_role("listitem")).to_have_count(4)
    expect(form.get_by_role("list", name="Next times")).to_contain_text("06:30")


def look_at_jobs(screen: Screen) -> None:
    page, panel = screen.page, screen.panel
    panel.get_by_role("tab", name="Jobs").click()
    jobs = panel.get_by_role("region", name="Past runs").get_by_role("listitem")
    expect(jobs).to_have_count(3)
    expect(jobs.first).to_contain_text("finished")
    expect(jobs.first).to_contain_text("auc 0.88")
    expect(jobs.first.get_by_role("img")).to_be_visible()
    check(screen)
    shoot(page, "jobs")
    jobs.first.get_by_role("button", name="Run churn again").click()
    expect(jobs).to_have_count(4)
    expect(jobs.first).to_contain_text("auc 0.88")
    screen.narrow(220)
    shoot(page, "jobs-narrow")
    check(screen)
    jobs.nth(3).get_by_role("button", name="Open the executed notebook").click()
    executed = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")
    expect(executed).to_contain_text("depth = 2")


@pytest.fixture
def cron(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A cron of the test's own, which the server finds as well."""
    with real_cron(tmp_path / "cron-bin", monkeypatch):
        yield


def test_a_job_is_scheduled_run_paused_and_deleted_and_equals_the_interactive_run(
    cron: None, screen: Screen, lab: Lab
) -> None:
    write_churn(lab)
    screen.open("churn.ipynb")
    page, panel = screen.page, screen.panel
    screen.flip(to=True)
    for number in range(3):
        screen.run(number)
    screen.expect_row("import nbops")

    form = open_form(screen)
    form.get_by_role("textbox", name="Schedule").fill("every day at 07:00")
    form.get_by_role("checkbox", name="Run it once in a clean copy").uncheck()
    form.get_by_role("button", name="Schedule", exact=True).click()
    shoot(page, "scheduled")
    form.get_by_role("button", name="Show jobs").click()
    scheduled = panel.get_by_role("region", name="Scheduled")
    job = scheduled.get_by_role("listitem")
    expect(job).to_contain_text("every day at 07:00")
    assert "jobs exec" in crontab()
    job.get_by_role("button", name="Run churn now").click()
    expect(job).to_contain_text("finished")
    job.get_by_role("button", name="Log of churn").click()
    expect(job).to_contain_text("churn.ipynb finished in")
    check(screen)
    shoot(page, "job-log")
    job.get_by_role("button", name="Pause churn").click()
    expect(job).to_contain_text("paused")
    assert crontab() == ""
    job.get_by_role("button", name="Resume churn").click()
    expect(job.get_by_role("button", name="Pause churn")).to_be_enabled()
    assert "jobs exec" in crontab()
    job.get_by_role("button", name="Delete churn…").click()
    job.get_by_role("button", name="Keep churn").click()
    job.get_by_role("button", name="Delete churn…").click()
    shoot(page, "job-delete")
    job.get_by_role("button", name="Delete churn").click()
    expect(scheduled).to_contain_text("No job waits for its time")
    assert crontab() == ""

    comparison = compare_first_two(panel, of=2)
    expect(comparison).to_contain_text("Nothing that was recorded changed.")
    shoot(page, "job-compared")


def crontab() -> str:
    return subprocess.run(["crontab", "-l"], capture_output=True, text=True).stdout
