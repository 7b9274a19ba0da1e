"""What the panel costs in JupyterLab: its start, its first row, its being hidden, its bundle."""

import gzip
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median

from places import scratch_workspace
from table import Line, spread_of

# Behind: some rooms of the tests have the names of those here.
sys.path.append(str(Path(__file__).parents[1]))
sys.path.append(str(Path(__file__).parents[1] / "browser"))

import jupyterlab
from find_chromium import find_chromium
from playwright.sync_api import Browser, Page, expect, sync_playwright
from screens import Lab, Screen
from test_size import CELLS, RUNS, TIMES, plant, source_of

from nbops.locks import try_lock
from nbops.workspace import Workspace

_BUNDLE = Path(__file__).parents[2] / "nbops" / "labextension" / "static"
_BUDGET_KB = 200
_STARTS, _LOOKS = 5, 3
_WATCHED_S = 20
_PATIENCE_MS = 120_000
_NOTE_START = """
const wait = () => window.jupyterapp
  ? window.jupyterapp.restored.then(() => { window.restoredAt = performance.now(); })
  : setTimeout(wait, 5);
wait();
"""
_SHOW = """([select, act]) => new Promise(resolve => {
  const before = performance.now();
  const look = () => {
    const found = document.querySelector(`#nbops-panel ${select}`);
    if (found && found.offsetParent) resolve(performance.now() - before);
    else requestAnimationFrame(look);
  };
  if (act === 'show') window.jupyterapp.shell.activateById('nbops-panel');
  else window.jupyterapp.commands.execute(act);
  look();
})"""


def measure() -> list[Line]:
    """A notebook of 200 cells with 2,000 cell runs, and 10,000 runs beside it."""
    path = find_chromium()
    if not path:
        return [Line("the panel in JupyterLab", "not measured", "", "there is no Chromium")]
    with scratch_workspace() as (project, environment), sync_playwright() as playwright:
        os.environ.update(environment)
        expect.set_options(timeout=_PATIENCE_MS)
        with _labs(project) as (ours, without):
            browser = playwright.chromium.launch(executable_path=path)
            starts = [
                (_start_ms(browser, ours), _start_ms(browser, without)) for _ in range(_STARTS)
            ]
            rows = [_look(browser, ours) for _ in range(_LOOKS)]
            shown, hidden, margin = _count_requests(browser, ours)
            browser.close()
    return [_bundle(), *_added(starts), *_first_rows(rows), *_asked(shown, hidden, margin)]


@contextmanager
def _labs(project: Path) -> Iterator[tuple[Lab, Lab]]:
    """Two JupyterLabs on the same records, the second without our extensions; nobody carries anything to MLflow."""
    workspace = Workspace(project, project / ".nbops")
    workspace.prepare()
    with ExitStack() as stack:
        lock = os.open(workspace.courier_lock, os.O_RDWR | os.O_CREAT, 0o600)
        stack.callback(os.close, lock)
        assert try_lock(lock, workspace.courier_lock)
        plant(workspace)
        labs = []
        for knows_us in (True, False):
            config = project.parent / f"jupyter-{knows_us}"
            config.mkdir()
            os.environ["JUPYTER_CONFIG_DIR"] = str(config)
            lab = Lab(project, knows_us=knows_us)
            stack.callback(lab.stop)
            labs.append(lab)
        labs[0].write("big.ipynb", [source_of(number) for number in range(CELLS)])
        yield labs[0], labs[1]


@contextmanager
def _page(browser: Browser) -> Iterator[Page]:
    """A page with nothing in its cache."""
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    context.set_default_timeout(_PATIENCE_MS)
    yield context.new_page()
    context.close()


def _forget_layout(page: Page, lab: Lab) -> None:
    """Have the panel be as for somebody new, not as the page before left it."""
    page.request.delete(lab.url("").replace("/lab/tree/", "/lab/api/workspaces/default"))


def _start_ms(browser: Browser, lab: Lab) -> float:
    with _page(browser) as page:
        page.add_init_script(_NOTE_START)
        page.goto(lab.url("").replace("/lab/tree/", "/lab"))
        page.wait_for_function("window.restoredAt")
        return float(page.evaluate("window.restoredAt"))


def _look(browser: Browser, lab: Lab) -> tuple[float, float]:
    """Milliseconds to the first cell run after the panel is shown, and to the first of all runs."""
    with _page(browser) as page:
        _forget_layout(page, lab)
        Screen(page, lab).show("big.ipynb")
        cell_run = page.evaluate(_SHOW, ["[role=treeitem]", "show"])
        run = page.evaluate(_SHOW, ["[role=option]", "nbops:show-runs"])
        return cell_run, run


def _count_requests(browser: Browser, lab: Lab) -> tuple[int, int, int]:
    """Requests of the panel shown, hidden, and of the notebook's margin while it is hidden."""
    with _page(browser) as page:
        _forget_layout(page, lab)
        screen = Screen(page, lab)
        screen.open("big.ipynb")
        screen.rows.first.wait_for()
        asked: list[str] = []
        page.on("request", lambda sent: asked.append(sent.url.partition("/nbops/")[2]))
        page.wait_for_timeout(_WATCHED_S * 1000)
        shown = _panels(asked)
        page.evaluate("window.jupyterapp.shell.collapseRight()")
        screen.panel.wait_for(state="hidden")
        asked.clear()
        page.wait_for_timeout(_WATCHED_S * 1000)
        return shown, _panels(asked), len([name for name in asked if name.startswith("states")])


def _panels(asked: list[str]) -> int:
    return len([name for name in asked if name and not name.startswith("states")])


def _bundle() -> Line:
    files = [file.read_bytes() for file in _BUNDLE.glob("*.js")]
    size = sum(map(len, files)) / 1000
    packed = sum(len(gzip.compress(file)) for file in files) / 1000
    theirs = Path(jupyterlab.__file__).parent / "static"
    whole = sum(file.stat().st_size for file in theirs.glob("*.js")) / 1e6
    return Line(
        "the panel's bundle",
        f"{size:.0f} kB",
        f"{packed:.0f} kB as it is sent packed",
        f"JupyterLab's own {whole:.1f} MB; limit {_BUDGET_KB} kB",
        size <= _BUDGET_KB,
    )


def _added(starts: list[tuple[float, float]]) -> list[Line]:
    ours, without = (list(times) for times in zip(*starts, strict=True))
    return [
        Line(
            "JupyterLab's start with the panel, nothing cached",
            f"{median(ours) / 1000:.2f} s",
            spread_of(ours, "s", 0.001),
            f"without {median(without) / 1000:.2f} s, {spread_of(without, 's', 0.001)}",
        ),
        Line(
            "what the panel adds to it",
            f"{median(a - b for a, b in starts) / 1000:.2f} s",
            spread_of([a - b for a, b in starts], "s", 0.001),
            "pairs in turn",
        ),
    ]


def _first_rows(rows: list[tuple[float, float]]) -> list[Line]:
    cell_runs, runs = (list(times) for times in zip(*rows, strict=True))
    return [
        Line(
            f"the panel's first row, of {CELLS * TIMES:,} cell runs",
            f"{median(cell_runs) / 1000:.2f} s",
            spread_of(cell_runs, "s", 0.001),
            "since it was shown",
        ),
        Line(
            f"the first row of {RUNS:,} runs",
            f"{median(runs) / 1000:.2f} s",
            spread_of(runs, "s", 0.001),
            "since the tab was chosen",
        ),
    ]


def _asked(shown: int, hidden: int, margin: int) -> list[Line]:
    return [
        Line(
            "a hidden panel's requests",
            str(hidden),
            f"in {_WATCHED_S} s",
            f"shown {shown}; the notebook's margin {margin}",
            hidden == 0,
        )
    ]
