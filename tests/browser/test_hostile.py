"""Nothing that a record holds acts: in the panel, in the saved file, in a widget."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Locator, Page, expect
from screens import Lab, Screen, compare_first_two

from nbops.workspace import Workspace

IMAGE = "<img src=x onerror=window.executed=1>"
SCRIPT = "</script></style></textarea><script>window.executed=2</script>"
LINK = "javascript:window.executed=3"
QUOTES = "\"' onfocus=window.executed=4 autofocus x='"
ATTACKS = (IMAGE, SCRIPT, LINK, QUOTES)
MARKUP = f"<a href='{LINK}'>go</a>{IMAGE}<svg onload=window.executed=5></svg>{SCRIPT}<b>shown</b>"

CELLS = [
    (
        "import json, pandas as pd\nfrom IPython.display import HTML\n"
        f"ATTACKS = {ATTACKS!r}\n"
        "pd.DataFrame({name: [1] for name in ATTACKS}).to_csv('columns.csv', index=False)"
    ),
    (
        "%%track hostile depth=1\n"
        "import nbops\n"
        "frame = pd.read_csv('columns.csv')\n"
        "for number, attack in enumerate(ATTACKS):\n"
        "    nbops.log_metric(attack, depth + number)\n"
        "    nbops.log_param(f'text{number}', attack * depth)\n"
        "    nbops.log_param(attack, depth)\n"
        f"HTML({MARKUP!r} * depth)"
    ),
]


def record(screen: Screen, cell: int) -> None:
    """Two hostile runs that differ."""
    screen.choose("Run", "Run All Cells")
    screen.await_kernel()
    screen.edit(cell, CELLS[1].replace("depth=1", "depth=2"))
    screen.run(cell)
    screen.await_kernel()


def expect_nothing_ran(page: Page) -> None:
    page.wait_for_timeout(300)  # images fail, and tell of it, a moment later
    assert page.evaluate("window.executed") is None
    assert page.locator("a[href^='javascript:' i]").count() == 0


def forget_outputs(screen: Screen) -> None:
    """The notebook itself may run what it shows: it is the person's own."""
    screen.choose("Edit", "Clear Outputs of All Cells")
    screen.page.evaluate("delete window.executed")


def test_what_a_record_holds_is_text_in_the_panel_and_in_the_saved_file(
    screen: Screen, lab: Lab, tmp_path: Path
) -> None:
    lab.write("hostile.ipynb", CELLS)
    screen.open("hostile.ipynb")
    screen.flip(to=True)
    record(screen, cell=1)
    expect(screen.row("depth=2")).to_contain_text(IMAGE)
    forget_outputs(screen)
    page, panel = screen.page, screen.panel
    search = panel.get_by_role("searchbox").first
    search.fill(
        "nothing has this"
    )  # so that the list is drawn again, after the outputs were forgotten
    expect(screen.row("depth=2")).to_have_count(0)
    search.fill("")
    expect(screen.row("depth=2")).to_contain_text(IMAGE)
    expect_nothing_ran(page)
    screen.row("depth=2").get_by_role("button", name="Details").click()
    details = panel.get_by_role("region", name="Cell run")
    expect(details.locator(".nbops-Outputs")).to_contain_text("shown")
    details.get_by_text("4 columns").click()
    expect(details.get_by_text(SCRIPT).first).to_be_visible()
    expect_nothing_ran(page)

    panel.get_by_role("tab", name="Runs").click()
    panel.get_by_role("listbox", name="Runs").get_by_role("option").first.click()
    run = panel.get_by_role("region", name="Run")
    for attack in ATTACKS:
        tag = run.get_by_role("textbox", name="Add a tag")
        tag.fill(f"tag {ATTACKS.index(attack)}={attack}")
        tag.press("Enter")
        expect(run.locator(".nbops-Tags")).to_contain_text(attack)
    run.get_by_role("textbox", name="Notes").fill("\n\n".join(ATTACKS))
    run.get_by_role("textbox", name="Notes").blur()
    expect(run.get_by_text("Saved when you leave the field")).to_have_count(0)
    expect_nothing_ran(page)
    page.keyboard.press("Escape")

    compare_first_two(panel, of=2).get_by_role("button", name="Open wide").click()
    wide = page.locator(".nbops-Wide")
    expect(wide.get_by_role("table", name="Metrics")).to_contain_text(SCRIPT)
    expect(wide.locator(".nbops-Outputs").last).to_contain_text("shown")
    expect_nothing_ran(page)
    with page.expect_download() as saving:
        wide.get_by_role("button", name="Save as HTML").click()
    saved = tmp_path / "saved.html"
    saving.value.save_as(saved)
    page.goto(f"file://{quote(str(saved))}")
    expect(page.get_by_role("table", name="Metrics")).to_contain_text(SCRIPT)
    expect_nothing_ran(page)
    expect_inert(page.locator("body"))


def expect_inert(body: Locator) -> None:
    """Even without the file's policy, nothing in it could act."""
    found = body.evaluate(
        "body => [...body.querySelectorAll('*')].filter(each => each.matches('script, iframe')"
        " || [...each.attributes].some(({ name }) => name.startsWith('on'))).map(e => e.outerHTML)"
    )
    assert found == []


@pytest.fixture
def strange_lab(workspace: Workspace) -> Iterator[Lab]:
    lab = Lab(workspace.root, knows_us=False)
    yield lab
    lab.stop()


def test_what_a_record_holds_is_text_in_widgets(strange_lab: Lab, page: Page) -> None:
    lab = strange_lab
    lab.write("widgets.ipynb", ["%load_ext nbops\n%track start", *CELLS])
    screen = Screen(page, lab)
    screen.show("widgets.ipynb")
    record(screen, cell=2)
    forget_outputs(screen)
    screen.edit(0, "import nbops\nnbops.panel()")
    screen.run(0)
    panel = screen.cell(0).locator(".nbops-Widget")
    row = panel.get_by_role("treeitem").filter(has_text="depth=2")
    expect(row).to_contain_text(IMAGE)
    row.get_by_role("button", name="Details").click()
    details = panel.get_by_role("region", name="Cell run")
    expect(details.locator(".nbops-Outputs")).to_contain_text("HTML object")  # text and images only
    details.get_by_role("button", name="Back").click()
    compared = compare_first_two(panel, of=2)
    expect(compared.get_by_role("table", name="Metrics")).to_contain_text(SCRIPT)
    expect_nothing_ran(page)
