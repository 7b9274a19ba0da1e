"""The targets `cron` and `systemd`: the exact line, executed with an empty environment; units verified."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from processes import wait_until
from projects import export, nbops, write_project
from waiting import debian_cron

from nbops.scheduling.schedule import read_schedule
from nbops.scheduling.times import next_times
from nbops.workspace import Workspace


@pytest.fixture
def project(fresh_workspace: Workspace) -> Path:
    write_project(fresh_workspace.root)
    return fresh_workspace.root


def _give_python(folder: Path) -> None:
    """The environment that the README's commands would make: this one."""
    (folder / ".venv" / "bin").mkdir(parents=True)
    (folder / ".venv" / "bin" / "python").write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    (folder / ".venv" / "bin" / "python").chmod(0o755)


def test_the_crontab_line_runs_with_an_empty_environment(
    project: Path, tmp_path: Path, migrated_store: Path
):
    away = tmp_path / "away"
    when = ("--schedule", "every weekday at 6:30", "--timezone", "UTC")
    export(project, "study.ipynb", "--to", "cron", *when, "-p", "depth=8", "-o", str(away))
    _give_python(away)
    text = (away / "crontab").read_text().replace("FOLDER", str(away))
    lines = text.splitlines()
    fields, _, call = lines[0].partition(' "')
    assert fields == "30 6 * * 1-5"
    now = next_times(read_schedule("* * * * *", "UTC"), _now(), 1)[0]
    schedule = read_schedule("every weekday at 6:30", "UTC")
    assert debian_cron(fields, "UTC", now, 50) == next_times(schedule, now, 50)
    secrets = away / "secrets.env"
    store = f"sqlite:///{shutil.copyfile(migrated_store, tmp_path / 'runs.db')}"
    secrets.write_text(f"MLFLOW_TRACKING_URI={store}\nMLFLOW_DISABLE_TELEMETRY=true\n")

    done = subprocess.run(
        ["env", "-i", f"HOME={tmp_path}", "sh", "-c", f'"{call}'], capture_output=True, text=True
    )
    [log] = [path for path in (away / "log").glob("*.log") if path.name != "skipped.log"]
    assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), log.read_text()
    assert (away / "out" / "study.ipynb").exists()

    import mlflow

    client = mlflow.MlflowClient(store)

    def read_fits() -> list[tuple[str, float]]:
        """Runs that are there; where MLflow was slow, some are on their way yet."""
        sync = [sys.executable, "-m", "nbops", "sync"]
        subprocess.run(sync, cwd=away / "project", capture_output=True)
        experiments = [each.experiment_id for each in client.search_experiments()]
        found = [run.data for run in client.search_runs(experiments)]
        return [(d.params["depth"], d.metrics["total"]) for d in found if "total" in d.metrics]

    wait_until(read_fits)
    assert set(read_fits()) == {("8", 48.0)}

    # Nothing was missed, so this does nothing; a day later it would run.
    missed = subprocess.run(["env", "-i", "sh", str(away / "run.sh"), "--missed"])
    assert missed.returncode == 0
    assert len(list((away / "log").glob("*.log"))) == 1
    # The notebook's failure is the line's.
    (away / "lock.txt").write_text("numpy==0.0.1\n")
    failed = subprocess.run(["env", "-i", f"HOME={tmp_path}", "sh", str(away / "run.sh")])
    assert failed.returncode == 2


def test_a_password_and_a_value_arrive_as_they_are(project: Path, tmp_path: Path):
    away = tmp_path / "away"
    value = "model=one\n two"
    export(
        project, "study.ipynb", "--to", "cron", "--schedule", "hourly", "-p", value, "-o", str(away)
    )
    _give_python(away)
    fake = away / ".venv" / "bin" / "python"
    code = f"import json,os,sys; open('{tmp_path}/seen','w').write(json.dumps([os.environ['A'], os.environ['B'], sys.argv]))"
    fake.write_text(f'#!/bin/sh\nexec {sys.executable} -c "{code}" "$@"\n')
    (away / "secrets.env").write_text("# what a shell reads\n\nA=p$w & `x` #1\nexport B='q r'")
    subprocess.run(["env", "-i", "sh", str(away / "run.sh")], check=True)
    a, b, words = json.loads((tmp_path / "seen").read_text())
    assert (a, b) == ("p$w & `x` #1", "q r")
    assert value in words


def test_a_missed_time_runs_and_an_overlapping_run_does_not(project: Path, tmp_path: Path):
    away = tmp_path / "away"
    export(
        project,
        "study.ipynb",
        "--to",
        "cron",
        "--schedule",
        "hourly",
        "--timezone",
        "UTC",
        "-o",
        str(away),
    )
    _give_python(away)
    fake = away / ".venv" / "bin" / "python"
    fake.write_text(
        f'#!/bin/sh\ncase "$*" in *"jobs due"*) exec {sys.executable} "$@";; esac\necho ran >> {tmp_path}/ran\n'
    )
    script = str(away / "run.sh")
    subprocess.run(["sh", script, "--missed"], check=True)  # the first time it only notes the time
    assert not (tmp_path / "ran").exists()
    yesterday = time.time() - 86_400
    os.utime(away / "log" / ".last", (yesterday, yesterday))
    subprocess.run(["sh", script, "--missed"], check=True)
    subprocess.run(["sh", script, "--missed"], check=True)
    assert (tmp_path / "ran").read_text() == "ran\n"
    held = subprocess.Popen(
        ["flock", str(away / "log" / ".place-1"), "sleep", "300"], start_new_session=True
    )
    try:
        _wait_for_lock(away / "log" / ".place-1")
        subprocess.run(["sh", script], check=True)
    finally:
        os.killpg(held.pid, signal.SIGKILL)
        held.wait()
    assert (tmp_path / "ran").read_text() == "ran\n"
    assert "one run is under way" in (away / "log" / "skipped.log").read_text()


@pytest.mark.parametrize(("zone", "by_due", "by_missed"), [("UTC", 0, 1), ("Europe/Berlin", 1, 0)])
def test_on_a_machine_of_another_zone_it_runs_once_and_at_its_time(
    project: Path, tmp_path: Path, zone: str, by_due: int, by_missed: int
):
    """The clock stands at 6:30 in Berlin, of a schedule for that: cron's line, or the one that looks, starts it."""
    away = tmp_path / "away"
    words = ("--schedule", "every day at 06:30", "--timezone", "Europe/Berlin", "-o", str(away))
    export(project, "study.ipynb", "--to", "cron", *words)
    lines = (away / "crontab").read_text().splitlines()
    assert [line.split(' "')[0] for line in lines] == ["30 6 * * *", "@reboot", "31 * * * *"]
    python = away / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    # Whether it is due is told by the real command; the notebook only leaves a mark.
    python.write_text(
        f'#!/bin/sh\ncase "$*" in *"jobs due"*) exec {sys.executable} "$@";; esac\necho ran >> {tmp_path}/ran\n'
    )
    python.chmod(0o755)
    (away / "log").mkdir()
    last = away / "log" / ".last"
    last.touch()
    yesterday = time.time() - 86_400
    os.utime(last, (yesterday, yesterday))
    clock = {**os.environ, "TZ": zone}

    def count(mode: str) -> int:
        before = len((tmp_path / "ran").read_text().split()) if (tmp_path / "ran").exists() else 0
        subprocess.run(["sh", str(away / "run.sh"), mode], check=True, env=clock)
        after = len((tmp_path / "ran").read_text().split()) if (tmp_path / "ran").exists() else 0
        return after - before

    assert (count("--due"), count("--missed"), count("--missed")) == (by_due, by_missed, 0)


def test_units_are_verified_by_systemd(project: Path, tmp_path: Path):
    away = tmp_path / "away"
    when = ("--schedule", "0 7 13 * FRI", "--timezone", "Europe/Berlin")
    told = export(project, "study.ipynb", "--to", "systemd", *when, "-o", str(away))
    assert {"nbops-exported-study.service", "nbops-exported-study.timer", "run.sh"} <= set(
        told["files"]
    )
    timer = (away / "nbops-exported-study.timer").read_text()
    assert re.findall("OnCalendar=(.*)", timer) == [
        "Fri *-*-* 07:00:00 Europe/Berlin",
        "*-*-13 07:00:00 Europe/Berlin",
    ]
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("there is no systemd here")
    units = []
    for name in ("nbops-exported-study.service", "nbops-exported-study.timer"):
        installed = tmp_path / name  # as the README's command writes it
        installed.write_text((away / name).read_text().replace("FOLDER", str(away)))
        units.append(str(installed))
    done = subprocess.run([program, "verify", "--user", *units], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    start = re.search("ExecStart=(.*)", Path(units[0]).read_text())
    assert start
    assert start[1] == f"/bin/sh {away}/run.sh"


@pytest.mark.parametrize(
    ("target", "when", "said"),
    [
        ("systemd", "every day at 02:30", "systemd cannot say 02:30 in Europe/Berlin"),
        ("systemd", "when data/*.csv changes", "cannot wait for files"),
        ("cron", "when data/*.csv changes", "cannot wait for files"),
    ],
)
def test_what_it_cannot_say_is_refused(project: Path, target: str, when: str, said: str):
    words = ("--to", target, "--schedule", when, "--timezone", "Europe/Berlin")
    refused = nbops(project, "export", "study.ipynb", *words, code=2).stderr
    assert said in refused
    assert not (project / f"study-{target}").exists()


def test_a_target_that_waits_needs_a_time(project: Path):
    for target in ("cron", "systemd"):
        refused = nbops(project, "export", "study.ipynb", "--to", target, code=2).stderr
        assert "needs a time" in refused


def test_the_targets_are_listed(project: Path):
    told = json.loads(nbops(project, "export", "--list", "--json").stdout)["targets"]
    assert {"cron", "systemd"} <= {each["name"] for each in told}


def _now():
    from datetime import UTC, datetime

    return datetime.now(UTC)


def _wait_for_lock(path: Path) -> None:
    def is_held() -> bool:
        return subprocess.run(["flock", "-n", str(path), "true"]).returncode != 0

    wait_until(is_held)
