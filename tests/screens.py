"""A real JupyterLab in a real browser, driven by what a person sees: roles, names, keys."""

import contextlib
import json
import os
import re
import subprocess
import sys
import urllib.request
from collections.abc import Sequence
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import Locator, Page, expect
from processes import PATIENCE_S, free_port, wait_until

TOKEN = "test"
_TRIES = 6
_GOODBYE_S = 20
SHOTS = os.environ.get("NBOPS_SHOTS")
"""A folder that takes pictures of what was tested, for people to look at."""
_WITHOUT_NEWS = {"@jupyterlab/apputils-extension:announcements": True}


class Lab:
    """A JupyterLab server of one's own.

    Parameters
    ----------
    knows_us
        Whether our extensions of server and JupyterLab are on.
    is_notebook
        Whether it is Notebook 7, which shows one notebook a page.
    python
        Whose JupyterLab it is.
    """

    def __init__(
        self,
        root: Path,
        *,
        knows_us: bool = True,
        is_notebook: bool = False,
        python: str | Path = sys.executable,
    ) -> None:
        self.root = root
        self._python = python
        self._port = free_port()
        self._knows_us = knows_us
        self._module, app, self._place = (
            ("notebook", "JupyterNotebookApp", "notebooks")
            if is_notebook
            else ("jupyterlab", "LabApp", "lab/tree")
        )
        self._exposed = f"--{app}.expose_app_in_browser=True"
        self.start()

    def start(self) -> None:
        """Start it, again where it was before."""
        root = self.root
        config = Path(os.environ["JUPYTER_CONFIG_DIR"]) / "labconfig"
        config.mkdir(parents=True, exist_ok=True)
        disabled = {**_WITHOUT_NEWS, **({} if self._knows_us else {"@nbops/labextension": True})}
        (config / "page_config.json").write_text(json.dumps({"disabledExtensions": disabled}))
        command = [self._python, "-m", self._module, "--no-browser", "--allow-root"]
        command += [f"--ServerApp.port={self._port}", "--ServerApp.port_retries=0"]
        command += ["--ServerApp.ip=127.0.0.1", f"--ServerApp.root_dir={root}"]
        command += [f"--IdentityProvider.token={TOKEN}", self._exposed]
        if not self._knows_us:
            command += ["--ServerApp.jpserver_extensions={'nbops': False}"]
        log = (config / "lab.log").open("ab")
        self._process = subprocess.Popen(command, cwd=root, stdout=log, stderr=log)
        log.close()
        wait_until(self._answers)

    def url(self, notebook: str) -> str:
        return f"http://127.0.0.1:{self._port}/{self._place}/{notebook}?token={TOKEN}"

    def write(self, name: str, sources: Sequence[str], kernel: str = "python3") -> None:
        """Write a notebook whose cells are called `cell0`, `cell1` ..."""
        cells = [new_code_cell(source, id=f"cell{n}") for n, source in enumerate(sources)]
        spec = {"name": kernel, "display_name": kernel, "language": "python"}
        nbformat.write(new_notebook(cells=cells, metadata={"kernelspec": spec}), self.root / name)

    def stop(self) -> None:
        """End it, with its kernels."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(_GOODBYE_S)
            except subprocess.TimeoutExpired:  # a page that was open keeps threads of it waiting
                self._process.kill()
                self._process.wait(PATIENCE_S)

    def _answers(self) -> bool:
        assert self._process.poll() is None, "JupyterLab ended before it answered"
        try:
            url = f"http://127.0.0.1:{self._port}/api/status?token={TOKEN}"
            with urllib.request.urlopen(url, timeout=2) as answer:
                return answer.status == 200
        except OSError:
            return False


class Screen:
    """What a person does and sees in JupyterLab with one notebook open."""

    def __init__(self, page: Page, lab: Lab) -> None:
        self.page = page
        self._notebook = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")
        self._lab = lab
        self.panel = page.locator("#nbops-panel")
        self.switch = self.panel.get_by_role("switch")
        self.rows = self.panel.get_by_role("treeitem")
        self.summary = self.panel.locator(".nbops-Summary")

    def open(self, notebook: str) -> None:
        """Open a notebook, wait for its kernel, and open the panel."""
        self.show(notebook)
        if not self.panel.is_visible():
            self.page.get_by_role("tab", name="nbops").click()
        expect(self.switch).to_be_enabled()

    def show(self, notebook: str) -> None:
        """Open a notebook, and wait for its kernel."""
        self.page.goto(self._lab.url(notebook))
        self.page.locator("#jupyterlab-splash").wait_for(state="detached")
        self.cell(0).wait_for()
        self.await_kernel()

    def await_kernel(self) -> None:
        """Wait until it is connected and free; the notebook's own indicator says so too early."""
        expect(self.page.locator("#jp-main-statusbar")).to_contain_text("| Idle")

    def choose(self, menu: str, item: str, *, confirm: bool = False) -> None:
        """Choose from the main menu."""
        self.page.get_by_role("menuitem", name=menu, exact=True).click()
        self.page.locator(".lm-Menu-item").filter(has_text=item).first.click()
        if confirm:
            self.page.locator(".jp-Dialog .jp-mod-accept").click()

    def cell(self, number: int) -> Locator:
        return self._notebook.locator(".jp-Cell").nth(number)

    def mark(self, number: int) -> Locator:
        """What a cell wears in the margin."""
        return self.cell(number).locator(".nbops-Mark")

    def edit(self, number: int, source: str) -> None:
        """Replace a cell's text, as with the keyboard."""
        self._focus(number)
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(source)

    def run(self, number: int) -> None:
        """Run a cell; again while JupyterLab, which still opened another notebook, takes the key."""
        prompt = self.cell(number).locator(".jp-InputPrompt").first
        before = prompt.inner_text()
        for _ in range(_TRIES):
            self._focus(number)
            self.page.keyboard.press("Control+Enter")
            with contextlib.suppress(AssertionError):
                expect(prompt).not_to_have_text(before, timeout=20_000)
                return

    def row(self, text: str) -> Locator:
        """Rows of cell runs that hold a text."""
        return self.rows.filter(has_text=text)

    def expect_row(self, line: str, *facts: str) -> None:
        """Wait until the cell run with this first line says all of these."""
        for fact in facts:
            expect(self.row(line).first).to_have_accessible_name(re.compile(re.escape(fact)))

    def flip(self, *, to: bool) -> None:
        self.switch.click()
        expect(self.switch).to_have_attribute("aria-checked", str(to).lower())

    def use_theme(self, name: str) -> None:
        self.command("apputils:change-theme", {"theme": name})
        self.page.locator(f"body[data-jp-theme-name='{name}']").wait_for(state="attached")

    def narrow(self, width: int) -> None:
        """Give the panel a width in pixels, below what the sidebar's handle allows, too."""
        style = f"#nbops-panel {{ width: {width}px !important; min-width: 0 !important }}"
        self.page.add_style_tag(content=style)
        self.page.wait_for_function(
            "width => Math.abs(document.querySelector('#nbops-panel').clientWidth - width) < 2",
            arg=width,
        )

    def _focus(self, number: int) -> None:
        editor = self.cell(number).locator(".cm-content")
        editor.click()
        expect(editor).to_be_focused()

    def command(self, command: str, arguments: dict[str, str] | None = None) -> None:
        """Have JupyterLab do something, by the name of the command."""
        self.page.evaluate(
            "([command, args]) => window.jupyterapp.commands.execute(command, args)",
            [command, arguments or {}],
        )


def compare_first_two(panel: Locator, *, of: int) -> Locator:
    """Tick the first two runs, once so many are listed, and compare them; the region that opens."""
    panel.get_by_role("tab", name="Runs").click()
    table = panel.get_by_role("listbox", name="Runs")
    expect(table.get_by_role("option")).to_have_count(of)
    for number in range(2):
        table.get_by_role("checkbox").nth(number).click()
    panel.get_by_role("button", name="Compare 2").click()
    return panel.get_by_role("region", name="Comparison")
