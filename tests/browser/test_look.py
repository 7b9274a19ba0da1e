"""The panel can be read: in every theme, and in the narrowest sidebar."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect
from screens import SHOTS, Lab, Screen

from nbops.workspace import Workspace

MEASURE = (Path(__file__).parent / "measure.js").read_text()
THEMES = ["JupyterLab Light", "JupyterLab Dark", "JupyterLab Dark High Contrast"]
LEAST_CONTRAST = 4.5
"""WCAG 2.2, AA, for text of ordinary size."""
NARROW = 220
"""Pixels; JupyterLab's own sidebars stop at 250."""

CUT = "each => each.filter(tab => tab.scrollWidth > tab.clientWidth).map(tab => tab.textContent)"

CELLS = [
    "import json, pathlib",
    "pathlib.Path('a_file_with_a_rather_long_name_for_a_sidebar.json').write_text('[1]')",
    (
        "%%track a_run_with_a_long_name depth=4 note='a rather long text that says more than fits'\n"
        "path = 'a_file_with_a_rather_long_name_for_a_sidebar.json'\n"
        "numbers = json.loads(pathlib.Path(path).read_text())\n"
        "{'score': depth / 7 + len(numbers)}"
    ),
    "%track metric scor=score",
    "1 / 0",
]


@pytest.fixture
def shown(screen: Screen, lab: Lab, workspace: Workspace) -> Screen:
    """Rows of every kind: results, moves, a warning, a failure, a fold, an earlier session."""
    lab.write("looks.ipynb", CELLS)
    screen.open("looks.ipynb")
    screen.flip(to=True)
    screen.choose("Run", "Run All Cells")
    expect(screen.row("ZeroDivisionError")).to_be_visible()
    screen.choose("Kernel", "Restart Kernel and Run All Cells", confirm=True)
    expect(screen.panel.get_by_text("Earlier sessions")).to_be_visible()
    expect(screen.row("ZeroDivisionError")).to_be_visible()
    (workspace.root / "a_file_with_a_rather_long_name_for_a_sidebar.json").write_text("[1, 2]")
    screen.edit(2, CELLS[2].replace("depth=4", "depth=123456"))
    screen.run(2)
    expect(screen.row("depth=123456")).to_contain_text("score")
    return screen


def test_list_and_why_can_be_read_and_fit_in_every_theme(shown: Screen) -> None:
    shown.narrow(NARROW)
    for theme in THEMES:
        shown.use_theme(theme)
        check(shown, f"list, {theme}")
        shown.row("depth=123456").get_by_role("button", name="why?").click()
        expect(shown.panel.get_by_role("table", name="Params")).to_contain_text("123456")
        check(shown, f"why, {theme}")
        shown.page.keyboard.press("Escape")


def check(screen: Screen, what: str) -> None:
    if SHOTS:
        screen.panel.screenshot(path=f"{SHOTS}/{what}.png")
    seen: dict[str, Any] = screen.panel.evaluate(MEASURE)
    assert len(seen["contrast"]) > 10
    assert [each for each in seen["contrast"] if each[0] < LEAST_CONTRAST] == [], what
    assert seen["overflowing"] == [], what
    assert screen.panel.get_by_role("tab").evaluate_all(CUT) == [], what
