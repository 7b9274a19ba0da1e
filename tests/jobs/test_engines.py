"""Engines: the same jobs on this machine and on a Dask cluster, whose workers may be lost."""

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import nbformat
import pytest
from clusters import Cluster, can_hide
from mlflow import MlflowClient
from processes import PATIENCE_S, has_ended, wait_until

import nbops
from nbops.digests import digest_file
from nbops.errors import NotebookFailed, UsageError
from nbops.jobs.engines import EngineChoice, dask, open_engine
from nbops.jobs.engines.dask_worker import DaskWorker
from nbops.jobs.memory import Admission
from nbops.jobs.plan import RunOptions
from nbops.jobs.recorded import read_and_written
from nbops.recording.words import make_id
from nbops.replay import replay_folder
from nbops.store.shared import SharedStore
from nbops.workspace import Workspace

NBOPS = [sys.executable, "-c", "from nbops.cli import main; main()"]
WAITS = """\
import os, pathlib, time
import doubling
place = pathlib.Path({place!r})
amount = float(open("data/amount.txt").read())
(place / f"began-{{depth}}-{{os.getpid()}}").touch()
while depth == 1 and not (place / "go").exists():
    time.sleep(0.05)
pathlib.Path(f"out-{{depth}}.txt").write_text(str(amount))
"""
LOGS = "import nbops\nnbops.log_metric('score', doubling.double(depth) + amount)"

hides = pytest.mark.skipif(not can_hide(), reason="needs namespaces")


def write(path: Path, *cells: str) -> Path:
    code = [nbformat.v4.new_code_cell(cell) for cell in cells]
    code[0].metadata["tags"] = ["parameters"]
    nbformat.write(nbformat.v4.new_notebook(cells=code), path)
    return path


@pytest.fixture
def waits(workspace: Workspace, tmp_path: Path) -> Path:
    """A notebook that imports a module, reads a file, and waits to be told to go on when depth is 1."""
    (workspace.root / "doubling.py").write_text("def double(x):\n    return 2 * x\n")
    (workspace.root / "data").mkdir()
    (workspace.root / "data" / "amount.txt").write_text("0.5")
    return write(workspace.root / "n.ipynb", "depth = 1", WAITS.format(place=str(tmp_path)), LOGS)


@pytest.fixture
def cluster(workspace: Workspace, tmp_path: Path) -> Iterator[Callable[..., Cluster]]:
    """Start clusters; all are gone when the test ends."""
    clusters: list[Cluster] = []

    def start(*, hidden: Path | None = None) -> Cluster:
        clusters.append(Cluster(tmp_path / f"cluster{len(clusters)}", hidden))
        return clusters[-1]

    yield start
    for each in clusters:
        each.close()


def documents(workspace: Workspace) -> list[Any]:
    folders = [path for path in workspace.sessions.iterdir() if path.is_dir()]
    return [replay_folder(folder).document() for folder in folders]


def jobs_in_mlflow(workspace: Workspace) -> list[Any]:
    client = MlflowClient(workspace.embedded_uri)
    experiments = [each.experiment_id for each in client.search_experiments()]
    runs = client.search_runs(experiments)
    return [run for run in runs if "nbops.sweep" in run.data.tags and "score" in run.data.metrics]


@pytest.mark.parametrize("name", ["local", "dask"])
def test_every_engine_runs_a_job_records_it_once_and_ends_one_that_is_interrupted(
    name: str, workspace: Workspace, waits: Path, tmp_path: Path
):
    with closing(open_engine(EngineChoice(name, workers=1), None)) as engine:
        engine.prepare([waits])
        worker = engine.worker()
        with worker.admitted(lambda: True) as is_in:
            assert not is_in
        with worker.admitted(lambda: False) as is_in:
            assert is_in
            done = worker.run(waits, {"depth": 2}, RunOptions(), make_id())
        engine.learn(1)
        assert not done.has_failed, done.error
        assert done.output.exists()
        assert (waits.parent / "out-2.txt").read_text() == "0.5"

        def interrupt() -> None:
            wait_until(lambda: list(tmp_path.glob("began-1-*")))
            worker.interrupt()

        interrupting = threading.Thread(target=interrupt)
        interrupting.start()
        with worker.admitted(lambda: False):
            ended = worker.run(waits, {"depth": 1}, RunOptions(), make_id())
        interrupting.join()
        assert ended.interrupted is not None
        worker.close()
    recorded = sorted(document.session.id for document in documents(workspace))
    assert recorded == sorted([done.session_id, ended.session_id])
    assert {document.session.notebook for document in documents(workspace)} == {"n.ipynb"}


class OneMachine:
    """An engine on one machine, of which nobody knows yet what a job takes: the first runs alone there."""

    home = SimpleNamespace(order=lambda *_: None, take=lambda parcel: parcel)

    def __init__(self) -> None:
        self.admission = Admission(None, lambda: 1)

    @contextmanager
    def seat(
        self, is_over: Callable[[], bool], need: int | None, avoid: str | None = None
    ) -> Iterator[str | None]:
        with self.admission.admitted(is_over, need) as is_in:
            yield ("second" if avoid else "first") if is_in else None


def test_a_first_job_whose_worker_is_lost_does_not_wait_for_its_own_place(
    monkeypatch: pytest.MonkeyPatch,
):
    engine, deadline = OneMachine(), time.monotonic() + 10
    worker = DaskWorker(engine)  # type: ignore[arg-type]
    monkeypatch.setattr(worker, "_try", lambda address, *_: {"second": "done"}.get(address))
    with worker.admitted(lambda: time.monotonic() > deadline) as is_in:
        assert is_in
        assert worker.run(Path("n.ipynb"), {}, RunOptions(), "s") == "done"
        with engine.admission.admitted(lambda: True) as is_another_in:
            assert not is_another_in
    assert engine.admission._running == []


@hides
def test_a_job_whose_worker_is_killed_runs_elsewhere_and_is_recorded_once(
    workspace: Workspace, waits: Path, cluster: Callable[..., Cluster], tmp_path: Path
):
    workers = cluster(hidden=workspace.root)
    workers.add_worker()
    workers.add_worker()
    command = [
        *(*NBOPS, "sweep", "n.ipynb", "-p", "depth=1,2", "--engine", "dask"),
        *("--scheduler", workers.address, "--json"),
    ]
    sweep = subprocess.Popen(
        command, cwd=waits.parent, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    wait_until(lambda: list(tmp_path.glob("began-1-*")) or sweep.poll() is not None)
    assert sweep.poll() is None, sweep.communicate()
    kernel = int(next(tmp_path.glob("began-1-*")).name.rpartition("-")[2])
    workers.worker_of(kernel).send_signal(signal.SIGKILL)
    wait_until(lambda: len(list(tmp_path.glob("began-1-*"))) == 2)
    (tmp_path / "go").touch()
    out, err = sweep.communicate(timeout=PATIENCE_S)

    assert sweep.returncode == 0, err
    results = json.loads(out)["results"]
    assert [(each["outcome"], each["metrics"]["score"]) for each in results] == [
        ("finished", 2.5),
        ("finished", 4.5),
    ]
    recorded = documents(workspace)
    assert sorted(each["session"] for each in results) == sorted(d.session.id for d in recorded)
    assert len(jobs_in_mlflow(workspace)) == 2
    wait_until(lambda: has_ended(kernel))  # nobody waits for what the lost worker left

    for document in recorded:
        assert document.session.host.startswith("elsewhere")
        reads, writes = read_and_written(document)
        root = workspace.root.as_uri()
        assert [ref.uri for ref in reads if ref.digest] == [f"{root}/data/amount.txt"]
        assert {ref.uri.rpartition("/")[0] for ref in writes} >= {root}
        assert [m.path for run in document.cell_runs for m in run.modules] == ["doubling.py"]
    assert (workspace.root / "out-1.txt").read_text() == "0.5"


@hides
def test_a_pipeline_of_large_files_runs_on_machines_that_see_nothing_of_the_project(
    workspace: Workspace, cluster: Callable[..., Cluster], tmp_path: Path
):
    team, root = tmp_path / "team", workspace.root
    team.mkdir()
    settings = f'[tool.nbops]\nkeep_data = 1\nstore = "{team}"\n'
    (root / "pyproject.toml").write_text(settings)
    write(root / "make.ipynb", "size = 1_500_000", "open('big.bin', 'wb').write(b'x' * size)")
    named = "name = 'big'\nsize = len(open(f'{name}.' + 'bin', 'rb').read())"
    write(
        root / "count.ipynb",
        "times = 1",
        named,
        "import nbops\nnbops.log_metric('size', size * times)",
    )
    steps = {
        "make": {"notebook": "make.ipynb", "writes": ["big.bin"]},
        "count": {"notebook": "count.ipynb", "reads": ["big.bin"]},
    }
    (root / "pipeline.yaml").write_text(json.dumps({"steps": steps}))
    workers = cluster(hidden=root)
    workers.add_worker()

    how: dict[str, Any] = {"engine": "dask", "scheduler": workers.address}
    done = nbops.pipeline(root, **how)
    recorded = {document.session.id: document for document in documents(workspace)}
    assert {recorded[each].session.notebook for each in done.values()} == {
        "make.ipynb",
        "count.ipynb",
    }
    assert all(each.session.host == "elsewhere0" for each in recorded.values())
    assert (root / "big.bin").stat().st_size == 1_500_000
    assert SharedStore(str(team)).has(digest_file(root / "big.bin"))
    (job,) = [run for run in recorded[done["count"]].runs if run.metrics]
    assert job.metrics["size"][0][1] == 1_500_000
    assert nbops.pipeline(root, **how) == done

    swept = nbops.sweep(root / "count.ipynb", {"times": [2, 3]}, **how)
    assert list(swept["metrics.size"]) == [3_000_000, 4_500_000]
    assert len(documents(workspace)) == 4


@hides
def test_ctrl_c_ends_a_job_on_another_machine_and_its_record_comes_home(
    workspace: Workspace, waits: Path, cluster: Callable[..., Cluster], tmp_path: Path
):
    workers = cluster(hidden=workspace.root)
    workers.add_worker()
    command = [*NBOPS, "sweep", "n.ipynb", "-p", "depth=1,2", "--engine", "dask"]
    sweep = subprocess.Popen(
        [*command, "--scheduler", workers.address],
        cwd=waits.parent,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_until(lambda: list(tmp_path.glob("began-1-*")) or sweep.poll() is not None)
    kernel = int(next(tmp_path.glob("began-1-*")).name.rpartition("-")[2])
    sweep.send_signal(signal.SIGINT)
    told = sweep.communicate(timeout=PATIENCE_S)[1]
    assert sweep.returncode == 130
    assert "the same command goes on where it was" in told
    assert has_ended(kernel)
    (document,) = documents(workspace)
    assert (document.session.status, document.session.host) == ("failed", "elsewhere0")
    assert document.cell_runs[-1].error is not None
    assert document.cell_runs[-1].error.name == "KeyboardInterrupt"


@hides
def test_what_cannot_travel_is_refused_before_anything_runs(
    workspace: Workspace, waits: Path, cluster: Callable[..., Cluster]
):
    workers = cluster(hidden=workspace.root)
    workers.add_worker()
    (workspace.root / "pyproject.toml").write_text("[tool.nbops]\nkeep_data = 1\n")
    with (workspace.root / "data" / "amount.txt").open("wb") as file:
        file.truncate(2_000_000)
    command = [*NBOPS, "sweep", "n.ipynb", "-p", "depth=1,2", "--engine", "dask"]
    done = subprocess.run(
        [*command, "--scheduler", workers.address], cwd=waits.parent, capture_output=True, text=True
    )
    assert done.returncode == 2
    assert "data/amount.txt (2 MB) is too large to travel" in done.stderr
    assert "Set store there" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(workspace.sessions.iterdir()) == []


def test_a_worker_in_another_environment_is_refused(
    workspace: Workspace, waits: Path, cluster: Callable[..., Cluster], tmp_path: Path
):
    other = tmp_path / "other" / "nbformat-0.0.1.dist-info"
    other.mkdir(parents=True)
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: nbformat\nVersion: 0.0.1\n")
    workers = cluster()
    workers.add_worker(PYTHONPATH=str(other.parent))
    command = [*NBOPS, "sweep", "n.ipynb", "-p", "depth=1,2", "--engine", "dask"]
    done = subprocess.run(
        [*command, "--scheduler", workers.address], cwd=waits.parent, capture_output=True, text=True
    )
    assert done.returncode == 2
    assert "differs: nbformat 0.0.1, not " in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert list(workspace.sessions.iterdir()) == []


def test_a_scheduler_that_is_not_there_is_told_in_a_line(workspace: Workspace, waits: Path):
    command = [*NBOPS, "sweep", "n.ipynb", "-p", "depth=1,2", "--engine", "dask"]
    done = subprocess.run(
        [*command, "--scheduler", "tcp://127.0.0.1:1"],
        cwd=waits.parent,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert "There is no Dask scheduler at tcp://127.0.0.1:1" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


class GoneScheduler:
    """Client of a scheduler that went away after its workers."""

    status = "closed"

    def nthreads(self) -> dict[str, int]:
        raise OSError

    def close(self) -> None: ...


def test_who_waits_for_a_worker_is_told_that_the_scheduler_is_gone(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(dask, "_connect", lambda _address: GoneScheduler())
    looks = iter((False, False, True))
    with closing(dask.DaskEngine(EngineChoice("dask", 1, "tcp://there:1"), None)) as engine:
        worker = engine.worker()
        with (
            pytest.raises(NotebookFailed, match="The scheduler at tcp://there:1 is gone"),
            worker.admitted(lambda: next(looks)),
        ):
            pass


@pytest.mark.parametrize("scheduler", [None, "tcp://127.0.0.1:1"])
def test_dask_that_is_not_installed_is_told_with_what_installs_it(
    scheduler: str | None, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UsageError, match=r"pip install 'nbops\[dask\]'"):
        open_engine(EngineChoice("dask", scheduler=scheduler), None)


def test_an_engine_that_is_not_there_is_told_with_the_nearest():
    with pytest.raises(UsageError, match="Did you mean 'dask'"):
        open_engine(EngineChoice("dusk"), None)
