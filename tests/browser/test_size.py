"""The panel stays usable when there is much: 10,000 runs, 200 cells with 2,000 cell runs."""

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect
from screens import Lab, Screen
from told import Told, metric

from nbops.capture.environment.machine import user_name
from nbops.index.database import IndexWriter
from nbops.index.entries import FoundRun
from nbops.locks import try_lock
from nbops.records import Run, instant
from nbops.workspace import Workspace

CELLS, TIMES, RUNS = 200, 10, 10_000


@pytest.fixture
def lab(workspace: Workspace) -> Iterator[Lab]:
    """A JupyterLab over planted records; who would carry them to MLflow is kept away."""
    workspace.prepare()
    lock = os.open(workspace.courier_lock, os.O_RDWR | os.O_CREAT, 0o600)
    assert try_lock(lock, workspace.courier_lock)
    plant(workspace)
    lab = Lab(workspace.root)
    lab.write("big.ipynb", [source_of(number) for number in range(CELLS)])
    yield lab
    lab.stop()
    os.close(lock)


def source_of(number: int) -> str:
    return f"value_{number} = {number}"


def plant(workspace: Workspace) -> None:
    told = Told("5e5510000001", notebook="big.ipynb", user=user_name())
    for _ in range(TIMES):
        for number in range(CELLS):
            facts = [metric("auc")] if number % 50 == 0 else []
            told.cell(source_of(number), *facts, cell_id=f"cell{number}")
    told.end()
    folder = workspace.sessions / told.session
    folder.mkdir(parents=True)
    told.write(folder)
    writer = IndexWriter(workspace)
    writer.ingest(told.replay(), journal_bytes=1, findings_bytes=1, unshipped=0)
    writer.put_found(workspace.embedded_uri, [found(number) for number in range(RUNS)])
    writer.close()


def found(number: int) -> FoundRun:
    score = number * 7919 % RUNS  # another order than the time's
    run = Run(
        id=f"{number:032x}", session_id="", name=f"run {score}", status="finished",
        origin="mlflow", started_at=instant(number), metrics={"score": [(0, score, instant(1))]},
    )  # fmt: skip
    return FoundRun(run, "many", user_name())


def test_many_runs_and_many_cells_are_listed_sorted_and_walked_through(screen: Screen) -> None:
    screen.open("big.ipynb")
    expect(screen.summary).to_contain_text(f"{CELLS * TIMES} cell runs")
    expect(screen.row("value_0 = 0")).to_have_count(TIMES)
    focus = screen.panel.get_by_role("combobox", name="Which cell runs are shown")
    focus.select_option("all")
    screen.panel.get_by_role("button", name="Group by cell").click()
    rows = screen.panel.locator("[role=treeitem][aria-level='1']")
    expect(rows.first).to_contain_text("value_199 = 199")
    screen.panel.get_by_role("searchbox").or_(
        screen.panel.get_by_role("textbox", name="Search code, data, metrics and errors")
    ).first.fill("value_77 =")
    expect(rows.first).to_contain_text("value_77 = 77")
    expect(rows).to_have_count(2)  # the newest, and a fold of those before

    screen.panel.get_by_role("tab", name="Runs").click()
    table = screen.panel.get_by_role("listbox", name="Runs")
    options = table.get_by_role("option")
    expect(screen.panel).to_contain_text(f"{RUNS + CELLS * TIMES // 50} runs")
    screen.panel.get_by_role("button", name="Filter, order and columns").click()
    screen.panel.get_by_role("combobox", name="Sort by").select_option("metrics.score")
    expect(options.first).to_contain_text(f"run {RUNS - 1}")
    assert options.count() < 100, "only what is in sight is drawn"
    table.focus()
    screen.page.keyboard.press("End")
    last = table.locator(f"[aria-posinset='{RUNS + CELLS * TIMES // 50}']")
    expect(last).not_to_have_accessible_name("Loading…")
    screen.page.keyboard.press("Home")
    expect(options.first).to_contain_text(f"run {RUNS - 1}")
