"""Processes that run jobs: whoever ends one ends the job that it was given, whenever that is."""

import json
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import nbformat
import pytest
from processes import wait_until

from nbops.errors import NbopsError
from nbops.jobs.engines import EngineChoice
from nbops.jobs.engines.local import LocalEngine, LocalWorker
from nbops.jobs.plan import RunOptions
from nbops.tracking.store import be_quiet
from nbops.workspace import Workspace


@pytest.fixture
def worker() -> Iterator[LocalWorker]:
    with closing(LocalEngine(EngineChoice(), 0).worker()) as worker:
        yield worker


def notebook(workspace: Workspace, source: str) -> Path:
    path = workspace.root / "n.ipynb"
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    made.metadata["kernelspec"] = {"name": "python3", "display_name": "x", "language": "python"}
    nbformat.write(made, path)
    return path


class Ordered(threading.Thread):
    """A job that is run, and what comes of it."""

    def __init__(self, worker: LocalWorker, notebook: Path, session_id: str) -> None:
        super().__init__(daemon=True)
        self._given = worker, notebook, session_id
        self.told = ""
        self.start()

    def run(self) -> None:
        worker, notebook, session_id = self._given
        try:
            self.told = str(worker.run(notebook, {}, RunOptions(), session_id).error)
        except NbopsError as error:
            self.told = str(error)


def test_a_job_that_is_ended_while_its_process_starts_does_not_begin(
    workspace: Workspace, worker: LocalWorker, capfd: pytest.CaptureFixture[str]
):
    job = Ordered(worker, notebook(workspace, "open('ran', 'w')"), "0" * 12)
    wait_until(lambda: worker._process is not None)
    worker.interrupt()
    job.join()
    assert job.told == "It was interrupted before it began."
    assert "Traceback" not in capfd.readouterr().err
    assert not (workspace.root / "ran").exists()


def test_a_job_that_is_ended_before_its_order_is_read_does_not_begin(
    workspace: Workspace, worker: LocalWorker
):
    path = notebook(workspace, "open('ran', 'a').write('x')")
    first = Ordered(worker, path, "0" * 12)
    first.join()
    worker.interrupt()  # too late for the first one, and not meant for the second
    process = worker._process
    assert process is not None
    os.kill(process.pid, signal.SIGSTOP)
    second = Ordered(worker, path, "1" * 12)
    wait_until(lambda: worker._stage == "ordered")
    worker.interrupt()
    os.kill(process.pid, signal.SIGCONT)
    second.join()
    assert (first.told, second.told) == ("None", "It was interrupted before it began.")
    third = Ordered(worker, path, "2" * 12)
    third.join()
    assert third.told == "None"
    assert (workspace.root / "ran").read_text() == "xx"


def test_a_job_that_was_let_in_as_all_ended_does_not_begin(
    workspace: Workspace, worker: LocalWorker
):
    is_over = threading.Event()
    with worker.admitted(is_over.is_set) as is_in:
        assert is_in
        is_over.set()
        worker.interrupt()
        job = Ordered(worker, notebook(workspace, "open('ran', 'w')"), "0" * 12)
        job.join()
    assert job.told == "It was interrupted before it began."
    assert not (workspace.root / "ran").exists()


def test_a_worker_that_gets_ready_loads_mlflow_before_its_first_job(
    workspace: Workspace, worker: LocalWorker
):
    worker.get_ready()
    process = worker._process
    assert process is not None
    maps = Path(f"/proc/{process.pid}/maps")
    wait_until(lambda: "sqlalchemy" in maps.read_text())
    job = Ordered(worker, notebook(workspace, "1"), "0" * 12)
    job.join()
    worker.get_ready()
    assert job.told == "None"
    assert worker._process is process


def test_a_worker_that_is_not_wanted_after_all_ends_while_it_loads(worker: LocalWorker):
    worker.get_ready()
    process = worker._process
    assert process is not None
    worker.close()
    assert process.returncode == -signal.SIGTERM


def test_a_notebooks_own_mlflow_is_as_patient_as_the_user_has_it(
    workspace: Workspace, worker: LocalWorker, monkeypatch: pytest.MonkeyPatch
):
    for name in ("MLFLOW_HTTP_REQUEST_TIMEOUT", "MLFLOW_RUN_ID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "7")
    be_quiet()  # as who made the sweep's own run is
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "false")  # set by a person since
    path = notebook(
        workspace,
        "import json, os\n"
        "with open('told.json', 'w') as file:\n"
        "    json.dump({k: v for k, v in os.environ.items() if k.startswith('MLFLOW_')}, file)",
    )
    for number in "01":
        Ordered(worker, path, number * 12).join()
        told = json.loads((workspace.root / "told.json").read_text())
        assert told["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] == "7"
        assert told["MLFLOW_DISABLE_TELEMETRY"] == "false"
        assert "MLFLOW_HTTP_REQUEST_TIMEOUT" not in told
