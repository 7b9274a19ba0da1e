"""The panel in Notebook 7, which has neither JupyterLab's sidebars nor its tabs."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect
from screens import Lab, Screen, compare_first_two

from nbops.workspace import Workspace

FIT = "%%track forest depth={depth}\n{{'score': depth / 8}}"


@pytest.fixture
def lab(workspace: Workspace) -> Iterator[Lab]:
    lab = Lab(workspace.root, is_notebook=True)
    yield lab
    lab.stop()


def test_a_notebook_is_tracked_and_its_runs_are_compared(screen: Screen, lab: Lab) -> None:
    lab.write("alone.ipynb", [FIT.format(depth=2)])
    screen.page.goto(lab.url("alone.ipynb"))
    screen.cell(0).wait_for()
    screen.command("nbops:show-panel")
    expect(screen.switch).to_be_enabled()
    screen.flip(to=True)
    screen.run(0)
    screen.expect_row("depth=2", "score 0.25")
    expect(screen.summary).to_contain_text("all in MLflow")
    screen.edit(0, FIT.format(depth=4))
    screen.run(0)
    screen.expect_row("depth=4", "score 0.5", "▲", "depth 2 → 4")
    compared = compare_first_two(screen.panel, of=2)
    expect(compared.get_by_role("table", name="Params")).to_contain_text("depth")
    compared.get_by_role("button", name="Open wide").click()
    wide = screen.page.locator(".nbops-Wide")
    expect(wide.get_by_role("table", name="Params")).to_contain_text("depth")
    expect(wide.get_by_role("table", name="Params")).to_be_in_viewport()
