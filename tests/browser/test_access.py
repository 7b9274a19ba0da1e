"""The panel can be used by everyone, and does nothing that a record tells it to do."""

from pathlib import Path

from playwright.sync_api import expect
from screens import Lab, Screen, compare_first_two

AXE = Path(__file__).parents[2] / "labextension" / "node_modules" / "axe-core" / "axe.min.js"
SERIOUS = ("serious", "critical")
HOSTILE = "<img src=x onerror=\"window.hacked='yes'\">"
CELLS = [
    f"nasty = {HOSTILE!r}",
    "open('data <b>.txt', 'w').write(nasty); open('data <b>.txt').read()",
    f"%%track {{name}} depth=1 text={HOSTILE!r}\n{{'score': depth}}",
    (
        "from IPython.display import HTML, Javascript, display\n"
        f"display(HTML({HOSTILE!r} + '<b>bold</b>'))\n"
        "display(Javascript(\"window.hacked = 'yes'\"))\n"
        "open('data <b>.txt').read()"
    ),
    "raise ValueError(nasty)",
]


def test_no_serious_violation_is_found_and_nothing_hostile_runs(screen: Screen, lab: Lab) -> None:
    cells = [cell.replace("{name}", "hostile") for cell in CELLS]
    lab.write("hostile.ipynb", cells)
    screen.open("hostile.ipynb")
    screen.flip(to=True)
    screen.choose("Run", "Run All Cells")
    expect(screen.row("ValueError")).to_be_visible()
    # What the notebook itself ran, it may.
    screen.page.evaluate("delete window.hacked")
    check(screen)
    screen.row("HTML, Javascript").get_by_role("button", name="Details").click()
    outputs = screen.panel.locator(".nbops-Outputs")
    expect(outputs).to_contain_text("bold")
    check(screen)
    screen.page.keyboard.press("Escape")
    screen.row("ValueError").get_by_role("button", name="Details").click()
    expect(screen.panel.get_by_role("region", name="Cell run")).to_contain_text("onerror")
    check(screen)
    screen.panel.get_by_role("tab", name="Runs").click()
    screen.panel.get_by_role("listbox", name="Runs").get_by_role("option").first.click()
    expect(screen.panel.get_by_role("region", name="Run")).to_contain_text("onerror")
    screen.panel.get_by_role("textbox", name="Notes").fill(HOSTILE)
    screen.panel.get_by_role("textbox", name="Notes").blur()
    expect(screen.panel.get_by_text("Saved when you leave the field")).to_have_count(0)
    check(screen)
    compare_hostile_runs(screen, cells[2])


def compare_hostile_runs(screen: Screen, cell: str) -> None:
    """Run it again with other hostile words, and look at what differs, narrow and wide, and at its versions."""
    panel = screen.panel
    panel.get_by_role("tab", name="This notebook").click()
    again = cell.replace("depth=1", f"depth=2 more={2 * HOSTILE!r}") + f"  # {HOSTILE}"
    screen.edit(2, again)
    screen.run(2)
    row = screen.row("depth=2")
    expect(row).to_contain_text("score")
    row.get_by_role("button", name="Details").click()
    panel.get_by_role("button", name="Past versions").click()
    expect(panel.get_by_role("region", name="Past versions")).to_contain_text("onerror")
    check(screen)
    narrow = compare_first_two(panel, of=2)
    expect(narrow.get_by_role("table", name="Params")).to_contain_text("onerror")
    check(screen)
    narrow.get_by_role("button", name="Open wide").click()
    wide = screen.page.locator(".nbops-Wide")
    expect(wide.get_by_role("table", name="Params")).to_contain_text("onerror")
    check(screen, ".nbops-Wide")


def check(screen: Screen, where: str = "#nbops-panel") -> None:
    page = screen.page
    if not page.evaluate("'axe' in window"):
        page.add_script_tag(path=AXE)
    found = page.evaluate("where => axe.run(where)", where)["violations"]
    serious = [
        (violation["id"], [node["html"] for node in violation["nodes"]])
        for violation in found
        if violation["impact"] in SERIOUS
    ]
    assert serious == []
    assert page.evaluate("window.hacked") is None
