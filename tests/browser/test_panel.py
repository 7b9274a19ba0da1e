"""The panel, as a person meets it."""

import csv
import json
import os
import re
import sys
from pathlib import Path

import pytest
from mlflow import MlflowClient
from playwright.sync_api import expect
from processes import wait_until
from screens import Lab, Screen, compare_first_two

from nbops.index.queries import Index
from nbops.workspace import Workspace

CELLS = [
    "import pandas as pd\nfrom sklearn.linear_model import Ridge",
    'prices = pd.read_csv("prices.csv")',
    (
        "%%track ridge alpha=1.0\n"
        'model = Ridge(alpha=alpha).fit(prices[["area"]], prices["price"])\n'
        '{"r2": model.score(prices[["area"]], prices["price"])}'
    ),
]

KERNEL_WITHOUT_NBOPS = """
import sys
from ipykernel.kernelapp import launch_new_instance

class Missing:
    def find_spec(self, name, *_):
        if name.split(".")[0] == "nbops":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Missing())
launch_new_instance()
"""


@pytest.fixture
def prices(workspace: Workspace) -> Path:
    path = workspace.root / "prices.csv"
    write_prices(path, 40)
    return path


def write_prices(path: Path, count: int) -> None:
    with path.open("w", newline="") as file:
        rows = ((area, 3 * area + area % 7) for area in range(20, 20 + count))
        csv.writer(file).writerows([("area", "price"), *rows])


def test_flip_the_switch_change_one_thing_run_again_be_told_what_changed(
    screen: Screen, lab: Lab, prices: Path, workspace: Workspace
) -> None:
    lab.write("prices.ipynb", CELLS)
    screen.open("prices.ipynb")
    expect(screen.switch).to_have_attribute("aria-checked", "false")
    screen.flip(to=True)

    screen.choose("Run", "Run All Cells")
    screen.expect_row("%%track ridge alpha=1.0", "alpha 1", "r2 0.9")
    screen.expect_row("pd.read_csv", "prices.csv", "40 × 2")
    expect(screen.summary).to_contain_text("all in MLflow")
    expect(screen.summary).to_contain_text("1 read, all with content hash")

    write_prices(prices, 30)
    screen.edit(2, CELLS[2].replace("alpha=1.0", "alpha=900.0"))
    screen.choose("Run", "Run All Cells")
    screen.expect_row("%%track ridge alpha=900.0", "alpha 1 → 900", "r2 0.9", "▼")
    screen.expect_row("pd.read_csv", "changed", "30 × 2")

    second = screen.row("%%track ridge alpha=900.0")
    second.get_by_role("button", name="why?").click()
    why = screen.panel.get_by_role("region", name="What changed")
    expect(why.locator(".nbops-Sentence")).to_contain_text("2 recorded things changed")
    expect(why.get_by_role("table", name="Params")).to_contain_text("alpha")
    expect(why.get_by_role("table", name="Data")).to_contain_text("10 rows fewer")
    why.get_by_role("button", name="Back").click()
    expect(second).to_be_visible()

    client = MlflowClient(workspace.embedded_uri)
    experiment = client.get_experiment_by_name("prices")

    def ridges() -> list[dict[str, str]]:
        runs = client.search_runs([experiment.experiment_id], "tags.mlflow.runName = 'ridge'")
        return [run.data.params for run in runs if "r2" in run.data.metrics]

    wait_until(lambda: len(ridges()) == 2)
    assert sorted(run["alpha"] for run in ridges()) == ["1.0", "900.0"]

    narrow = compare_first_two(screen.panel, of=2)
    expect(narrow.get_by_role("table", name="Params")).to_contain_text("alpha")
    narrow.get_by_role("button", name="Open wide").click()
    wide = screen.page.locator(".nbops-Wide")
    expect(screen.page.get_by_role("tab", name="ridge [3] → ridge [6]")).to_be_visible()
    expect(wide.get_by_role("table", name="Data")).to_contain_text("prices.csv")
    expect(wide.get_by_role("table", name="Metrics")).to_contain_text("worse")


def test_a_cell_run_opens_to_what_it_was_and_an_earlier_version_is_put_back(
    screen: Screen, lab: Lab, prices: Path
) -> None:
    cells = [
        "shown = 1",
        "import pathlib\ntext = pathlib.Path('prices.csv').read_text()\nlen(text)",
    ]
    lab.write("details.ipynb", cells)
    screen.open("details.ipynb")
    screen.flip(to=True)
    screen.choose("Run", "Run All Cells")
    screen.expect_row("import pathlib", "prices.csv")
    screen.edit(1, cells[1].replace("len(text)", "len(text) + 1"))
    row = screen.row("import pathlib")
    row.get_by_role("button", name="Details").click()
    page = screen.panel.get_by_role("region", name="Cell run")
    expect(page).to_contain_text("prices.csv")
    expect(page.locator(".nbops-Outputs")).to_contain_text(str(len(prices.read_text())))
    expect(page.locator(".nbops-mod-added")).to_contain_text("len(text) + 1")
    page.get_by_role("button", name="Where it came from").or_(
        page.locator(".nbops-Data .nbops-Link")
    ).first.click()
    expect(screen.panel.get_by_role("region", name="Where this data came from")).to_contain_text(
        "details.ipynb"
    )
    screen.page.keyboard.press("Escape")
    page.get_by_role("button", name="Past versions").click()
    versions = screen.panel.get_by_role("region", name="Past versions")
    versions.get_by_role("button", name="Put back").click()
    expect(screen.cell(1).locator(".cm-content")).not_to_contain_text("+ 1")
    screen.page.keyboard.press("Control+z")
    expect(screen.cell(1).locator(".cm-content")).to_contain_text("+ 1")


def test_restart_and_run_all_records_the_first_cell_too(screen: Screen, lab: Lab) -> None:
    lab.write("order.ipynb", ["first = 1", "second = 2", "third = 3"])
    screen.open("order.ipynb")
    screen.flip(to=True)
    screen.choose("Run", "Run All Cells")
    expect(screen.summary).to_contain_text("3 cell runs")

    screen.choose("Kernel", "Restart Kernel and Run All Cells", confirm=True)
    expect(screen.panel.get_by_text("Earlier sessions")).to_be_visible()
    expect(screen.summary).to_contain_text("3 cell runs")
    expect(screen.row("third = 3")).to_contain_text("[3]")
    earlier = screen.panel.get_by_role("region", name="Earlier sessions")
    line = earlier.get_by_role("button", name="finished")
    line.click()
    expect(earlier.get_by_role("treeitem", name="third = 3")).to_be_visible()
    line.click()
    fold = screen.row("2 more cells")
    fold.click()
    expect(screen.row("first = 1")).to_contain_text("[1]")


def test_the_switch_and_the_panel_are_found_as_they_were_left(
    screen: Screen, lab: Lab, index: Index
) -> None:
    lab.write("mine.ipynb", ["a = 1"])
    lab.write("other.ipynb", ["b = 1"])
    screen.open("mine.ipynb")
    screen.flip(to=True)
    runs = screen.panel.get_by_role("tab", name="Runs")
    with screen.page.expect_request(
        lambda sent: '"tab":"runs"' in (sent.post_data or "")
    ) as keeping:
        runs.click()
    assert keeping.value.response().ok
    screen.choose("Kernel", "Shut Down Kernel")

    screen.open("mine.ipynb")
    expect(runs).to_have_attribute("aria-selected", "true")
    screen.panel.get_by_role("tab", name="This notebook").click()
    expect(screen.switch).to_have_attribute("aria-checked", "true")
    screen.run(0)
    expect(screen.row("a = 1")).to_be_visible()
    screen.open("other.ipynb")
    expect(screen.switch).to_have_attribute("aria-checked", "false")
    screen.run(0)
    expect(screen.cell(0)).to_contain_text("[1]")
    assert {Path(session.notebook).name for session in index.sessions()} == {"mine.ipynb"}


def test_a_switch_turned_off_records_no_further_cell(screen: Screen, lab: Lab) -> None:
    lab.write("off.ipynb", ["seen = 1", "unseen = 2"])
    screen.open("off.ipynb")
    screen.flip(to=True)
    screen.run(0)
    expect(screen.row("seen = 1")).to_be_visible()
    screen.flip(to=False)
    screen.run(1)
    expect(screen.cell(1)).to_contain_text("[2]")
    expect(screen.summary).to_contain_text("finished · 1 cell run")
    expect(screen.row("unseen")).to_have_count(0)


def test_a_running_cell_shows_its_time_and_what_it_logged_so_far(screen: Screen, lab: Lab) -> None:
    lab.write("live.ipynb", ["import time, nbops\nnbops.log_metric('loss', 0.5)\ntime.sleep(600)"])
    screen.open("live.ipynb")
    screen.flip(to=True)
    screen.run(0)
    row = screen.row("import time, nbops")
    expect(row).to_contain_text(re.compile(r"\d:[0-5]\d"))
    screen.expect_row("import time", "[*]", "loss 0.5")
    screen.choose("Kernel", "Interrupt Kernel")
    expect(row).to_contain_text("interrupted")
    expect(row).not_to_contain_text("[*]")


def test_a_kernel_without_nbops_says_how_to_get_it_and_runs_its_cells(
    screen: Screen, lab: Lab
) -> None:
    folder = Path(os.environ["JUPYTER_DATA_DIR"]) / "kernels" / "bare"
    folder.mkdir(parents=True)
    argv = [sys.executable, "-c", KERNEL_WITHOUT_NBOPS, "-f", "{connection_file}"]
    spec = {"argv": argv, "display_name": "bare", "language": "python"}
    (folder / "kernel.json").write_text(json.dumps(spec))
    lab.write("bare.ipynb", ["print(6 * 7)"], kernel="bare")
    screen.open("bare.ipynb")
    screen.switch.click()
    expect(screen.panel.get_by_role("alert")).to_contain_text("%pip install nbops")
    expect(screen.switch).to_have_attribute("aria-checked", "false")
    screen.run(0)
    expect(screen.cell(0)).to_contain_text("42")


def test_a_server_that_is_away_is_said_what_is_known_stays_and_it_may_come_back(
    screen: Screen, lab: Lab
) -> None:
    lab.write("away.ipynb", ["a = 1"])
    screen.open("away.ipynb")
    screen.flip(to=True)
    screen.run(0)
    expect(screen.row("a = 1")).to_be_visible()
    expect(screen.summary).to_contain_text("no runs yet")
    lab.stop()
    at_once = 7_000  # while the server tells what is new, it is asked every 15 s
    expect(screen.panel).to_contain_text("The server does not answer.", timeout=at_once)
    expect(screen.row("a = 1")).to_be_visible()
    lab.start()
    expect(screen.panel).not_to_contain_text("The server does not answer.")
    expect(screen.row("a = 1")).to_be_visible()


def test_the_keyboard_alone_is_enough(screen: Screen, lab: Lab, prices: Path) -> None:
    lab.write("keys.ipynb", CELLS)
    screen.open("keys.ipynb")
    screen.switch.focus()
    keys = screen.page.keyboard
    keys.press("Space")
    expect(screen.switch).to_have_attribute("aria-checked", "true")
    screen.choose("Run", "Run All Cells")
    expect(screen.row("%%track ridge")).to_contain_text("r2")
    screen.panel.get_by_role("button", name="Group by cell").focus()
    keys.press("Tab")
    expect(screen.row("%%track ridge")).to_be_focused()
    keys.press("w")
    back = screen.panel.get_by_role("button", name="Back")
    expect(back).to_be_focused()
    keys.press("Escape")
    expect(screen.row("%%track ridge")).to_be_focused()
    keys.press("ArrowDown")
    expect(screen.row("pd.read_csv")).to_be_focused()
    keys.press("Enter")
    expect(screen.cell(1)).to_have_class(re.compile("jp-mod-active"))

    screen.run(2)
    expect(screen.row("%%track ridge")).to_have_count(2)
    screen.panel.get_by_role("tab", name="This notebook").focus()
    keys.press("ArrowRight")
    runs = screen.panel.get_by_role("tab", name="Runs")
    expect(runs).to_be_focused()
    expect(runs).to_have_attribute("aria-selected", "true")
    table = screen.panel.get_by_role("listbox", name="Runs")
    expect(table.get_by_role("option")).to_have_count(2)
    table.focus()
    keys.press("Space")
    keys.press("ArrowDown")
    keys.press("Space")
    compare = screen.panel.get_by_role("button", name="Compare 2")
    compare.focus()
    keys.press("Enter")
    page = screen.panel.get_by_role("region", name="Comparison")
    expect(page.get_by_role("table", name="Metrics")).to_contain_text("r2")
    expect(page.get_by_role("button", name="Back")).to_be_focused()
    keys.press("Escape")
    expect(table).to_be_focused()


def test_cells_wear_that_they_are_stale_edited_or_failed(
    screen: Screen, lab: Lab, prices: Path
) -> None:
    lab.write("states.ipynb", [*CELLS, "aside = pd.read_csv('prices.csv')", "1 / 0"])
    screen.open("states.ipynb")
    screen.flip(to=True)
    screen.choose("Run", "Run All Cells")
    screen.expect_row("%%track ridge", "r2")
    expect(screen.mark(4)).to_have_accessible_name(re.compile("^Failed: ZeroDivisionError"))
    expect(screen.mark(1)).to_have_count(0)

    write_prices(prices, 30)
    expect(screen.mark(1)).to_have_accessible_name(re.compile("^Stale: It read prices.csv"))
    expect(screen.mark(2)).to_have_accessible_name(re.compile("^Stale: It used `prices` of cell"))
    expect(screen.mark(3)).to_have_count(0)  # no result of the newest run
    expect(screen.panel).to_contain_text("2 stale, 1 more that the newest run does not use")
    screen.expect_row("%%track ridge", "Stale")

    screen.run(1)
    expect(screen.mark(1)).to_have_count(0)
    expect(screen.mark(2)).to_have_accessible_name(re.compile("which ran again since"))
    screen.edit(2, CELLS[2].replace("alpha=1.0", "alpha=2.0"))
    edited = screen.mark(2)
    expect(edited).to_have_accessible_name(re.compile("^Edited since it ran"))
    edited.click()
    expect(screen.panel.get_by_role("region", name="Cell run")).to_contain_text("alpha=1.0")
    screen.run(2)
    expect(edited).to_have_count(0)


def test_the_margin_follows_the_run_that_is_selected_and_a_kind_can_be_silenced(
    screen: Screen, lab: Lab
) -> None:
    cells = ["%%track low depth=1\n{'score': depth}", "%%track high depth=8\n{'score': depth}"]
    lab.write("select.ipynb", cells)
    screen.open("select.ipynb")
    screen.flip(to=True)
    screen.choose("Run", "Run All Cells")
    screen.expect_row("%%track high", "score")
    for number, cell in enumerate(cells):
        screen.edit(number, f"{cell}  # edited")
    expect(screen.mark(1)).to_have_accessible_name(re.compile("^Edited"))
    expect(screen.mark(0)).to_have_count(0)
    screen.row("%%track low").get_by_role("checkbox").click()
    expect(screen.mark(0)).to_have_accessible_name(re.compile("^Edited"))
    expect(screen.mark(1)).to_have_count(0)
    expect(screen.panel).to_contain_text("1 more that what is selected does not use")
    screen.panel.get_by_role("button", name="Clear").click()
    expect(screen.mark(1)).to_be_visible()
    screen.row("%%track low").get_by_role("button", name="Details").click()
    expect(screen.mark(0)).to_be_visible()
    screen.page.keyboard.press("Escape")

    screen.command("settingeditor:open", {"query": "nbops"})
    settings = screen.page.locator(".jp-SettingsPanel")
    settings.get_by_label("Mark cells that were edited").uncheck()
    screen.page.get_by_role("tab", name="select.ipynb").click()
    expect(screen.mark(1)).to_have_count(0)
