"""The panel and a comparison as widgets, where neither server nor JupyterLab knows of nbops."""

import re
from collections.abc import Iterator
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from playwright.sync_api import expect
from screens import Lab, Screen, compare_first_two

from nbops.workspace import Workspace

FIT = "%%track forest depth={depth}\nprint('<b>hello</b>')\n{{'score': depth / 8}}"
CELLS = [
    "%load_ext nbops\n%track start",
    FIT.format(depth=2),
    FIT.format(depth=4),
    "import nbops\nnbops.panel()",
    "nbops.compare('last~1', 'last')",
]


@pytest.fixture
def lab(workspace: Workspace) -> Iterator[Lab]:
    lab = Lab(workspace.root, knows_us=False)
    yield lab
    lab.stop()


def test_the_panel_is_live_and_compares_without_our_server(screen: Screen, lab: Lab) -> None:
    lab.write("alone.ipynb", CELLS)
    with pytest.raises(HTTPError, match="404"):
        urlopen(
            lab.url("alone.ipynb").replace(
                "lab/tree/alone.ipynb?", "nbops/notebook?path=alone.ipynb&"
            )
        )
    screen.show("alone.ipynb")
    expect(screen.page.get_by_role("tab", name="nbops")).to_have_count(0)
    screen.choose("Run", "Run All Cells")
    panel = screen.cell(3).locator(".nbops-Widget")
    rows = panel.get_by_role("treeitem")
    row = rows.filter(has_text="depth=4")
    expect(row).to_have_accessible_name(re.compile("score 0.5"))

    compared = screen.cell(4).locator(".nbops-Widget")
    expect(compared.get_by_role("table", name="Params")).to_contain_text("depth")
    metrics = compared.get_by_role("table", name="Metrics")
    expect(metrics).to_contain_text("score")
    metrics.scroll_into_view_if_needed()
    expect(metrics).to_be_in_viewport(timeout=10_000)  # it has room, and is not cut away

    screen.edit(2, FIT.format(depth=6))
    screen.run(2)
    moved = rows.filter(has_text="depth=6")
    expect(moved).to_have_accessible_name(re.compile("depth 4 → 6"))
    row.get_by_role("button", name="Details").click()
    details = panel.get_by_role("region", name="Cell run")
    expect(details.locator(".nbops-Outputs")).to_contain_text("<b>hello</b>")
    details.get_by_role("button", name="Back").click()

    page = compare_first_two(panel, of=3)
    expect(page.locator(".nbops-Sentence")).to_contain_text(re.compile("changed"))
    expect(page.get_by_role("button", name="Open wide")).to_have_count(0)
