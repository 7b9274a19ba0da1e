"""jupyter-scheduler in a running server: jobs that ask for nbops are run by it, all others as before.

It has an environment of its own, `make targets`; what is read back is read through its REST API.
"""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil
import pytest
from daemons import real_cron
from leaving import write_lock, write_notebook
from processes import PATIENCE_S, wait_until
from projects import nbops
from test_notices import hook  # noqa: F401 - a fixture

from nbops.errors import UsageError
from nbops.index.queries import Index
from nbops.jobs.declarations import read_declarations
from nbops.jobs.parameters import read_notebook
from nbops.scheduling.job import read_job
from nbops.scheduling.jupyter.install import install_job
from nbops.scheduling.jupyter.order import is_asked, read_order, read_values
from nbops.scheduling.jupyter.server import JupyterServer, find_server
from nbops.scheduling.jupyter.setting import MANAGER, leave_manager, use_manager
from nbops.scheduling.preflight import check_job
from nbops.scheduling.target import find_target
from nbops.workspace import Workspace, find_workspace

_ROOT = Path(__file__).parents[2]
_PYTHON = _ROOT / ".venv" / "targets" / "jupyter-scheduler" / "bin" / "python"
_NBOPS = [sys.executable, "-P", "-m", "nbops"]
_OVER = ("COMPLETED", "FAILED", "STOPPED")

needs_server = pytest.mark.skipif(not _PYTHON.exists(), reason="`make targets` sets it up")

pytestmark = pytest.mark.timeout(1800)
AWKWARD = 'it\'s "so"\n\\ # {x}'
"""A text that pasting would break."""


@dataclass
class Running:
    """A Jupyter server with jupyter-scheduler, and the folder that it shows."""

    root: Path
    server: JupyterServer

    def define(self, name: str, cells: list[str], **wishes: Any) -> str:
        """A definition of a small notebook that asks for nbops, and tells it what it wishes."""
        write_notebook(self.root / f"{name}.ipynb", cells, {0: ["parameters"]}, _PYTHON_3)
        parameters = wishes.pop("parameters", {})
        definition = {
            "name": name,
            "input_uri": f"{name}.ipynb",
            "runtime_environment_name": wishes.pop("environment", "python"),
            "runtime_environment_parameters": wishes,
            "parameters": parameters,
            "output_formats": ["ipynb", "html"],
        }
        return self.server.create_definition(definition)

    def ask(self, name: str, cells: list[str], **wishes: Any) -> str:
        """The same, run now; returns the job's id."""
        wishes = {"nbops": True, "nbops_notebook": f"{name}.ipynb", **wishes}
        return self.server.run_definition(self.define(name, cells, **wishes))

    def wait(
        self, job_id: str, until: Callable[[dict[str, Any]], bool] | None = None
    ) -> dict[str, Any]:
        """The job once it is over, or something else holds of it."""
        deadline = time.monotonic() + 4 * PATIENCE_S  # many processes, one after the other
        while time.monotonic() < deadline:
            job = self.server.read_job(job_id)
            # A job that was just created is STOPPED, too, and has not started.
            is_over = job["status"] in _OVER and job.get("start_time")
            if until(job) if until else is_over:
                return job
            time.sleep(0.3)
        raise TimeoutError(job)

    def read_output(self, job: dict[str, Any]) -> Any:
        """The executed notebook, where jupyter-scheduler keeps it."""
        staging = Path(os.environ["JUPYTER_DATA_DIR"]) / "scheduler_staging_area" / job["job_id"]
        (path,) = staging.glob("*-20*.ipynb")
        return read_notebook(path)


_PYTHON_3 = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}


@pytest.fixture
def jupyter(workspace: Workspace) -> Iterator[Running]:
    """A server that was told by `nbops enable --jupyter-scheduler`."""
    told = subprocess.run(
        [*_NBOPS, "enable", "--jupyter-scheduler"], capture_output=True, text=True, check=True
    )
    assert "Start the Jupyter server anew" in told.stdout
    _offer_other_environment(workspace.root.parent / "bin")
    log = (workspace.root.parent / "server.log").open("w")
    words = [_PYTHON, "-m", "jupyter_server", "--allow-root", "--ip=127.0.0.1", "--no-browser"]
    words += [f"--ServerApp.root_dir={workspace.root}", "--IdentityProvider.token=tok"]
    process = subprocess.Popen(words, stdout=log, stderr=log, cwd=workspace.root)
    try:
        yield Running(workspace.root, _wait_for_server(workspace.root, log.name))
    finally:
        for child in psutil.Process(process.pid).children(recursive=True):
            child.kill()  # it would wait for them
        process.terminate()
        process.wait(PATIENCE_S)
        log.close()


def _offer_other_environment(folder: Path) -> None:
    """A `conda` that lists two environments: the server's own, and that of these tests."""
    folder.mkdir(exist_ok=True)
    told = json.dumps({"envs": [str(_PYTHON.parents[1]), sys.prefix]})
    conda = folder / "conda"
    conda.write_text(f"#!/bin/sh\necho '{told}'\n")
    conda.chmod(0o755)
    os.environ["PATH"] = f"{folder}{os.pathsep}{os.environ['PATH']}"


def _wait_for_server(root: Path, log: str) -> JupyterServer:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        try:
            server = find_server(root)
            server.list_environments()
        except Exception:  # noqa: BLE001 - not yet
            time.sleep(0.3)
            continue
        return server
    raise TimeoutError(Path(log).read_text())


@needs_server
def test_what_was_exported_is_created_run_and_read_back(jupyter: Running):
    root = jupyter.root
    cells = [
        "depth = 4\ntitle = 'x'",
        "import mlflow\nmlflow.log_metric('twice', depth * 2)\nmlflow.log_param('title', title)\nprint(repr(title))",
        "_ = open('made.txt', 'w').write(title)",
    ]
    path = write_notebook(root / "study.ipynb", cells, {0: ["parameters"]}, _PYTHON_3)
    words = ["export", "study.ipynb", "--to", "jupyter-scheduler", "-o", "out", "--no-dry-run"]
    words += ["--schedule", "0 7 * * 1", "--timezone", "Europe/Berlin"]
    words += ["-p", "depth=8", "-p", f"title={AWKWARD}", "--lock", "lock.txt"]
    lines = [
        f"{name}=={version(name)}" for name in ("nbops", "mlflow")
    ]  # both environments have them
    (root / "lock.txt").write_text("\n".join(["# Python 3.11", *lines]))
    done = subprocess.run([*_NBOPS, *words], cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert path.is_file()
    submit = [_PYTHON, "submit.py"]
    others = jupyter.define("study", cells)  # made by somebody in JupyterLab
    scheduled = install_job(read_job(path, lock=root / "lock.txt"))  # by this name, too
    said = subprocess.run([*submit, "install"], cwd=root / "out", capture_output=True, text=True)
    assert "There is a job study already, of study.ipynb." in said.stderr
    jupyter.server.delete_definition(scheduled.definition_id)
    for what in ("install", "install", "run"):
        said = subprocess.run([*submit, what], cwd=root / "out", capture_output=True, text=True)
        assert said.returncode == 0, said.stderr
    (definition,) = [
        each for each in jupyter.server.list_definitions() if each["job_definition_id"] != others
    ]
    assert (definition["schedule"], definition["timezone"]) == ("0 7 * * 1", "Europe/Berlin")
    (job,) = jupyter.server.list_jobs(definition["job_definition_id"])
    job = jupyter.wait(job["job_id"])
    assert (job["status"], job["status_message"]) == ("COMPLETED", job["status_message"])
    assert job["end_time"] >= job["start_time"]
    printed = [c.outputs[0].text for c in jupyter.read_output(job).cells if c.get("outputs")]
    assert printed == [f"{AWKWARD!r}\n"]
    assert (root / "out" / "project" / "made.txt").read_text() == AWKWARD

    project = find_workspace(root / "out" / "project" / "study.ipynb")
    (run,) = [run for run in Index(project).runs() if run.metrics]
    assert run.params["title"] == AWKWARD
    from mlflow import MlflowClient

    stored = MlflowClient(project.embedded_uri).get_run(run.mlflow_run_id)
    assert stored.data.metrics["twice"] == 16
    said = subprocess.run([*submit, "remove"], cwd=root / "out", capture_output=True, text=True)
    assert said.returncode == 0, said.stderr
    (left,) = jupyter.server.list_definitions()
    assert left["job_definition_id"] == others


@needs_server
def test_jobs_end_as_they_should(jupyter: Running):
    """Many jobs of one server, since starting it takes long: each assertion names its own."""
    jobs = {
        "fails": jupyter.ask("fails", ["x = 1", "print('before')\nx / 0", "print('after')"]),
        "slow": jupyter.ask("slow", ["x = 1", "import time\ntime.sleep(3600)"], nbops_timeout_s=20),
        "again": jupyter.ask(
            "again",
            [
                "x = 1",
                "import os\nif not os.path.exists('been'): open('been', 'w'); raise OSError('once')",
            ],
            nbops_retries=1,
        ),
        "elsewhere": jupyter.ask(
            "elsewhere",
            ["x = 1", "import sys\nprint(sys.prefix)"],
            environment=Path(sys.prefix).name,
        ),
        "wrong": jupyter.ask("wrong", ["depth = 4"], parameters={"depth": "'deep'"}),
        "unlocked": jupyter.ask("unlocked", ["x = 1"], nbops_lock="other.txt"),
        "plain": jupyter.server.run_definition(
            jupyter.define("plain", ["x = 1", "print(x)"], parameters={"x": "'two'"})
        ),
    }
    (jupyter.root / "other.txt").write_text("# Python 3.11\nnbops==99.0\n")
    over = {name: jupyter.wait(job_id) for name, job_id in jobs.items()}
    status = {name: job["status"] for name, job in over.items()}
    told = {name: job.get("status_message") or "" for name, job in over.items()}

    assert status["fails"] == "FAILED"
    assert told["fails"].startswith("[2] ZeroDivisionError: division by zero. See nbops show ")
    assert over["fails"]["end_time"] >= over["fails"]["start_time"]
    assert "before" in str(jupyter.read_output(over["fails"]))

    assert (status["slow"], told["slow"]) == ("FAILED", "It did not end within 20 s.")
    assert status["again"] == "COMPLETED", told["again"]

    assert status["elsewhere"] == "COMPLETED", told["elsewhere"]
    assert sys.prefix in str(jupyter.read_output(over["elsewhere"]).cells)

    assert status["wrong"] == "FAILED"
    assert told["wrong"].startswith("depth takes int, not the text 'deep'")
    assert status["unlocked"] == "FAILED"
    assert "This is not the environment of" in told["unlocked"]

    assert status["plain"] == "COMPLETED", told["plain"]
    assert "two" in str(jupyter.read_output(over["plain"]).cells)
    recorded = {session.notebook for session in Index(find_workspace(jupyter.root)).sessions()}
    assert "plain.ipynb" not in recorded
    assert {"fails.ipynb", "again.ipynb", "elsewhere.ipynb"} <= recorded


@needs_server
def test_a_job_tells_where_it_is_waits_for_its_turn_and_is_stopped_with_its_kernel(
    jupyter: Running,
):
    cells = [
        "x = 1",
        "import os, time\nopen('pid', 'w').write(str(os.getpid()))\nwhile not os.path.exists('go'): time.sleep(.2)",
        "print('edited')",
    ]
    wishes = {"nbops": True, "nbops_notebook": "long.ipynb", "nbops_max_parallel": 1}
    definition = jupyter.define("long", cells, **wishes)
    first = jupyter.server.run_definition(definition)
    told = jupyter.wait(first, lambda job: (job.get("status_message") or "").startswith("[2/3]"))
    assert told["status"] == "IN_PROGRESS"
    second = jupyter.server.run_definition(definition)
    told = jupyter.wait(
        second, lambda job: "waits for another" in (job.get("status_message") or "")
    )
    assert told["status"] == "IN_PROGRESS"

    kernel = int((jupyter.root / "pid").read_text())
    jupyter.server._ask("PATCH", f"jobs/{first}", {"status": "STOPPED"})
    deadline = time.monotonic() + PATIENCE_S
    while Path(f"/proc/{kernel}").exists() and time.monotonic() < deadline:
        time.sleep(0.2)
    assert not Path(f"/proc/{kernel}").exists(), "the kernel of a job that was stopped goes on"

    # The second one's turn; it runs what the notebook says by then.
    write_notebook(
        jupyter.root / "long.ipynb", ["x = 1", "print('other')"], {0: ["parameters"]}, _PYTHON_3
    )
    (jupyter.root / "go").touch()
    assert jupyter.wait(second)["status"] == "COMPLETED"


@pytest.mark.parametrize(
    ("tags", "parameters", "wishes", "is_ours"),
    [
        (["nbops"], None, None, True),
        (None, {"nbops": "True"}, None, True),
        (None, None, {"nbops": True}, True),
        (None, {"nbops": "False"}, {"nbops": False}, False),
        (["daily"], {"depth": "4"}, {}, False),
        (None, None, None, False),
    ],
)
def test_a_job_asks_for_nbops_or_is_left_alone(tags, parameters, wishes, is_ours: bool):
    assert is_asked(tags, parameters, wishes) == is_ours


@pytest.mark.parametrize(
    ("source", "text", "value"),
    [
        ("title = 'x'", "'it\\'s'", "it's"),
        ("title = 'x'", "it's", "it's"),
        ("title = 'x'", "__import__('os').getcwd()", "__import__('os').getcwd()"),
        ("title = 'x'", "007", "007"),
        ("title = 'x'", "7", "7"),
        ("depth = 4", "8", 8),
        ("rate = 0.5", "1", 1.0),
        ("layers = [1]", "[64, 32]", [64, 32]),
        ("is_fast = True", "False", False),
        ("is_fast = True", "false", False),
    ],
)
def test_texts_of_jupyter_scheduler_become_values_and_are_never_run(source: str, text: str, value):
    cells = [{"cell_type": "code", "source": source, "metadata": {"tags": ["parameters"]}}]
    declared = read_declarations(cells, "job.ipynb")
    (read,) = read_values(declared, {declared.names[0]: text}).values()
    read = declared.parameters[0].kind.read(read.text) if hasattr(read, "text") else read
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    ("wishes", "told"),
    [
        ({"nbops_timout_s": 3}, "nbops knows no 'nbops_timout_s'."),
        ({"nbops_retries": "many"}, "nbops_retries takes a number from 0, not 'many'."),
        ({"nbops_max_parallel": 0}, "nbops_max_parallel takes a number from 1, not 0."),
    ],
)
def test_a_wish_that_cannot_be_meant_is_told(wishes: dict[str, Any], told: str):
    with pytest.raises(UsageError, match=told):
        read_order(wishes)


def test_what_it_cannot_say_is_found_before(workspace: Workspace):
    notebook = write_notebook(workspace.root / "a.ipynb", ["x = 1"])
    (workspace.root / "pipeline.yaml").write_text("steps:\n  a: {notebook: a.ipynb}\n")
    target = find_target("jupyter-scheduler")
    lock = write_lock(workspace.root)
    pipeline = read_job(workspace.root / "pipeline.yaml", lock=lock)
    told = [one for one in check_job(pipeline, target, dry_run=False) if one.kind == "target"]
    assert [one.level for one in told] == ["error"]
    gap = read_job(notebook, schedule="30 2 * * *", timezone="Europe/Berlin", lock=lock)
    told = [one for one in check_job(gap, target, dry_run=False) if one.kind == "target"]
    assert [one.level for one in told] == ["error"]
    assert "runs it at another time" in told[0].message
    daily = read_job(notebook, schedule="0 7 * * *", timezone="Europe/Berlin", lock=lock)
    told = [one for one in check_job(daily, target, dry_run=False) if one.kind == "target"]
    assert [one.level for one in told] == ["warning"], "what was due while the server was down"


def test_no_server_is_told_in_one_line(workspace: Workspace):
    with pytest.raises(UsageError, match="No Jupyter server runs here"):
        find_server(workspace.root)


@needs_server
def test_a_notebook_is_scheduled_in_the_server_that_runs_here(jupyter: Running):
    path = write_notebook(
        jupyter.root / "notes" / "daily.ipynb", ["depth = 4", "print(depth)"], {0: ["parameters"]}
    )
    job = read_job(path, {"depth": 8}, "0 7 * * *", timezone="UTC", lock=write_lock(jupyter.root))
    first, again = install_job(job), install_job(job)
    assert first.definition_id != again.definition_id
    (definition,) = jupyter.server.list_definitions()
    assert definition["job_definition_id"] == again.definition_id
    assert (definition["schedule"], definition["timezone"]) == ("0 7 * * *", "UTC")
    assert definition["parameters"] == {"depth": "8"}
    assert definition["runtime_environment_parameters"]["nbops_notebook"] == "notes/daily.ipynb"
    other = write_notebook(jupyter.root / "daily.ipynb", ["1"], {0: ["parameters"]})
    with pytest.raises(UsageError, match="There is a job 'daily' already"):
        install_job(read_job(other, schedule="0 7 * * *", lock=write_lock(jupyter.root)))
    assert jupyter.server.list_definitions() == [definition]


@needs_server
def test_a_failure_is_told_once_and_so_is_the_recovery(jupyter: Running, hook):  # noqa: F811
    url, posted = hook
    (jupyter.root / "pyproject.toml").write_text(f"[tool.nbops.notify]\nwebhook = '{url}'\n")
    cells = ["x = 1", "import os\nassert not os.path.exists('broken'), 'it is broken'"]
    job = jupyter.define("daily", cells, nbops=True, nbops_notebook="daily.ipynb")
    broken = jupyter.root / "broken"
    for is_broken in (False, True, True, False):
        broken.touch() if is_broken else broken.unlink(missing_ok=True)
        jupyter.wait(jupyter.server.run_definition(job))
    wait_until(lambda: len(posted) == 2)
    assert [(told["job"], told["status"]) for _, told in posted] == [
        ("daily", "failed"),
        ("daily", "recovered"),
    ]
    assert re.search(r"it is broken\. See nbops show [0-9a-f]{12}\.$", posted[0][1]["message"])
    assert posted[0][1]["source"] == str(jupyter.root / "daily.ipynb")


@needs_server
def test_its_jobs_are_listed_run_paused_and_removed_like_those_of_cron(
    jupyter: Running, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("COLUMNS", "120")  # a terminal that is wide enough
    path = write_notebook(
        jupyter.root / "daily.ipynb", ["depth = 4", "print(depth)"], metadata=_PYTHON_3
    )
    install_job(read_job(path, {}, "0 7 * * 1-5", timezone="UTC", lock=write_lock(jupyter.root)))
    jupyter.define("other", ["1"])  # which does not ask for nbops

    [job] = json.loads(nbops(jupyter.root, "jobs", "--json").stdout)["jobs"]
    assert (job["name"], job["system"], job["last"]) == ("daily", "jupyter-scheduler", None)
    assert (job["source"], job["words"]) == (str(path), "every weekday at 07:00")
    assert all(moment.endswith("07:00:00+00:00") for moment in job["next_times"])
    assert "has no run yet" in nbops(jupyter.root, "jobs", "logs", "daily", code=2).stderr

    assert "daily finished after" in nbops(jupyter.root, "jobs", "run", "daily").stdout
    assert "daily finished after" in nbops(jupyter.root, "jobs", "logs", "daily").stdout
    row = nbops(jupyter.root, "jobs").stdout.splitlines()[1]
    assert re.search(r"finished .* every weekday at 07:00 \(UTC\)$", row), row
    nbops(jupyter.root, "jobs", "pause", "daily")
    assert "paused" in nbops(jupyter.root, "jobs").stdout
    (definition,) = [d for d in jupyter.server.list_definitions() if d["name"] == "daily"]
    assert definition["active"] is False
    assert "daily runs every weekday" in nbops(jupyter.root, "jobs", "resume", "daily").stdout

    path.write_text(path.read_text().replace("print(depth)", "print(deep)"))
    failed = nbops(jupyter.root, "jobs", "run", "daily", code=1).stdout
    assert "daily failed after" in failed
    assert "NameError" in failed
    elsewhere = ("jobs", "--within", str(jupyter.root / "other"))
    assert "No job is scheduled here" in nbops(jupyter.root, *elsewhere).stdout
    assert "no job 'daily'" in nbops(jupyter.root, *elsewhere, "remove", "daily", code=2).stderr
    nbops(jupyter.root, "jobs", "remove", "daily")
    assert [d["name"] for d in jupyter.server.list_definitions()] == ["other"]


@needs_server
def test_a_job_that_is_scheduled_with_another_system_moves_there(
    jupyter: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = write_notebook(jupyter.root / "daily.ipynb", ["print(1)"], metadata=_PYTHON_3)
    other = write_notebook(jupyter.root / "b" / "daily.ipynb", ["print(1)"], metadata=_PYTHON_3)

    def systems() -> list[str]:
        jobs = json.loads(nbops(jupyter.root, "jobs", "--json").stdout)["jobs"]
        return [job["system"] for job in jobs]

    lock = ("--lock", str(write_lock(jupyter.root)))
    with real_cron(tmp_path / "cron-bin", monkeypatch):
        for system in ("jupyter-scheduler", "cron", "jupyter-scheduler"):
            nbops(jupyter.root, "schedule", str(path), "0 7 * * *", "--on", system, *lock)
            assert systems() == [system]
        words = ("schedule", str(other), "0 7 * * *", "--on", "cron", *lock)
        assert "already, of " in nbops(jupyter.root, *words, code=2).stderr
        assert systems() == ["jupyter-scheduler"]


def test_the_setting_is_made_and_taken_back_and_others_stay(private_homes: Path):
    path = Path(os.environ["JUPYTER_CONFIG_DIR"]) / "jupyter_server_config.json"
    path.write_text('{"ServerApp": {"port": 9999}}')
    assert use_manager() == path
    assert json.loads(path.read_text()) == {
        "ServerApp": {"port": 9999},
        "Scheduler": {"execution_manager_class": MANAGER},
    }
    leave_manager()
    assert json.loads(path.read_text()) == {"ServerApp": {"port": 9999}}
    other = '{"Scheduler": {"execution_manager_class": "mine.Manager"}}'
    path.write_text(other)
    with pytest.raises(UsageError, match=r"names another execution manager: mine\.Manager"):
        use_manager()
    leave_manager()
    assert path.read_text() == other
    path.write_text("{")
    with pytest.raises(UsageError, match="cannot be read"):
        use_manager()
