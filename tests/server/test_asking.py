"""What the panel asks of the command line, in a real Jupyter server: real processes, no shell."""

import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import nbformat
import psutil
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from processes import PATIENCE_S, wait_until
from tornado.httpclient import HTTPClientError

from nbops.errors import UsageError
from nbops.records import instant
from nbops.scheduling.local.kept import Kept, KeptJob, State, jobs_home
from nbops.server.commands import Ask, write_command
from nbops.server.schedules import tell_times
from nbops.server.tasks import Task, Tasks
from nbops.workspace import Workspace

pytest_plugins = ["pytest_jupyter.jupyter_server"]


@pytest.fixture
def jp_server_config() -> dict:
    return {"ServerApp": {"jpserver_extensions": {"nbops": True}}}


@pytest.fixture
def jp_root_dir(workspace: Workspace) -> Path:
    return workspace.root


def write_notebook(path: Path, *sources: str) -> None:
    cells = [new_code_cell(source, id=f"cell{n}") for n, source in enumerate(sources)]
    cells[0].metadata["tags"] = ["parameters"]
    nbformat.write(new_notebook(cells=cells), path)


async def ask(jp_fetch, path: str, **words) -> dict:
    """Ask, and look until it is over."""
    body = json.dumps(words)
    answer = await jp_fetch("nbops", "ask", params={"path": path}, method="POST", body=body)
    task = json.loads(answer.body)
    deadline = time.monotonic() + PATIENCE_S
    while task["state"] == "running":
        assert time.monotonic() < deadline, "it did not end in time"
        task = json.loads((await jp_fetch("nbops", "task", task["id"])).body)
    return task


async def test_parameters_are_told_and_wrong_values_refused_in_the_command_lines_words(
    jp_fetch, workspace: Workspace
):
    write_notebook(workspace.root / "fit.ipynb", "depth = 4\nname: str", "depth")
    task = await ask(jp_fetch, "fit.ipynb", command="params", values={"depth": "deep"})
    assert task["state"] == "done"
    assert [one["name"] for one in task["answer"]["parameters"]] == ["depth", "name"]
    problems = task["answer"]["problems"]
    assert problems["depth"]["message"] == "depth takes int, not 'deep'."
    assert problems["name"]["message"] == "fit.ipynb needs a value for 'name'."
    task = await ask(
        jp_fetch, "fit.ipynb", command="params", values={"depth": "5", "name": "$(id)"}
    )
    assert task["answer"]["problems"] == {}


async def test_what_a_command_complains_of_is_told_as_it_said_it(jp_fetch, workspace: Workspace):
    (workspace.root / "broken.ipynb").write_text("{}")
    task = await ask(jp_fetch, "broken.ipynb", command="params")
    assert task["state"] == "failed"
    assert "is no notebook" in task["message"]
    assert task["answer"] is None


@pytest.mark.parametrize(
    ("path", "body", "status", "told"),
    [
        ("../../etc/passwd", {"command": "params"}, 400, "outside of the server's folder"),
        ("gone.ipynb", {"command": "params"}, 404, "There is no notebook 'gone.ipynb'"),
        ("fit.ipynb", {"command": "rm"}, 400, "cannot be read"),
        ("fit.ipynb", {"command": "params", "shell": "ls"}, 400, "cannot be read"),
        ("fit.ipynb", {"command": "params", "values": {"--accept": ""}}, 400, "is no name of a"),
        ("fit.ipynb", {"command": "params", "target": "cron"}, 400, "takes no target"),
        ("fit.ipynb", {"command": "export", "target": "--list"}, 400, "is no name of a target"),
        ("fit.ipynb", {"command": "export"}, 400, "needs a target"),
        (
            "fit.ipynb",
            {"command": "export", "target": "argo", "output": "../elsewhere"},
            400,
            "does not lie in the notebook's folder",
        ),
        ("fit.ipynb", {"command": "schedule", "image": "a:1"}, 400, "takes no image"),
        (
            "fit.ipynb",
            {"command": "check", "target": "argo", "secrets": ["A=b"]},
            400,
            "is no name of a variable",
        ),
        ("", {"command": "jobs", "verb": "remove", "job": "--all"}, 400, "is no name of a job"),
        ("", {"command": "jobs", "verb": "exec", "job": "nightly"}, 400, "cannot be read"),
        ("", {"command": "run", "run": "5e5510000001"}, 404, "There is no run"),
    ],
)
async def test_what_cannot_be_meant_starts_nothing(
    jp_fetch, workspace: Workspace, monkeypatch, path: str, body: dict, status: int, told: str
):
    write_notebook(workspace.root / "fit.ipynb", "depth = 4")
    monkeypatch.setattr("nbops.server.tasks.Task.__init__", None)
    with pytest.raises(HTTPClientError) as caught:
        await jp_fetch("nbops", "ask", params={"path": path}, method="POST", body=json.dumps(body))
    assert caught.value.code == status
    assert told in caught.value.response.body.decode()


async def test_what_runs_a_notebook_takes_the_right_to_execute(
    jp_fetch, jp_serverapp, workspace: Workspace, monkeypatch
):
    write_notebook(workspace.root / "fit.ipynb", "depth = 4")
    authorizer = jp_serverapp.web_app.settings["authorizer"]
    monkeypatch.setattr(authorizer, "is_authorized", lambda _h, _u, action, _r: action != "execute")
    started = []
    monkeypatch.setattr("nbops.server.tasks.Tasks.start", lambda *words, **_: started.append(words))
    for words in (
        {"command": "run"},
        {"command": "schedule", "schedule": "@daily"},
        {"command": "check", "target": "argo"},
        {"command": "check", "target": "cron", "is_dry_run": False, "credentials": "command:id"},
        {"command": "export", "target": "argo"},
        {"command": "jobs", "verb": "run", "job": "nightly"},
        {"command": "jobs", "verb": "resume", "job": "nightly"},
    ):
        with pytest.raises(HTTPClientError) as caught:
            await ask(jp_fetch, "fit.ipynb", **words)
        assert caught.value.code == 403
    assert started == []


async def test_jobs_of_other_folders_are_neither_listed_nor_touched(
    jp_fetch, workspace: Workspace, tmp_path: Path
):
    for name, root in (("ours", workspace.root), ("theirs", tmp_path / "elsewhere")):
        kept = Kept(jobs_home() / name)
        about = {"name": name, "source": str(root / "fit.ipynb"), "project": str(root)}
        when = {"when": "@daily", "timezone": "UTC", "system": "cron", "python": sys.executable}
        kept.write(KeptJob(**about, **when, created_at=datetime.now(UTC)))
        kept.begin(State(handled_until=datetime.now(UTC)))
    task = await ask(jp_fetch, "", command="jobs")
    assert [each["name"] for each in task["answer"]["jobs"]] == ["ours"]
    for words in ({"command": "job-log"}, {"command": "jobs", "verb": "remove"}):
        task = await ask(jp_fetch, "", job="theirs", **words)
        assert task["state"] == "failed"
        assert task["message"] == "There is no job 'theirs'. `nbops jobs` lists them."
    assert Kept(jobs_home() / "theirs").is_there


async def test_a_task_that_is_not_known_says_so(jp_fetch):
    with pytest.raises(HTTPClientError) as caught:
        await jp_fetch("nbops", "task", "0123456789abcdef")
    assert caught.value.code == 404


def test_values_stay_one_argument_each_whatever_they_hold():
    ask = Ask(command="run", values={"name": "; rm -rf ~ #\n--help"})
    words = write_command(ask, Path("/w/-x.ipynb"))
    assert words[3:] == ["run", "-p", "name=; rm -rf ~ #\n--help", "--", "/w/-x.ipynb"]
    with pytest.raises(UsageError):
        write_command(Ask(command="run", values={"name": "\0"}), Path("/w/x.ipynb"))


def test_what_few_jobs_need_reaches_the_command_line_as_it_spells_it():
    ask = Ask(
        command="export",
        target="argo",
        schedule="@daily",
        catch_up="last",
        secrets=("DB_USER", "DB_PASSWORD"),
        image="ghcr.io/me/report:1",
    )
    assert write_command(ask, Path("/w/x.ipynb"))[3:] == [
        *("export", "--json", "--to=argo", "--schedule=@daily", "--catch-up=last"),
        *("--image=ghcr.io/me/report:1", "--secret=DB_USER", "--secret=DB_PASSWORD"),
        *("--", "/w/x.ipynb"),
    ]
    ask = Ask(command="schedule", schedule="@daily", credentials="command:pass show db")
    words = write_command(ask, Path("/w/x.ipynb"))[3:]
    assert words == [
        *("schedule", "--json", "--credentials=command:pass show db", "--", "/w/x.ipynb", "@daily")
    ]


def test_a_cancelled_task_ends_with_the_processes_that_it_started(tmp_path: Path):
    code = (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "print(f'started {child.pid}', file=sys.stderr, flush=True)\n"
        "time.sleep(600)"
    )
    task = Task([sys.executable, "-c", code], tmp_path, None)
    wait_until(lambda: task.describe().progress.startswith("started"))
    child = psutil.Process(int(task.describe().progress.split()[1]))
    task.cancel()
    assert task.wait(PATIENCE_S)
    assert task.describe().state == "cancelled"
    wait_until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)


def test_a_task_that_takes_too_long_is_ended_and_says_so(tmp_path: Path):
    task = Task([sys.executable, "-c", "import time; time.sleep(600)"], tmp_path, 0.2)
    assert task.wait(PATIENCE_S)
    assert task.describe().state == "failed"
    assert "ended after" in task.describe().message


def test_tasks_end_with_the_server_but_for_those_that_shall_go_on(tmp_path: Path):
    tasks, words = Tasks(), [sys.executable, "-c", "import time; time.sleep(600)"]
    ends = tasks.start(words, tmp_path, None)
    stays = tasks.start(words, tmp_path, None, outlives=True)
    tasks.end()
    assert ends.wait(PATIENCE_S)
    assert not stays.is_over
    stays.cancel()


def test_only_so_many_tasks_run_at_once(tmp_path: Path):
    tasks, words = Tasks(), [sys.executable, "-c", "import time; time.sleep(600)"]
    for _ in range(8):
        tasks.start(words, tmp_path, None)
    with pytest.raises(UsageError, match="under way already"):
        tasks.start(words, tmp_path, None)
    tasks.end()


def test_a_schedule_is_told_while_it_is_typed():
    told = tell_times("every weekday at 6:30", "Europe/Berlin", instant(1_795_000_000))
    assert told.problem is None
    assert told.words == "every weekday at 06:30"
    assert len(told.times) == 4
    assert all(text.endswith("06:30") for text in told.local)
    told = tell_times("every weekday at 25:30", "Europe/Berlin", instant(1_795_000_000))
    assert told.problem is not None
    assert told.times == ()


async def test_the_next_times_of_a_schedule_are_sent(jp_fetch):
    params = {"path": "n.ipynb", "text": "0 7 * * *", "timezone": "UTC"}
    told = json.loads((await jp_fetch("nbops", "fire-times", params=params)).body)
    assert [time[11:16] for time in told["times"]] == ["07:00"] * 4
    params = {"path": "n.ipynb", "text": "tomorow"}
    told = json.loads((await jp_fetch("nbops", "fire-times", params=params)).body)
    assert "tomorow" in told["problem"]["message"]
