"""One browser for all tests; a JupyterLab and a page of its own for each."""

from collections.abc import Iterator

import pytest
from find_chromium import find_chromium
from playwright.sync_api import Browser, Page, expect, sync_playwright
from screens import SHOTS, Lab, Screen

from nbops.workspace import Workspace

PATIENCE_MS = 120_000
"""A machine with two cores also starts kernels and MLflow meanwhile; a test that passes never waits so long."""


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = find_chromium()
    assert path, "no Chromium: apt install chromium"
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=path)


def is_ours(text: str) -> bool:
    """Whether a complaint is about our code; JupyterLab also names plugins that a slow machine loads late."""
    return "nbops" in text.lower() and not text.startswith("Plugin @")


@pytest.fixture
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page that fails the test when our code complains on its console."""
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    complaints: list[str] = []
    page.on(
        "pageerror",  # other extensions' errors are theirs
        lambda error: complaints.append(str(error)) if is_ours(error.stack or "") else None,
    )
    page.on(
        "console",
        lambda told: (
            complaints.append(told.text)
            if told.type in ("error", "warning") and is_ours(told.text)
            else None
        ),
    )
    yield page
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{request.node.name}.png")
    context.close()
    assert complaints == []


@pytest.fixture
def lab(workspace: Workspace) -> Iterator[Lab]:
    lab = Lab(workspace.root)
    yield lab
    lab.stop()


@pytest.fixture
def screen(lab: Lab, page: Page) -> Screen:
    return Screen(page, lab)
