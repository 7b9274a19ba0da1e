"""What the real cron and the real systemd start, when its minute or a file comes."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from daemons import real_cron, real_systemd
from processes import wait_until
from projects import export, nbops
from wheels import UV

from nbops.scheduling.local import systemd
from nbops.scheduling.local.kept import find_kept

ROOT = Path(__file__).parents[2]


def _jobs(project: Path) -> dict[str, Any]:
    jobs = json.loads(nbops(project, "jobs", "--json").stdout)["jobs"]
    return {job["name"]: job["last"] for job in jobs}


def _has_ended(project: Path, name: str) -> bool:
    last = _jobs(project)[name]
    return bool(last) and last["status"] != "running"


def _export(project: Path, target: str, away: Path) -> None:
    words = ("--to", target, "--schedule", "every minute", "-p", "depth=8", "-o", str(away))
    export(project, "study.ipynb", *words)


def _follow(away: Path, heading: str, without: str = "\0") -> None:
    """Do what the README says, word for word, but for lines that hold a word."""
    section = (away / "README.md").read_text().partition(f"## {heading}\n")[2]
    commands = section.partition("```sh\n")[2].partition("```")[0]
    lines = [line for line in commands.splitlines() if without not in line]
    done = subprocess.run(
        ["bash", "-ec", "\n".join(lines)], cwd=away, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def _give_python(away: Path) -> None:
    """The environment that the README's first commands would make: this one."""
    python = away / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)


def _has_finished(away: Path) -> bool:
    return any(": out/study.ipynb" in log.read_text() for log in (away / "log").glob("*.log"))


def test_cron_starts_what_was_scheduled_and_what_was_exported(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    # Its packages come from where the lock says, but nbops, which is built here.
    command = [UV, "build", "--wheel", "--quiet", "--out-dir", str(tmp_path / "wheels"), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    monkeypatch.setenv("UV_FIND_LINKS", str(tmp_path / "wheels"))
    monkeypatch.setenv("PATH", f"{Path(UV).parent}:{os.environ['PATH']}")
    with real_cron(tmp_path / "cron-bin", monkeypatch):
        nbops(project, "schedule", "study.ipynb", "every minute", "--on", "cron", "--depth", "8")
        away = tmp_path / "away"
        _export(project, "cron", away)
        _follow(away, "Install")
        wait_until(lambda: _has_ended(project, "study"))
        last = _jobs(project)["study"]
        assert (last["status"], last["reason"]) == ("finished", "schedule"), last
        wait_until(lambda: _has_finished(away))
        nbops(project, "jobs", "pause", "study")
        _follow(away, "Remove")
        left = subprocess.run(["crontab", "-l"], capture_output=True, text=True)
        assert left.stdout == ""


def test_systemd_starts_what_was_scheduled_and_what_was_exported(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    with real_systemd(monkeypatch):
        when = "every minute, or when data/*.csv changes"
        nbops(project, "schedule", "study.ipynb", when, "--on", "systemd", "--depth", "8")
        away = tmp_path / "away"
        _export(project, "systemd", away)
        _give_python(away)
        _follow(away, "Install", without="uv ")
        wait_until(lambda: _has_ended(project, "study"))
        last = _jobs(project)["study"]
        assert (last["status"], last["reason"]) == ("finished", "schedule"), last
        wait_until(lambda: _has_finished(away))
        _follow(away, "Remove")
        nbops(project, "jobs", "remove", "study")
        left = subprocess.run(
            ["systemctl", "--user", "list-unit-files", "nbops-*"], capture_output=True, text=True
        )
        assert "0 unit files listed" in left.stdout


def test_systemd_starts_a_job_when_a_watched_file_changes(
    project: Path, monkeypatch: pytest.MonkeyPatch
):
    with real_systemd(monkeypatch):
        nbops(project, "schedule", "study.ipynb", "when data/*.csv changes", "--on", "systemd")
        (project / "data" / "x.csv").write_text("x\n4\n")
        wait_until(lambda: _has_ended(project, "study"))
        last = _jobs(project)["study"]
        assert (last["status"], last["reason"]) == ("finished", "files"), last
        nbops(project, "jobs", "remove", "study")


def test_systemd_watches_a_folder_that_comes_later(project: Path, monkeypatch: pytest.MonkeyPatch):
    with real_systemd(monkeypatch):
        nbops(project, "schedule", "study.ipynb", "when data/**/*.csv changes", "--on", "systemd")
        new = project / "data" / "2027"
        new.mkdir()
        unit = systemd.units_home() / "nbops-study.files.path"
        wait_until(lambda: f"PathChanged={new}" in unit.read_text())
        (new / "y.csv").write_text("x\n4\n")
        wait_until(lambda: _has_ended(project, "study"))
        last = _jobs(project)["study"]
        assert (last["status"], last["reason"]) == ("finished", "files"), last
        nbops(project, "jobs", "remove", "study")


def test_what_systemd_refuses_leaves_nothing_that_would_start_later(
    project: Path, private_homes: Path, monkeypatch: pytest.MonkeyPatch
):
    with real_systemd(monkeypatch):
        # It looks for units elsewhere than this command does.
        monkeypatch.setenv("XDG_CONFIG_HOME", str(private_homes / "another"))
        words = ("schedule", "study.ipynb", "@daily", "--on", "systemd")
        refused = nbops(project, *words, code=2).stderr
        assert "systemctl --user enable failed" in refused
        assert ". Or take --on cron." in refused
        assert not list((private_homes / "another").rglob("nbops-*"))
        assert _jobs(project) == {}


def test_a_job_whose_successor_systemd_refuses_is_waited_for_as_before(
    project: Path, monkeypatch: pytest.MonkeyPatch
):
    with real_systemd(monkeypatch):
        nbops(project, "schedule", "study.ipynb", "every day at 06:30", "--on", "systemd")
        daily = find_kept("study").read().schedule
        write = systemd.as_on_calendar
        broken = lambda schedule: write(schedule) if schedule == daily else ["no time"]  # noqa: E731
        monkeypatch.setattr(systemd, "as_on_calendar", broken)
        nbops(project, "schedule", "study.ipynb", "@weekly", "--on", "systemd", code=2)
        listed = subprocess.run(
            ["systemctl", "--user", "list-timers"], capture_output=True, text=True
        )
        assert "06:30:00" in listed.stdout
        assert (
            json.loads(nbops(project, "jobs", "--json").stdout)["jobs"][0]["when"]
            == "every day at 06:30"
        )
