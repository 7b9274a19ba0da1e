"""What a scheduled job does when cron or systemd starts it, or starts it too often, or too late.

The process that runs the notebook is a script here, which writes down how it was called.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from processes import wait_until

from nbops.capture.environment.machine import this_process
from nbops.digests import digest_file, digest_sample
from nbops.errors import NotFound, UsageError
from nbops.scheduling.local import watching
from nbops.scheduling.local.execution import execute, find_due
from nbops.scheduling.local.history import JobRun, begin_run, drop_old, read_runs, write_run
from nbops.scheduling.local.install import remove_job
from nbops.scheduling.local.kept import Kept, KeptJob, State, find_kept, jobs_home
from nbops.scheduling.local.watching import Watched, read_watched

_NOW = datetime.now(UTC)

Make = Callable[..., Kept]


@pytest.fixture
def make(tmp_path: Path, private_homes: Path) -> Make:
    """A kept job whose last time was seen to some minutes ago."""
    project = tmp_path / "project"
    (project / "data").mkdir(parents=True)
    (project / "pyproject.toml").touch()
    python = tmp_path / "python"
    python.write_text(
        f'#!/bin/sh\necho "$NBOPS_JOB_DUE_AT" >> {tmp_path}/calls\n'
        f'echo "args $*"; echo "token $TOKEN"\n[ -f {tmp_path}/slow ] && sleep 300\n'
        f"echo 'What was recorded: nbops show 0123456789ab'\n"
        f"exit $(cat {tmp_path}/code 2>/dev/null || echo 0)\n"
    )
    python.chmod(0o755)

    def make(*, behind: timedelta = timedelta(minutes=90), **fields: Any) -> Kept:
        kept = Kept(jobs_home() / "report")
        kept.runs.mkdir(parents=True)
        given = {"when": "every 30 minutes", "catch_up": "last", **fields}
        kept.write(
            KeptJob(
                name="report",
                source=str(project / "report.ipynb"),
                project=str(project),
                timezone="UTC",
                system="cron",
                python=str(python),
                created_at=_NOW,
                **given,
            )
        )
        kept.begin(State(handled_until=datetime.now(UTC) - behind))
        return kept

    return make


def _calls(tmp_path: Path) -> list[str]:
    path = tmp_path / "calls"
    return path.read_text().splitlines() if path.exists() else []


def test_of_missed_times_none_the_last_or_all_are_due(make: Make) -> None:
    job = make().read()
    now = datetime(2027, 1, 1, 12, 0, 30, tzinfo=UTC)
    since = now - timedelta(hours=2)

    def due(catch_up: str, at: datetime) -> list[str]:
        found = find_due(msgspec.structs.replace(job, catch_up=catch_up), since, at)
        return [f"{moment:%H:%M}" for moment in found]

    assert due("all", now) == ["10:30", "11:00", "11:30", "12:00"]
    assert due("last", now) == ["12:00"]
    assert due("none", now) == ["12:00"]
    late = now + timedelta(minutes=20)
    assert due("last", late) == ["12:00"]
    assert due("none", late) == []


def test_what_is_not_due_does_not_run(make: Make, tmp_path: Path) -> None:
    kept = make(behind=timedelta(0), when="@yearly")
    assert execute(kept, "schedule") == 0
    assert (_calls(tmp_path), read_runs(kept.runs)) == ([], [])


def test_a_missed_run_is_made_up_for_once(make: Make, tmp_path: Path) -> None:
    kept = make(behind=timedelta(days=3), when="0 0 * * *")
    assert execute(kept, "missed") == 0
    assert execute(kept, "missed") == 0
    [run] = read_runs(kept.runs)
    assert (run.status, run.session_id, run.exit_code) == ("finished", "0123456789ab", 0)
    assert _calls(tmp_path) == [run.due_at.isoformat()]
    assert run.due_at.hour == run.due_at.minute == 0


def test_all_that_was_missed_runs_in_order(make: Make, tmp_path: Path) -> None:
    kept = make(behind=timedelta(days=3), when="0 0 * * *", catch_up="all")
    execute(kept, "missed")
    days = [datetime.fromisoformat(call).date() for call in _calls(tmp_path)]
    assert len(days) == 3
    assert days == sorted(days)


def test_while_it_runs_a_second_one_is_left_out_or_left_to_the_first(
    make: Make, tmp_path: Path
) -> None:
    kept = make(when="* * * * *", catch_up="last")
    slot = kept.take_slot(1)
    assert slot is not None
    assert execute(kept, "schedule") == 0
    assert read_runs(kept.runs) == []
    with pytest.raises(UsageError, match="one run is under way"):
        execute(kept, "asked")
    kept.write(msgspec.structs.replace(kept.read(), catch_up="none"))
    execute(kept, "schedule")
    [skipped] = read_runs(kept.runs)
    assert (skipped.status, skipped.message) == ("skipped", "one run is under way")
    slot.release()
    assert _calls(tmp_path) == []


@pytest.mark.parametrize("holder", ["files", "asked"])
def test_a_time_that_comes_while_another_kind_of_run_has_the_place_runs_when_that_ends(
    make: Make, tmp_path: Path, holder: str
) -> None:
    kept = make(when="every 30 minutes, or when data/*.csv changes")
    slot = kept.take_slot(1)
    assert slot is not None
    assert execute(kept, "schedule") == 0
    slot.release()
    assert _calls(tmp_path) == []
    table = tmp_path / "project" / "data" / "a.csv"
    table.write_text("1")
    _age(table)
    execute(kept, holder)
    execute(kept, "files")
    reasons = [run.reason for run in reversed(read_runs(kept.runs))]
    assert reasons[0] == holder
    assert len([each for each in reasons if each in ("schedule", "missed")]) == 1


def test_a_change_that_comes_while_a_timed_run_has_the_place_runs_when_that_ends(
    make: Make, tmp_path: Path
) -> None:
    kept = make(when="every 30 minutes, or when data/*.csv changes")
    table = tmp_path / "project" / "data" / "a.csv"
    table.write_text("1")
    _age(table)
    slot = kept.take_slot(1)
    assert slot is not None
    assert execute(kept, "files") == 0
    slot.release()
    execute(kept, "schedule")
    files, time = (run.reason for run in read_runs(kept.runs))
    assert files == "files"
    assert time in ("missed", "schedule")  # whichever it is at this minute


def test_a_job_that_is_removed_while_it_runs_leaves_nothing(make: Make, tmp_path: Path) -> None:
    kept = make()
    (tmp_path / "slow").touch()
    command = [sys.executable, "-m", "nbops", "jobs", "exec", str(kept.folder), "--now"]
    job = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    wait_until(lambda: _calls(tmp_path))
    remove_job(kept)
    with pytest.raises(NotFound):
        find_kept("report")
    job.send_signal(signal.SIGTERM)
    _, said = job.communicate()
    assert said == ""
    assert not kept.folder.exists()


def test_two_may_run_at_once_where_that_is_allowed(make: Make, tmp_path: Path) -> None:
    kept = make(when="0 0 * * *", behind=timedelta(days=2), max_parallel=2)
    slot = kept.take_slot(2)
    assert slot is not None
    execute(kept, "schedule")
    slot.release()
    assert len(_calls(tmp_path)) == 1


def test_a_run_that_died_without_a_word_does_not_run_for_ever(make: Make) -> None:
    kept = make()
    run = begin_run(kept.runs, "schedule", None)
    assert read_runs(kept.runs)[0].status == "running"  # it is this process
    gone = subprocess.Popen(["true"])
    gone.wait()
    write_run(kept.runs, msgspec.structs.replace(run, process=replace(run.process, pid=gone.pid)))
    assert read_runs(kept.runs)[0].status == "died"
    write_run(
        kept.runs, msgspec.structs.replace(run, process=replace(this_process(), boot_id="another"))
    )
    [died] = read_runs(kept.runs)
    assert died.status == "died"
    assert "switched off" in died.message


def test_a_killed_job_is_told_as_died_and_its_place_is_free(make: Make, tmp_path: Path) -> None:
    kept = make()
    (tmp_path / "slow").touch()
    command = [sys.executable, "-m", "nbops", "jobs", "exec", str(kept.folder), "--now"]
    job = subprocess.Popen(command, start_new_session=True)
    wait_until(lambda: _calls(tmp_path))
    os.killpg(job.pid, signal.SIGKILL)
    job.wait()
    assert read_runs(kept.runs)[0].status == "died"
    (tmp_path / "slow").unlink()
    assert execute(kept, "asked") == 0


def test_a_machine_that_shuts_down_is_noted(make: Make, tmp_path: Path) -> None:
    kept = make()
    (tmp_path / "slow").touch()
    command = [sys.executable, "-m", "nbops", "jobs", "exec", str(kept.folder), "--now"]
    job = subprocess.Popen(command)
    wait_until(lambda: _calls(tmp_path))
    job.send_signal(signal.SIGTERM)
    assert job.wait() != 0
    [run] = read_runs(kept.runs)
    assert (run.status, run.message) == ("failed", "stopped by SIGTERM")


def test_a_paused_job_does_not_run(make: Make, tmp_path: Path) -> None:
    kept = make(is_paused=True)
    assert execute(kept, "schedule") == 0
    assert _calls(tmp_path) == []


def test_it_runs_when_the_content_of_watched_files_changed(make: Make, tmp_path: Path) -> None:
    kept = make(when="when data/*.csv changes")
    project = tmp_path / "project"
    table = project / "data" / "a.csv"
    table.write_text("1")
    _age(table)
    with kept.state() as state:
        state.watched = read_watched(project, ["data/*.csv"], Watched())
    execute(kept, "files")
    table.touch()
    _age(table)
    execute(kept, "files")
    assert _calls(tmp_path) == []
    table.write_text("2")
    _age(table)
    execute(kept, "files")
    execute(kept, "files")
    [run] = read_runs(kept.runs)
    assert run.reason == "files"


def test_a_watched_file_that_is_gone_when_it_is_looked_at_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone.csv"
    monkeypatch.setattr(watching, "find_watched", lambda *_: [gone])
    assert read_watched(tmp_path, ["*.csv"], Watched()) == Watched()


def test_a_file_that_is_being_written_is_waited_for(make: Make, tmp_path: Path) -> None:
    make()
    table = tmp_path / "project" / "data" / "a.csv"
    table.write_text("half")

    def go_on() -> None:
        time.sleep(1)
        table.write_text("whole")

    writer = threading.Thread(target=go_on)
    writer.start()
    found = read_watched(tmp_path / "project", ["data/*.csv"], Watched())
    writer.join()
    _age(table)
    again = read_watched(tmp_path / "project", ["data/*.csv"], Watched())
    assert found.digests == again.digests


def test_watched_files_that_were_not_touched_are_not_read_again(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = make(when="when data/*.csv changes")
    table = tmp_path / "project" / "data" / "a.csv"
    table.write_text("1")
    _age(table)
    read = []
    monkeypatch.setattr(
        watching, "digest_within", lambda path, limit: read.append(path) or digest_file(path)
    )
    execute(kept, "files")
    assert len(read_runs(kept.runs)) == 1
    read.clear()
    execute(kept, "files")
    execute(kept, "files")
    assert read == []
    os.utime(table, ns=(0, table.stat().st_mtime_ns - 10**9))  # touched
    execute(kept, "files")
    execute(kept, "files")
    assert read == [table]
    assert len(read_runs(kept.runs)) == 1


def test_hidden_folders_are_not_even_looked_into(tmp_path: Path) -> None:
    looked: list[str] = []
    for folder in (".venv/lib", "data/2027/.cache"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "x.csv").touch()
    (tmp_path / "data" / "2027" / "x.csv").touch()
    is_over = False
    sys.addaudithook(
        lambda event, args: (
            None if is_over or event != "os.scandir" else looked.append(str(args[0]))
        )
    )
    found = watching.find_watched(tmp_path, ["**/*.csv"])
    folders = watching.find_folders(tmp_path, ["**/*.csv"])
    is_over = True
    assert found == [tmp_path / "data" / "2027" / "x.csv"]
    assert folders == [tmp_path, tmp_path / "data", tmp_path / "data" / "2027"]
    assert looked
    assert not [path for path in looked if "/." in path]


def test_hidden_folders_are_not_watched_where_programs_write_at_any_time(
    make: Make, tmp_path: Path
) -> None:
    make()
    project = tmp_path / "project"
    for place in (".nbops/artifacts", ".venv/lib", "data/new"):
        (project / place).mkdir(parents=True, exist_ok=True)
        (project / place / "a.csv").write_text("1")
        _age(project / place / "a.csv")
    assert [*read_watched(project, ["**/*.csv"], Watched()).digests] == ["data/new/a.csv"]
    assert [*read_watched(project, [".venv/**/*.csv"], Watched()).digests] == [".venv/lib/a.csv"]
    folders = watching.find_folders(project, ["**/*.csv"])
    assert folders == [project, project / "data", project / "data" / "new"]


def test_a_pipelines_steps_all_run_at_their_time_and_only_the_changed_ones_when_files_change(
    make: Make, tmp_path: Path
) -> None:
    kept = make(when="when data/*.csv changes")
    job = kept.read()
    kept.write(
        msgspec.structs.replace(job, source=job.source.replace("report.ipynb", "pipeline.yaml"))
    )
    table = tmp_path / "project" / "data" / "a.csv"
    table.write_text("1")
    _age(table)
    execute(kept, "files")
    execute(kept, "asked")
    [asked, changed] = [(kept.runs / f"{run.id}.log").read_text() for run in read_runs(kept.runs)]
    assert ("--rerun" in asked, "--rerun" in changed) == (True, False)


def test_a_large_watched_file_is_read_in_samples_as_its_record_is(
    make: Make, tmp_path: Path
) -> None:
    make()
    project = tmp_path / "project"
    (project / "pyproject.toml").write_text("[tool.nbops]\nhash_limit = 1\n")
    (project / "data" / "a.csv").write_bytes(b"x" * 1_000_001)
    _age(project / "data" / "a.csv")
    found = read_watched(project, ["data/*.csv"], Watched())
    assert found.digests == {"data/a.csv": digest_sample(project / "data" / "a.csv")}


def test_credentials_reach_the_job_and_no_file(make: Make, tmp_path: Path) -> None:
    secrets = tmp_path / "secrets.env"
    secrets.write_text("# mine\nexport TOKEN='tk-very-secret'\n")
    kept = make(credentials=str(secrets))
    secrets.chmod(0o644)
    assert execute(kept, "asked") == 2
    assert f"Others can read {secrets}. chmod 600" in read_runs(kept.runs)[0].message
    secrets.chmod(0o600)
    assert execute(kept, "asked") == 0
    assert "token [TOKEN]" in (kept.runs / f"{read_runs(kept.runs)[0].id}.log").read_text()
    for path in jobs_home().rglob("*"):
        assert path.is_dir() or b"tk-very-secret" not in path.read_bytes()


def test_credentials_come_from_a_command(make: Make, tmp_path: Path) -> None:
    kept = make(credentials="command:printf TOKEN=from-keyring")
    execute(kept, "asked")
    assert "token [TOKEN]" in (kept.runs / f"{read_runs(kept.runs)[0].id}.log").read_text()
    kept.write(msgspec.structs.replace(kept.read(), credentials="command:false"))
    assert execute(kept, "asked") == 2
    assert "The command for credentials, false, ended with 1." in read_runs(kept.runs)[0].message


def test_old_logs_are_removed(make: Make) -> None:
    kept = make()
    first = begin_run(kept.runs, "schedule", None)
    write_run(kept.runs, msgspec.structs.replace(first, status="failed"))
    for number in range(60):
        ended = first.started_at + timedelta(seconds=number)
        run = msgspec.structs.replace(
            first, id=f"2027{number:04}", status="finished", ended_at=ended
        )
        write_run(kept.runs, run)
        (kept.runs / f"{run.id}.log").touch()
    drop_old(kept.runs)
    assert len(read_runs(kept.runs)) == len(list(kept.runs.glob("*.json"))) == 50
    assert not (kept.runs / "20270000.log").exists()
    assert (kept.runs / "20270059.log").exists()


def test_a_job_that_is_not_there_is_named_with_the_nearest(make: Make) -> None:
    make()
    with pytest.raises(NotFound, match="Did you mean report?"):
        find_kept("reprot")


def test_a_run_says_itself_as_json(make: Make) -> None:
    kept = make()
    execute(kept, "asked")
    [path] = kept.runs.glob("*.json")
    assert msgspec.json.decode(path.read_bytes(), type=JobRun).status == "finished"
    assert json.loads(path.read_text())["reason"] == "asked"


def _age(path: Path) -> None:
    """Make a file look as if nobody were writing to it."""
    before = time.time() - 60
    os.utime(path, (before, before))
