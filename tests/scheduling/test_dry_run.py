"""A job is run once in a clean copy of what would travel, and nobody's record knows of it."""

import tempfile
from pathlib import Path

import pytest
from leaving import CLOUD, DESK, make_job, write_notebook

from nbops.index.queries import Index
from nbops.scheduling.job import Job, read_job
from nbops.scheduling.preflight import Finding, check_job
from nbops.workspace import Workspace, cache_home


@pytest.fixture(autouse=True)
def trials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folder in which copies are made."""
    folder = tmp_path / "trials"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def try_(job: Job, target=CLOUD, **options) -> list[Finding]:
    return check_job(job, target, dry_run=True, ignore=["package", "undeclared"], **options)


def test_what_travels_runs_and_nothing_is_left_of_it(workspace: Workspace, trials: Path):
    (workspace.root / "here.csv").write_text("a\n1\n2\n")
    (workspace.root / "mine.py").write_text("def total(values): return sum(values)\n")
    cells = [
        "depth = 4",
        "import mlflow, mine, pandas as pd\nn = mine.total(pd.read_csv('here.csv')['a'])",
        "assert (n, depth) == (3, 8)\nmlflow.log_metric('n', n)\nopen('out.txt', 'w').write('x')",
    ]
    job = make_job(workspace.root, cells, tags={0: ["parameters"]}, parameters={"depth": 8})
    told: list[str] = []
    assert try_(job, tell=told.append) == []
    assert [line.partition("]")[0] for line in told] == [f"job [{n}/4" for n in (1, 2, 3, 4)]
    assert not list(trials.iterdir())
    assert not (workspace.root / "out.txt").exists()
    assert not list(workspace.sessions.iterdir())
    assert Index(workspace).sessions() == []
    assert {path.name for path in cache_home().iterdir() if path.is_dir()} <= {workspace.key}


def test_a_file_that_stays_behind_is_missed_in_the_cell_that_reads_it(workspace: Workspace):
    (workspace.root / "data.bin").write_bytes(b"x")
    cells = ["name = 'data' + '.bin'", "x = 1\nopen(name).read()", "print(x)"]
    job = make_job(workspace.root, cells)
    (finding,) = try_(job)
    assert (finding.kind, finding.level, finding.cell_id) == ("dry-run", "error", "b")
    assert finding.cell == "x = 1"
    assert finding.message == (
        "In a clean copy it fails: FileNotFoundError: [Errno 2] No such file or directory: 'data.bin'."
    )
    (at_desk,) = try_(job, DESK)
    assert at_desk.level == "warning"


def test_a_home_folder_is_not_taken_along(workspace: Workspace):
    Path.home().joinpath("mine.txt").write_text("1")
    job = make_job(workspace.root, ["import os\nopen(os.path.expanduser('~/mine.txt')).read()"])
    (finding,) = check_job(job, CLOUD, dry_run=True, ignore=["path", "data", "package"])
    assert "FileNotFoundError" in finding.message
    assert check_job(job, DESK, dry_run=True, ignore=["path", "data", "package"]) == []


def test_a_persons_credentials_are_no_data(workspace: Workspace):
    path = Path.home() / ".aws" / "credentials"
    path.parent.mkdir()
    path.write_text("[default]")
    job = make_job(
        workspace.root,
        ["import os\nopen(os.environ.get('AWS_SHARED_CREDENTIALS_FILE', '')).read()"],
    )
    assert try_(job) == []


def test_files_that_only_this_machine_has_are_seen_to_be_read(workspace: Workspace, tmp_path: Path):
    outside = tmp_path / "sales.csv"
    outside.write_text("a\n")
    start, end = str(outside)[:5], str(outside)[5:]
    job = make_job(workspace.root, ["x = 1", f"open({start!r} + {end!r}).read()"])
    (finding,) = try_(job)
    assert (finding.kind, finding.level, finding.cell_id) == ("data", "error", "b")
    assert str(outside) in finding.message
    assert try_(job, DESK) == []


def test_a_dry_run_has_a_limit(workspace: Workspace):
    job = make_job(workspace.root, ["import time", "time.sleep(3600)"])
    (finding,) = try_(job, limit_s=12)
    assert (finding.kind, finding.level) == ("dry-run", "warning")
    assert "did not end within its limit" in finding.message


def test_what_would_record_elsewhere_is_not_tried(workspace: Workspace):
    cells = ["import mlflow\nmlflow.set_tracking_uri('https://mlflow.example.org')"]
    (finding,) = try_(make_job(workspace.root, cells))
    assert finding.level == "warning"
    assert finding.message.startswith("No dry run was made: job.ipynb sets where MLflow records")


def test_what_cannot_run_anyway_is_not_tried(workspace: Workspace):
    job = make_job(workspace.root, ["open('gone.csv')"])
    assert [one.kind for one in try_(job)] == ["path", "dry-run"]
    assert [one.kind for one in check_job(job, CLOUD, dry_run=False)] == ["path"]


def test_steps_of_a_pipeline_run_in_their_order(workspace: Workspace):
    make_job(workspace.root, [])
    (workspace.root / "make.py").write_text("# %%\nopen('made.txt', 'w').write('7')\n")
    write_notebook(
        workspace.root / "use.ipynb",
        ["k = 1", "assert open('made.txt').read() == '7'", "assert k == 2, k"],
        {0: ["parameters"]},
    )
    (workspace.root / "pipeline.yaml").write_text(
        "steps:\n"
        "  make: {notebook: make.py, writes: [made.txt]}\n"
        "  use: {notebook: use.ipynb, reads: [made.txt], params: {k: 2}}\n"
        "  best: {notebook: use.ipynb, after: use, when: use.auc > 0.9}\n"
    )
    job = read_job(workspace.root / "pipeline.yaml", lock=workspace.root / "lock.txt")
    (left_out,) = try_(job)
    assert left_out.level == "warning"
    assert left_out.message.startswith("The dry run left best out")
