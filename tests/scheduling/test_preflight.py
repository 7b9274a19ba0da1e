"""What is found before a job leaves: each cause where it is, and nothing in its clean twin."""

import os
import socket
from dataclasses import replace
from pathlib import Path

import pytest
from kernels import Kernel
from leaving import CLOUD, DESK, PROJECT, make_job, write_notebook

from nbops.index.queries import Index
from nbops.scheduling.job import read_job
from nbops.scheduling.preflight import KINDS, Finding, check_job, has_errors
from nbops.scheduling.preflight.findings import say_job
from nbops.workspace import Workspace

_TOP = "import os, sys\nimport numpy as np\nimport pandas as pd"

CAUSES: dict[str, tuple[str, str, list[str], list[str]]] = {
    # name: kind, level, the notebook with the cause, its clean twin
    "a cell uses what stands below it": ("order", "error", ["y = x", "x = 1"], ["x = 1", "y = x"]),
    "a name is made nowhere": ("hidden", "error", ["y = x + 1"], ["x = 1", "y = x + 1"]),
    "random numbers have no seed": (
        "random",
        "warning",
        ["x = np.random.rand()"],
        ["np.random.seed(0)", "x = np.random.rand()"],
    ),
    "a package is not declared": ("undeclared", "warning", ["import nbclient"], ["import mlflow"]),
    "a package is not in the lock": ("package", "error", ["import requests"], ["import sklearn"]),
    "a cell installs a package": (
        "package",
        "warning",
        ["%pip install seaborn\nx = 1"],
        ["print('pip install seaborn')"],
    ),
    "a cell installs a package in a shell": (
        "package",
        "warning",
        ["!python -m pip install -q seaborn"],
        ["!echo pip"],
    ),
    "a path is absolute": ("path", "error", ["open('/data/x.csv')"], ["open('here.csv')"]),
    "a file is nowhere": ("path", "error", ["open('gone.csv')"], ["open('here.csv')"]),
    "a path begins at home": ("path", "error", ["open('~/x.csv')"], ["print('~ 3')"]),
    "a path is made of the home folder": (
        "path",
        "error",
        ["from pathlib import Path\nx = Path.home() / 'x.csv'"],
        ["from pathlib import Path\nx = Path.cwd() / 'x.csv'"],
    ),
    "an import is relative": ("module", "error", ["from . import mine"], ["import mine"]),
    "a module is nowhere": ("module", "error", ["import nowhere_at_all"], ["import mine"]),
    "a module that may be missing is no matter": (
        "module",
        "error",
        ["import nowhere_at_all"],
        ["try:\n    import nowhere_at_all\nexcept ImportError:\n    pass"],
    ),
    "modules are looked for outside of the project": (
        "module",
        "error",
        ["sys.path.append('../shared')"],
        ["sys.path.append('src')"],
    ),
    "an address means this machine": (
        "data",
        "error",
        ["pd.read_json('http://localhost:8000/x.json')"],
        ["pd.read_json('https://example.org/localhost/x.json')"],
    ),
    "a database is a file of this machine": (
        "data",
        "error",
        ["url = 'sqlite:////var/lib/sales.db'"],
        ["url = 'sqlite:///:memory:'"],
    ),
    "this machine is called by its name": (
        "data",
        "error",
        [f"url = 'postgresql://{socket.gethostname()}/sales'"],
        ["url = 'postgresql://db.example.org/sales'"],
    ),
    "the code names a tracking server of this machine": (
        "tracking",
        "error",
        ["import mlflow\nmlflow.set_tracking_uri('http://127.0.0.1:5000')"],
        ["import mlflow\nmlflow.set_tracking_uri('https://mlflow.example.org')"],
    ),
    "a secret stands in a cell": (
        "secret",
        "error",
        ["password = 'hunter2-swordfish'"],
        ["max_tokens = 300"],
    ),
    "a variable of the environment is needed": (
        "variable",
        "warning",
        ["url = os.environ['SALES_URL']"],
        ["url = os.environ.get('SALES_URL', 'https://example.org')\nos.environ['X'] = '1'"],
    ),
    "a cell asks": ("interactive", "error", ["n = input('How many?')"], ["n = 3  # input()"]),
    "a cell debugs": ("interactive", "error", ["x = 1\nbreakpoint()"], ["x = 'breakpoint()'"]),
    "a magic debugs": ("interactive", "error", ["%debug"], ["%pdb off"]),
    "a plot opens a window": (
        "interactive",
        "error",
        ["%matplotlib qt"],
        ["%matplotlib inline"],
    ),
    "a widget waits to be moved": (
        "interactive",
        "warning",
        ["from ipywidgets import interact\ninteract(print, x=3)"],
        ["print(3)"],
    ),
}


def find(workspace: Workspace, cells: list[str], target=CLOUD, **options) -> list[Finding]:
    """What is found of a notebook, but for what a dry run would find."""
    (workspace.root / "here.csv").write_text("a\n1\n")
    (workspace.root / "mine.py").write_text("x = 1\n")
    ignore = options.pop("ignore", ())
    job = make_job(workspace.root, [_TOP, *cells], **options)
    return check_job(job, target, dry_run=False, ignore=ignore)


def test_this_machine_is_known_behind_a_password_and_a_torn_address_breaks_nothing(
    workspace: Workspace,
):
    cell = "url = 'postgresql://me:hunter2-swordfish@localhost/sales'\nhost = 'http://[torn'"
    found = find(workspace, [cell])
    assert {(one.kind, one.level) for one in found} == {("secret", "error"), ("data", "error")}
    assert not any("swordfish" in one.message for one in found)


@pytest.mark.parametrize("cause", CAUSES)
def test_the_cause_is_found_in_its_cell(workspace: Workspace, cause: str):
    kind, level, faulty, _ = CAUSES[cause]
    found = find(workspace, faulty, more_locked=_also_locked(kind))
    assert {(one.kind, one.level) for one in found} == {(kind, level)}
    (first, *_) = found
    assert (first.notebook, first.cell_id, first.position) == ("job.ipynb", "b", 1)
    assert first.cell == faulty[0].splitlines()[0] or kind == "secret"
    assert first.message.endswith(".")
    assert first.hint.endswith((".", ")", '"'))


@pytest.mark.parametrize("cause", CAUSES)
def test_nothing_is_found_in_the_clean_twin(workspace: Workspace, cause: str):
    kind, _, _, clean = CAUSES[cause]
    found = find(workspace, clean, more_locked=_also_locked(kind))
    assert [(one.kind, one.message) for one in found] == []


def _also_locked(kind: str) -> tuple[str, ...]:
    from importlib.metadata import version

    return tuple(
        f"{name}=={version(name)}"
        for name in (["nbclient"] if kind == "undeclared" else ["ipywidgets"])
    )


def test_every_kind_of_a_cell_has_a_cause_that_shows_it():
    of_jobs = {"kernel", "parameter", "dry-run", "target"}  # each has a test of its own
    assert {kind for kind, *_ in CAUSES.values()} == set(KINDS) - of_jobs


def test_no_secret_stands_in_what_is_found(workspace: Workspace):
    (finding,) = find(workspace, ["password = 'hunter2-swordfish'; open('here.csv')"])
    assert finding.kind == "secret"
    assert "swordfish" not in str(finding)


def test_what_works_on_this_machine_is_no_error_of_a_job_that_stays(workspace: Workspace):
    elsewhere = ["pd.read_json('http://localhost:8000/x.json')", "url = os.environ['SALES_URL']"]
    assert find(workspace, elsewhere, target=DESK) == []
    (finding,) = find(workspace, ["open('/data/x.csv')"], target=DESK)
    assert (finding.kind, finding.level) == ("path", "warning")


def test_a_parameter_without_a_value_is_found(workspace: Workspace):
    cells, tags = ["depth: int", "print(depth)"], {0: ["parameters"]}
    found = check_job(make_job(workspace.root, cells, tags=tags), CLOUD, dry_run=False)
    told = {one.kind: one for one in found}["parameter"]
    assert (told.level, told.message) == ("error", "job.ipynb needs a value for 'depth'.")
    given = make_job(workspace.root, cells, tags=tags, parameters={"depth": 3})
    assert check_job(given, CLOUD, dry_run=False) == []
    default = make_job(workspace.root, ["depth = 4", "print(depth)"], tags=tags)
    assert check_job(default, CLOUD, dry_run=False) == []


def test_a_secret_among_the_values_does_not_travel(workspace: Workspace):
    cells = ["db_password = ''", "print(len(db_password))"]
    tags, values = {1: ["parameters"]}, {"db_password": "hunter2-swordfish"}
    (finding,) = find(workspace, cells, tags=tags, parameters=values)
    assert (finding.kind, finding.level) == ("secret", "error")
    assert "swordfish" not in str(finding)
    assert find(workspace, cells, tags=tags) == []


def test_places_of_cells_are_those_of_the_file_though_values_have_a_cell_of_their_own(
    workspace: Workspace,
):
    (finding,) = find(
        workspace,
        ["depth = 4", "open('gone.csv')"],
        tags={1: ["parameters"]},
        parameters={"depth": 8},
    )
    assert (finding.cell_id, finding.position) == ("c", 2)


@pytest.mark.parametrize(
    ("metadata", "told"),
    [
        ({"kernelspec": {"name": "churn"}}, "wants the kernel 'churn', which is not installed"),
        ({"language_info": {"name": "R"}}, "is written in R: the lock holds packages of Python"),
    ],
)
def test_a_kernel_that_a_job_would_not_find_is_told(
    workspace: Workspace, metadata: dict, told: str
):
    found = find(workspace, ["x = 1"], metadata=metadata)
    (finding,) = [one for one in found if one.kind == "kernel"]
    assert told in finding.message
    assert finding.level == "error"


@pytest.mark.parametrize(
    ("uri", "is_reached"),
    [
        (None, False),
        ("sqlite:////var/mlflow.db", False),
        ("http://localhost:5000", False),
        ("https://mlflow.example.org", True),
    ],
)
def test_a_tracking_server_that_the_target_does_not_reach_is_refused(
    workspace: Workspace, uri: str | None, is_reached: bool
):
    text = PROJECT.replace('tracking_uri = "https://mlflow.example.org"', "")
    text += f'tracking_uri = "{uri}"\n' if uri else ""
    (workspace.root / "pyproject.toml").write_text(text)
    found = find(workspace, ["x = 1"])
    assert [(one.kind, one.level) for one in found] == [("tracking", "error")] * (not is_reached)
    assert find(workspace, ["x = 1"], target=DESK) == []


def test_a_lock_that_pins_nothing_or_names_a_folder_is_told(workspace: Workspace):
    found = find(workspace, ["x = 1"], more_locked=["requests>=2", "mine @ file:///home/ada/mine"])
    assert [(one.kind, one.level) for one in found][:2] == [
        ("package", "warning"),
        ("package", "error"),
    ]
    assert "requests" in found[0].message
    assert "mine" in found[1].message


def test_an_environment_that_is_no_longer_the_locks_is_told(workspace: Workspace):
    (finding,) = find(workspace, ["x = 1"], more_locked=["click==0.1"])
    assert (finding.kind, finding.level) == ("package", "warning")
    assert "click" in finding.message


def test_a_file_that_is_too_large_to_travel_is_found_where_it_is_read(workspace: Workspace):
    (workspace.root / "big.csv").write_bytes(b"a\n" + b"1\n" * 3_000_000)
    (finding,) = find(workspace, ["pd.read_csv('big.csv')"])
    assert (finding.kind, finding.level, finding.cell_id) == ("data", "error", "b")
    assert "big.csv, which does not travel with the job: it has 6 MB" in finding.message
    assert find(workspace, ["pd.read_csv('big.csv')"], target=DESK) == []


def test_a_file_outside_that_was_read_is_found_in_the_record(
    kernel: Kernel, workspace: Workspace, tmp_path: Path, index: Index
):
    outside = tmp_path / "elsewhere" / "sales.csv"
    outside.parent.mkdir()
    outside.write_text("a\n1\n")
    os.environ["SALES_FOLDER"] = str(outside.parent)
    cells = [
        "import os",
        "folder = os.environ.get('SALES_FOLDER', '')",
        "open(folder + '/sales.csv').read()",
    ]
    kernel.run(
        f"os = __import__('os'); os.environ['SALES_FOLDER'] = {str(outside.parent)!r}", "zero"
    )
    for key, source in zip("abc", cells, strict=True):
        kernel.run(source, key)
    assert index.wait()
    make_job(workspace.root, cells)
    job = read_job(write_notebook(workspace.root / "notebook.ipynb", cells))
    found = check_job(job, CLOUD, dry_run=False, ignore=["package", "hidden", "order"])
    (finding,) = [one for one in found if one.kind == "data"]
    assert (finding.level, finding.cell_id) == ("error", "c")
    assert "it lies outside of the project" in finding.message
    assert not [one for one in check_job(job, DESK, dry_run=False) if one.kind == "data"]


def test_a_jobs_own_values_make_nothing_of_the_recorded_session_run_out_of_order(
    kernel: Kernel, workspace: Workspace, index: Index
):
    cells = ["depth = 4", "leaves = 2**depth", "print(leaves)"]
    for key, source in zip("abc", cells, strict=True):
        kernel.run(source, key)
    assert index.wait()
    make_job(workspace.root, cells)
    path = write_notebook(workspace.root / "notebook.ipynb", cells, {0: ["parameters"]})
    job = read_job(path, {"depth": 8})
    assert not [one for one in check_job(job, DESK, dry_run=False) if one.kind == "order"]


def test_what_a_target_says_itself_is_among_it(workspace: Workspace):
    said = say_job("error", "target", "It cannot.", "Take another one.")
    assert find(workspace, ["x = 1"], target=replace(CLOUD, found=[said])) == [said]


def test_kinds_are_ignored_by_word_setting_tag_and_comment(workspace: Workspace):
    cells = ["open('/data/x.csv')"]
    assert has_errors(find(workspace, cells))
    assert find(workspace, cells, ignore=["path"]) == []
    assert find(workspace, cells, tags={1: ["nbops-ignore-path"]}) == []
    assert find(workspace, ["n = input()  # nbops: ignore[interactive]"]) == []
    assert find(workspace, ["n = input()"], tags={1: ["nbops-ignore-interactive"]}) == []
    (workspace.root / "pyproject.toml").write_text(PROJECT + "ignore_checks = ['path']\n")
    assert find(workspace, cells) == []
