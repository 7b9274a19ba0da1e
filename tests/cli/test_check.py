"""`nbops check`, and what `%track status` says of the same notebook."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from kernels import Kernel
from processes import PATIENCE_S

from nbops.checks import KINDS
from nbops.index.check import check_path
from nbops.index.queries import Index
from nbops.workspace import Workspace, find_workspace

NBOPS = [sys.executable, "-c", "from nbops.cli import main; main()"]


def nbops(workspace: Workspace, *words: str) -> subprocess.CompletedProcess[str]:
    command = [*NBOPS, *words]
    return subprocess.run(
        command, cwd=workspace.root, capture_output=True, text=True, timeout=PATIENCE_S
    )


CELLS = {
    "params": "depth = 4",
    "data": "import pathlib\ntext = pathlib.Path('wine.csv').read_text()",
    "fit": "%%track forest\nscore = depth * len(text)\nscore",
    "below": "half = 0.5",
}


def save(workspace: Workspace, cells: dict[str, str], **more: list[str]) -> Path:
    """Write the notebook as JupyterLab does."""
    path = workspace.root / "notebook.ipynb"
    made = [
        {
            "id": key,
            "cell_type": "code",
            "source": source.splitlines(keepends=True),
            "metadata": {"tags": more.get(key, [])},
            "outputs": [],
            "execution_count": None,
        }
        for key, source in {"start": "%load_ext nbops\n%track start", **cells}.items()
    ]
    content = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": made}
    path.write_text(json.dumps(content))
    return path


@pytest.fixture
def ran(kernel: Kernel, workspace: Workspace) -> Kernel:
    """A kernel in which the notebook ran from top to bottom."""
    (workspace.root / "wine.csv").write_text("a,b\n1,2\n")
    for key, source in CELLS.items():
        kernel.run(source, key)
    return kernel


def test_a_notebook_that_ran_from_top_to_bottom_is_in_order(ran: Kernel, workspace: Workspace):
    save(workspace, CELLS)
    done = nbops(workspace, "check", "notebook.ipynb")
    assert done.stdout.startswith("Nothing found in notebook.ipynb (session ")
    assert (done.returncode, done.stderr) == (0, "")
    assert nbops(workspace, "check", "last").returncode == 0
    assert "checks: nothing found" in ran.run("%track status").result


def test_hidden_state_is_found_in_a_real_session(ran: Kernel, workspace: Workspace, index: Index):
    ran.run("half = 0.25", "extra")
    ran.run("depth = 8 * half", "params")
    (workspace.root / "wine.csv").write_text("a,b\n3,4,5\n")
    time.sleep(0.02)
    save(workspace, {**CELLS, "params": "depth = 8 * half"})
    done = nbops(workspace, "check", "notebook.ipynb", "--json")
    said = json.loads(done.stdout)
    assert (done.returncode, said["format"], said["checked"]) == (1, 1, "notebook.ipynb")
    found = {(one["kind"], one["cell_id"]): one["message"] for one in said["findings"]}
    assert list(found) == [
        ("order", "params"),
        ("hidden", "params"),
        ("stale", "data"),
        ("stale", "fit"),
    ]
    assert "`half`, which only cell [5] `half = 0.5` makes, below" in found["order", "params"]
    assert (
        "`half` of cell [6] `half = 0.25`, which is not in the noteb" in found["hidden", "params"]
    )
    assert found["stale", "data"] == "It read wine.csv, which changed since."
    assert "which ran again since, as [7]" in found["stale", "fit"]

    text = ran.run("%track status", "look").result
    assert "checks: 1 order, 1 hidden, 2 stale; nbops check notebook.ipynb tells more" in text
    assert "  hidden     [7] depth = 8 * half" in text
    assert "  and 1 more" in text
    assert index.wait(PATIENCE_S)
    cells = index.document(index.resolve(index.sessions()[0].id)).cell_runs
    assert cells[-1].reads == (), "what a check reads is no data of the cell"

    of_run = nbops(workspace, "check", "last")
    assert of_run.returncode == 1
    assert "It read wine.csv, which changed since." in of_run.stdout
    assert (
        of_run.stdout.rstrip().splitlines()[-1].startswith("1 hidden, 1 stale in forest (session ")
    )


def test_a_notebook_without_a_record_is_looked_at_by_its_text(workspace: Workspace):
    save(workspace, {"a": "y = x", "b": "x = 1\nopen('none.csv')"})
    done = nbops(workspace, "check", "notebook.ipynb")
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        "order      [ ] y = x",
        "           It uses `x`, which only cell [ ] `x = 1` makes, below it.",
        "           → Move that cell above it.",
        "",
        "path       [ ] x = 1",
        "           `none.csv` is not there, and no cell makes it.",
        "           → Add the file, or the cell that gets it.",
        "",
        "1 order, 1 path in notebook.ipynb (no record of it: only its text).",
    ]


def test_what_the_project_declares_is_asked_by_distribution(workspace: Workspace):
    (workspace.root / "pyproject.toml").write_text("[project]\nname='p'\ndependencies=['pandas']")
    (workspace.root / "mine.py").write_text("")
    save(workspace, {"a": "import pandas, json, mine\nfrom sklearn import svm\nimport dateutil"})
    done = nbops(workspace, "check", "notebook.ipynb")
    assert (
        "It imports python-dateutil and scikit-learn, which pyproject.toml does not name."
        in done.stdout
    )


def test_settings_tags_and_comments_silence(workspace: Workspace):
    cells = {"a": "import random\nx = random.random()", "b": "open('/home/ada/x.csv')"}
    save(workspace, cells, a=["nbops-ignore-random"])
    assert nbops(workspace, "check", "notebook.ipynb").stdout.endswith(
        "1 path in notebook.ipynb (no record of it: only its text).\n"
    )
    (workspace.root / "pyproject.toml").write_text("[tool.nbops]\nignore_checks = ['path']\n")
    assert nbops(workspace, "check", "notebook.ipynb").returncode == 0


def test_secrets_in_the_notebook_are_no_edits(kernel: Kernel, workspace: Workspace):
    cells = {"a": "password = 'hunter2-swordfish'\nx = 1", "b": "y = x"}
    for key, source in cells.items():
        kernel.run(source, key)
    save(workspace, cells)
    assert nbops(workspace, "check", "notebook.ipynb").stdout.startswith("Nothing found")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["none.ipynb"], "nbops: There is no notebook none.ipynb. Name a file, or a run."),
        (["broken.ipynb"], "nbops: broken.ipynb is no notebook that can be read."),
        (["nothing"], "nbops: There is no run 'nothing'. `nbops ls` lists them."),
        ([], "Missing argument 'NOTEBOOK|RUN|pipeline.yaml'."),
    ],
)
def test_wrong_use_is_told_in_one_line(workspace: Workspace, words: list[str], told: str):
    (workspace.root / "broken.ipynb").write_text("{}")
    done = nbops(workspace, "check", *words)
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_help_teaches_every_kind(workspace: Workspace):
    said = nbops(workspace, "check", "--help").stdout
    for kind in KINDS:
        assert f"\n  {kind} " in said
    assert "nbops: ignore[random]" in said


def test_the_example_is_clean():
    path = Path(__file__).parents[2] / "examples" / "01_first_run.ipynb"
    assert check_path(Index(find_workspace(path)), path).findings == ()


def test_a_job_is_checked_for_where_it_is_to_run(workspace: Workspace):
    save(workspace, {"a": "url = 'http://localhost:8000'", "b": "n = input('How many?')"})
    words = ("check", "notebook.ipynb", "--for", "script", "--no-dry-run")
    done = nbops(workspace, *words, "--json")
    said = json.loads(done.stdout)
    assert (done.returncode, said["is_ready"], said["target"]) == (1, False, "script")
    (finding,) = said["findings"]
    assert (finding["level"], finding["kind"], finding["cell_id"]) == ("error", "interactive", "b")
    text = nbops(workspace, *words).stdout
    assert "error    interactive  notebook.ipynb [b] n = input('How many?')" in text
    assert text.endswith("1 error found: notebook.ipynb is not ready for script.\n")
    ignoring = nbops(workspace, *words, "--ignore", "interactive")
    assert ignoring.returncode == 0
    assert ignoring.stdout == "Nothing found: notebook.ipynb is ready for script.\n"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--for", "skript"], "There is no target 'skript'. Did you mean script?"),
        (["--for", "script", "--ignore", "pth"], "There is no kind 'pth' to ignore."),
        (["--no-dry-run"], "--no-dry-run goes with --for TARGET."),
        (["-p", "x=1"], "-p goes with --for TARGET."),
        (["--ignore", "secret"], "There is no kind 'secret' to ignore."),
    ],
)
def test_wrong_use_of_a_jobs_check_is_told_in_one_line(
    workspace: Workspace, words: list[str], told: str
):
    save(workspace, {"a": "x = 1"})
    done = nbops(workspace, "check", "notebook.ipynb", *words)
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert told in done.stderr
