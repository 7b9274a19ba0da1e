"""The README's picture is taken of what happens here: the example, in JupyterLab."""

import shutil
from pathlib import Path

from playwright.sync_api import expect
from screens import SHOTS, Lab, Screen

EXAMPLE = Path(__file__).parents[2] / "examples" / "01_first_run.ipynb"
PARAMETERS, FOREST = 2, 9
"""Which cells of the notebook these are."""


def test_the_example_run_twice_tells_what_the_parameter_did(screen: Screen, lab: Lab) -> None:
    shutil.copyfile(EXAMPLE, lab.root / EXAMPLE.name)
    screen.open(EXAMPLE.name)
    screen.flip(to=True)
    screen.choose("Run", "Run All Cells")
    expect(screen.summary).to_contain_text("14 cell runs")
    screen.await_kernel()
    screen.edit(PARAMETERS, "depth = 1  # of the forest's trees\ntest_share = 0.25")
    screen.choose("Run", "Run All Cells")
    expect(screen.summary).to_contain_text("28 cell runs")
    screen.expect_row("%%track forest depth", "depth 4 → 1")
    screen.expect_row("scores = evaluate(forest)", "auc 0.9", "▼")
    expect(screen.panel.get_by_role("alert")).to_have_count(0)
    expect(screen.summary).to_contain_text("all in MLflow")
    if SHOTS:
        screen.cell(FOREST).scroll_into_view_if_needed()
        screen.page.screenshot(path=f"{SHOTS}/panel.png")
    screen.row("%%track forest depth").first.get_by_role("button", name="why?").click()
    why = screen.panel.get_by_role("region", name="What changed")
    expect(why.locator(".nbops-Sentence")).to_contain_text("One recorded thing changed.")
    expect(why.get_by_role("table", name="Params")).to_contain_text("depth")
    why.get_by_role("button", name="Open wide").click()
    wide = screen.page.locator(".nbops-Wide")
    expect(wide.get_by_role("table", name="Params")).to_contain_text("depth")
    take_pictures(screen)


def take_pictures(screen: Screen) -> None:
    """Pictures of the comparison, for `make pictures`."""
    if SHOTS:
        screen.page.screenshot(path=f"{SHOTS}/compare.png")
        screen.use_theme("JupyterLab Dark")
        expect(screen.page.locator("#jupyterlab-splash")).to_have_count(0)
        screen.page.screenshot(path=f"{SHOTS}/compare-dark.png")
        screen.narrow(220)
        screen.panel.screenshot(path=f"{SHOTS}/narrow.png")
