"""`nbops schedule` and `nbops jobs`, with the real crontab, and units that systemd itself verifies."""

import fcntl
import json
import os
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from crontabs import Crontab, find_crontab
from daemons import real_systemd
from processes import PATIENCE_S
from projects import nbops, write_notebook, write_project

from nbops.index.queries import Index
from nbops.scheduling.local.history import begin_run
from nbops.scheduling.local.kept import find_kept
from nbops.workspace import Workspace, find_workspace

_OTHERS = "MAILTO=me\n7 3 * * * others work\n"


@pytest.fixture
def project(workspace: Workspace) -> Path:
    write_project(workspace.root)
    return workspace.root


@pytest.fixture
def crontab(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Crontab]:
    """A table of the real cron in which somebody else has a line; one test at a time."""
    if not find_crontab():
        pytest.skip("cron is not here, or this is not root")
    table = Crontab(tmp_path / "cron-bin")
    monkeypatch.setenv("PATH", f"{table.folder}:{os.environ['PATH']}")
    with (tmp_path_factory.getbasetemp().parent / "crontab.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        table.write(_OTHERS)
        yield table
        table.clear()


def test_the_line_in_the_crontab_runs_the_notebook_with_an_empty_environment(
    project: Path, crontab: Crontab
):
    said = nbops(
        project,
        "schedule",
        "study.ipynb",
        "every day at 06:30",
        "--depth",
        "8",
        "--timezone",
        "UTC",
    ).stdout
    assert "study runs every day at 06:30 (UTC), by cron." in said
    lines = crontab.read()
    assert lines[:2] == _OTHERS.splitlines()
    [line] = [line for line in lines if line.startswith("30 6 * * * ")]
    kept = find_kept("study")
    with kept.state() as state:  # as if the machine had been off
        state.handled_until = datetime.now(UTC) - timedelta(days=1)
    call = line.removeprefix("30 6 * * * ")
    done = subprocess.run(["env", "-i", "sh", "-c", call], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")

    [job] = json.loads(nbops(project, "jobs", "--json").stdout)["jobs"]
    assert job["last"]["status"] == "finished", nbops(project, "jobs", "logs", "study").stdout
    assert job["next_times"][0].endswith("06:30:00+00:00")
    record = json.loads(nbops(project, "show", job["last"]["session_id"], "--json").stdout)
    [run] = [run for run in record["runs"] if run["name"] == "fit"]
    assert run["params"]["depth"] == 8
    assert (project / "result.txt").read_text().startswith("tree ")

    # Another environment is refused.
    with kept.lock.open("a") as lock:
        lock.write("numpy==0.0.1\n")
    assert "is not the environment" in nbops(project, "jobs", "run", "study", code=2).stdout

    nbops(project, "jobs", "pause", "study")
    assert crontab.read() == _OTHERS.splitlines()
    assert "paused" in nbops(project, "jobs").stdout
    nbops(project, "jobs", "resume", "study")
    assert line in crontab.read()
    nbops(project, "jobs", "remove", "study")
    assert crontab.read() == _OTHERS.splitlines()
    assert "No job is scheduled here" in nbops(project, "jobs").stdout


def test_a_long_schedule_hides_neither_result_nor_next_time(
    project: Path, crontab: Crontab, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("COLUMNS", "80")
    when = "every day at 06:30, or when data/*.csv changes"
    nbops(project, "schedule", "study.ipynb", when, "--timezone", "America/Argentina/Buenos_Aires")
    row = nbops(project, "jobs").stdout.splitlines()[1]
    assert "not yet" in row
    assert "cron" in row


def test_who_removes_a_job_that_runs_is_told_that_it_goes_on(project: Path, crontab: Crontab):
    nbops(project, "schedule", "study.ipynb", "@daily")
    begin_run(find_kept("study").runs, "asked", None)
    said = nbops(project, "jobs", "remove", "study").stdout
    assert "study was removed; the run that is under way goes on." in said


def test_scheduling_again_replaces_the_job(project: Path, crontab: Crontab):
    for when in ("every day at 06:30", "every 15 minutes"):
        nbops(project, "schedule", "study.ipynb", when, "--catch-up", "none")
    own = [line for line in crontab.read()[2:] if not line.startswith("#")]
    assert [line.partition(" /")[0] for line in own] == ["*/15 * * * *"]
    write_notebook(project / "other" / "study.ipynb", {"one": "x = 1"})
    refused = nbops(project, "schedule", "other/study.ipynb", "@daily", code=2).stderr
    assert "There is a job 'study' already" in refused
    assert "--name OTHER" in refused


def test_the_line_of_a_pipeline_runs_its_steps_and_refuses_another_environment(
    project: Path, crontab: Crontab
):
    text = 'print(open("result.txt").read())'
    write_notebook(project / "report.ipynb", {"read": text})
    (project / "pipeline.yaml").write_text(
        "steps:\n"
        "  study: {notebook: study.ipynb, writes: [result.txt]}\n"
        "  report: {notebook: report.ipynb, reads: [result.txt]}\n"
    )
    words = ("pipeline.yaml", "every day at 06:30", "--timezone", "UTC", "--name", "wines")
    nbops(project, "schedule", *words, "-p", "study.depth=8")
    [line] = [line for line in crontab.read() if line.startswith("30 6 * * * ")]
    kept = find_kept("wines")
    with kept.state() as state:  # as if the machine had been off
        state.handled_until = datetime.now(UTC) - timedelta(days=1)
    call = ["env", "-i", "sh", "-c", line.removeprefix("30 6 * * * ")]
    done = subprocess.run(call, capture_output=True, text=True)
    log = nbops(project, "jobs", "logs", "wines").stdout
    assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), log
    assert "2 finished" in log
    # Both steps are found by the job that ran them.
    index = Index(find_workspace(project))
    assert index.wait(PATIENCE_S)
    assert [each.tags.get("nbops.job") for each in index.sessions()] == ["wines", "wines"]
    with kept.lock.open("a") as lock:
        lock.write("numpy==0.0.1\n")
    assert "is not the environment" in nbops(project, "jobs", "run", "wines", code=2).stdout


def test_what_a_job_writes_itself_does_not_start_it_again(project: Path, crontab: Crontab):
    (project / "result.txt").write_text("before")
    nbops(project, "schedule", "study.ipynb", "when *.txt changes")
    kept = find_kept("study")
    looks = ("jobs", "exec", str(kept.folder), "--changed")
    for text in ("one", "two"):
        (project / "in.txt").write_text(text)
        (project / "result.txt").write_text(text)
        nbops(project, *looks)
        nbops(project, *looks)
    runs = json.loads(nbops(project, "jobs", "logs", "study", "--json").stdout)["runs"]
    assert [run["status"] for run in runs] == ["finished", "finished"]


def test_a_name_that_another_notebook_has_is_refused_before_it_is_tried(
    project: Path, crontab: Crontab, monkeypatch: pytest.MonkeyPatch
):
    nbops(project, "schedule", "study.ipynb", "@daily", "--on", "cron")
    write_notebook(project / "other" / "study.ipynb", {"one": "x = 1"})
    monkeypatch.setattr("nbops.cli.schedule._inspect", lambda *_, **__: pytest.fail("it was tried"))
    words = ("other/study.ipynb", "@daily", "--on", "systemd")
    assert "There is a job 'study' already" in nbops(project, "schedule", *words, code=2).stderr


def test_a_dry_run_shows_times_and_changes_nothing(project: Path, crontab: Crontab):
    words = ("study.ipynb", "every weekday at 6:30", "--timezone", "Europe/Berlin", "--dry-run")
    said = nbops(project, "schedule", *words).stdout
    assert "study would run every weekday at 06:30 (Europe/Berlin), by cron." in said
    assert said.count(" 06:30 +0") == 5
    assert crontab.read() == _OTHERS.splitlines()
    told = json.loads(nbops(project, "schedule", *words, "--json").stdout)
    assert told["words"] == "every weekday at 06:30"
    assert len(told["next_times"]) == 5
    assert "No job" in nbops(project, "jobs").stdout


def test_another_zone_than_the_machines_is_looked_at_every_hour(
    project: Path, crontab: Crontab, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("TZ", "UTC")
    words = (
        "study.ipynb",
        "every day at 06:30",
        "--timezone",
        "Asia/Kolkata",
        "--dry-run",
        "--json",
    )
    line = json.loads(nbops(project, "schedule", *words).stdout)["installed"][0]
    assert line.startswith("0 * * * * ")  # India is five and a half hours ahead


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("study.ipynb", "evry day"), "did you mean 'every' by 'evry'?"),
        (("study.ipynb", "@daily", "-p", "depht=8"), "depht"),
        (("nothing.ipynb", "@daily"), "nothing.ipynb"),
        (("study.ipynb", "@daily", "--timezone", "Berlin"), "Did you mean Europe/Berlin?"),
        (("study.ipynb", "@daily", "--credentials", "none.env"), "There is no file of credentials"),
        (("study.ipynb", "when /etc/*.conf changes"), "does not lie in"),
        (
            ("study.ipynb", "@daily", "-p", "model=ghp_0123456789abcdefghijklmnopqrstuvwxyz"),
            "looks like a secret",
        ),
    ],
)
def test_what_cannot_be_meant_is_one_line_and_changes_nothing(
    project: Path, words: tuple[str, ...], said: str
):
    refused = nbops(project, "schedule", *words, "--on", "cron", "--dry-run", code=2).stderr
    assert said in refused
    assert len(refused.splitlines()) == 1


def test_systemd_gets_units_that_it_verifies(project: Path, monkeypatch: pytest.MonkeyPatch):
    when = "every monday at 7, or when data/*.csv changes"
    words = ("study.ipynb", when, "--on", "systemd", "--timezone", "Europe/Berlin")
    with real_systemd(monkeypatch):
        nbops(project, "schedule", *words)
        folder = Path(os.environ["XDG_CONFIG_HOME"]) / "systemd" / "user"
        timer = (folder / "nbops-study.timer").read_text()
        assert "OnCalendar=Mon *-*-* 07:00:00 Europe/Berlin\n" in timer
        assert "Persistent=true" in timer
        assert f"PathChanged={project}/data\n" in (folder / "nbops-study.files.path").read_text()
        units = sorted(str(path) for path in folder.iterdir() if path.is_file())
        assert len(units) == 4
        done = subprocess.run(
            ["systemd-analyze", "verify", "--user", *units], capture_output=True, text=True
        )
        assert (done.returncode, done.stderr) == (0, "")
        nbops(project, "jobs", "remove", "study")
        assert not list(folder.rglob("nbops-*"))


def test_a_job_file_that_is_damaged_can_be_removed(project: Path, crontab: Crontab):
    nbops(project, "schedule", "study.ipynb", "@daily")
    kept = find_kept("study")
    (kept.folder / "job.json").write_text("{")
    assert "nbops jobs remove study" in nbops(project, "jobs", "run", "study", code=2).stderr
    nbops(project, "jobs", "remove", "study")
    assert crontab.read() == _OTHERS.splitlines()


def test_a_job_is_private(project: Path, crontab: Crontab):
    nbops(project, "schedule", "study.ipynb", "@daily")
    for path in find_kept("study").folder.rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path
    assert (
        msgspec.json.decode((find_kept("study").folder / "job.json").read_bytes())["name"]
        == "study"
    )
