"""`nbops forget`: what was recorded is gone, wherever one looks, and the rest still verifies."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from kernels import Kernel
from mlflow import MlflowClient
from mlflow.entities import ViewType
from mlflow.exceptions import MlflowException
from processes import PATIENCE_S, stop_background, wait_until

from nbops.index.queries import Index
from nbops.journal.erasing import read_tombstones
from nbops.journal.reader import JOURNAL, verify_chain
from nbops.tracking.forgetting import _Forgetting, forget
from nbops.workspace import Workspace

NBOPS = (sys.executable, "-c", "from nbops.cli import main; main()")


def nbops(workspace: Workspace, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*NBOPS, *words], cwd=workspace.root, capture_output=True, text=True, check=False
    )


def shipped(index: Index) -> None:
    assert index.wait(PATIENCE_S)
    wait_until(lambda: index.runs() and index.unshipped() == 0)


def files_with(words: bytes, *folders: Path) -> Iterator[str]:
    """Files that hold these words, or are called so; IPython's own history is not ours."""
    for folder in folders:
        for path in folder.rglob("*"):
            if "history.sqlite" in path.name:
                continue
            if words in os.fsencode(path.name) or (path.is_file() and words in path.read_bytes()):
                yield str(path)


def everything(workspace: Workspace, homes: Path) -> tuple[Path, Path]:
    return workspace.state, homes


def record(kernel: Kernel, workspace: Workspace, index: Index) -> None:
    """A run full of what is to be forgotten, and one that rests on it."""
    (workspace.root / "planted.csv").write_text("x\n1\n2\n")
    (workspace.root / "other.csv").write_text("x\n3\n")
    kernel.run("import nbops\nrows = open('other.csv').read()", "load")
    kernel.run(
        "%%track first depth=1 why='planted'\n"
        "data = open('planted.csv').read()\n"
        "planted_value = len(data)\n"
        "nbops.log_metric('planted_metric', 4.25)\n"
        "nbops.set_tag('planted_tag', 'x')\n"
        "nbops.note('planted note')\n"
        "from sklearn.dummy import DummyClassifier as planted_model\n"
        "planted_model = planted_model().fit([[1], [2]], [0, 1])\n"
        "print('planted output', data, rows)",
        "first",
    )
    kernel.run("%track metric planted_score=planted_value\n%track model planted_model", "score")
    kernel.run(
        "%%track second depth=2\nsize = planted_value\nnbops.log_metric('size', size)\n'kept output'",
        "second",
    )
    kernel.run("%track metric last=size + 1\nprint(rows)", "last")
    kernel.run("%track stop")
    shipped(index)


def test_a_forgotten_run_is_nowhere_and_the_others_are_as_they_were(
    kernel: Kernel, workspace: Workspace, index: Index, private_homes: Path
):
    record(kernel, workspace, index)
    client = MlflowClient(tracking_uri=workspace.embedded_uri)
    first = index.run(index.resolve("first").id)
    before = index.run(index.resolve("second").id)
    whole = index.document(index.resolve("second"))
    names = {cell.id: cell.depends_on for cell in whole.cell_runs}
    assert list(files_with(b"planted_metric", *everything(workspace, private_homes)))

    refused = nbops(workspace, "forget", "first")
    assert (refused.returncode, refused.stderr) == (
        2,
        "nbops: Nobody is there to ask. Say --yes.\n",
    )
    done = nbops(workspace, "forget", "first", "--yes")
    assert (done.returncode, done.stderr) == (0, "")
    assert "run  first" in done.stdout
    assert "1 runs in MLflow." in done.stdout
    index.wait(PATIENCE_S)
    wait_until(lambda: index.unshipped() == 0)

    assert first.mlflow_run_id
    with pytest.raises(MlflowException, match="not found"):
        client.get_run(first.mlflow_run_id)
    experiment = client.get_experiment_by_name("notebook")
    assert experiment is not None
    left = client.search_runs([experiment.experiment_id], run_view_type=ViewType.ALL)
    assert "first" not in {run.info.run_name for run in left}
    assert client.search_logged_models([experiment.experiment_id]) == []

    second = index.run(index.resolve("second").id)
    assert (second.id, second.metrics, second.mlflow_run_id) == (
        before.id,
        before.metrics,
        before.mlflow_run_id,
    )
    assert second.depends_on == before.depends_on
    after = index.document(index.resolve("second"))
    assert {cell.id: cell.depends_on for cell in after.cell_runs} == names
    (blank,) = [cell for cell in after.cell_runs if cell.skipped]
    assert (blank.source, blank.skipped, blank.status) == ("", "forgotten on request", "ok")
    assert any("erased on request" in problem for problem in after.session.problems)
    logged = client.get_run(second.mlflow_run_id or "")
    assert logged.data.params == {"depth": "2"}
    assert {"size", "last"} <= set(logged.data.metrics)
    inputs = {data.dataset.name for data in logged.inputs.dataset_inputs}
    assert "planted.csv" not in inputs
    assert "nbops/record.json" in {
        f.path for f in client.list_artifacts(second.mlflow_run_id, "nbops")
    }

    # `planted_value` is what the second run's own code says.
    for words in (b"planted_metric", b"planted.csv", b"planted_score", b"planted_tag",
                  b"planted note", b"planted output", b"planted_model", b"'planted'"):  # fmt: skip
        assert not list(files_with(words, *everything(workspace, private_homes))), words
    assert nbops(workspace, "show", "second", "--outputs", "all").stdout.count("kept output") == 1

    doctor = nbops(workspace, "doctor", "--records")
    assert "lines were erased on request" in doctor.stdout
    assert "does not fit" not in doctor.stdout
    for stone in read_tombstones(workspace.forgotten):
        (workspace.forgotten / f"{stone.id}.json").unlink()
    doctor = nbops(workspace, "doctor", "--records")
    assert (doctor.returncode, "does not fit" in doctor.stdout) == (1, True)

    stop_background(workspace)
    shutil.rmtree(workspace.index.parent)  # the index is a cache: it comes back without it
    shipped(index)
    assert [run.name for run in index.runs()] == ["second"]


def test_what_is_still_open_or_not_there_is_said_in_one_line(
    kernel: Kernel, workspace: Workspace, index: Index
):
    kernel.run("%%track first\n1", "first")
    done = nbops(workspace, "forget", "first", "--yes")
    said = "Type %track stop in the notebook, or shut its kernel down, and ask again."
    assert (done.returncode, done.stderr) == (2, f"nbops: Its session is still open. {said}\n")
    assert not list(read_tombstones(workspace.forgotten))
    done = nbops(workspace, "forget", "nothing", "--yes")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert index.resolve("first")


class Stopped(BaseException):
    """Stands for a kill: nothing in the command may catch it."""


def _stops_after(step: Callable[..., Any]) -> Callable[..., Any]:
    def stop(*args: Any) -> None:
        step(*args)
        raise Stopped

    return stop


def verifies(workspace: Workspace, session: str) -> None:
    stones = read_tombstones(workspace.forgotten)
    verify_chain(
        workspace.sessions / session / JOURNAL, {link for stone in stones for link in stone.erased}
    )


def test_killed_in_the_middle_it_is_completed_by_asking_again(
    kernel: Kernel,
    workspace: Workspace,
    index: Index,
    private_homes: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    kernel.run("%%track first planted=1\nimport nbops\nnbops.log_metric('planted', 1)", "first")
    kernel.run("%%track second\n{'size': 2}", "second")
    kernel.run("%track stop")
    shipped(index)
    key = index.resolve("first").id
    session = index.run(key).session_id
    for step in ("_erase_in_mlflow", "_sweep", "_erase_paths"):
        with monkeypatch.context() as patched:
            patched.setattr(_Forgetting, step, _stops_after(getattr(_Forgetting, step)))
            with pytest.raises(Stopped):
                forget(workspace, session, key)
        verifies(workspace, session)
    code = (  # between the findings, which are written first, and the journal
        "import os\nfrom nbops.tracking import forgetting as f\nreal = f.write_whole\n"
        "def stop(*args): real(*args); os.kill(os.getpid(), 9)\n"
        "f.write_whole = stop\nfrom nbops.cli import main\nmain()"
    )
    command = [sys.executable, "-c", code, "forget", key, "--yes"]
    done = subprocess.run(command, cwd=workspace.root, capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    verifies(workspace, session)
    with monkeypatch.context() as patched:
        patched.setattr(_Forgetting, "_finish_index", _stops_after(_Forgetting._finish_index))
        with pytest.raises(Stopped):
            forget(workspace, session, key)
    verifies(workspace, session)
    (stone,) = read_tombstones(workspace.forgotten)
    assert (stone.id, stone.done_at) == (key, None)
    done = nbops(workspace, "forget", key)
    assert (done.returncode, done.stderr) == (0, "")
    wait_until(lambda: index.unshipped() == 0)
    assert [run.name for run in index.runs()] == ["second"]
    assert not list(files_with(b"planted", *everything(workspace, private_homes)))
    verifies(workspace, session)
    (stone,) = read_tombstones(workspace.forgotten)
    assert stone.done_at is not None


def anchors_hold(workspace: Workspace, session: str) -> bool:
    """Whether each head of the chain that MLflow keeps of a session is one that the journal still has."""
    client = MlflowClient(tracking_uri=workspace.embedded_uri)
    experiments = [found.experiment_id for found in client.search_experiments()]
    runs = client.search_runs(experiments, f"tags.`nbops.session` = '{session}'")
    journal = (workspace.sessions / session / JOURNAL).read_bytes().splitlines()
    links = {line.partition(b" ")[0].decode() for line in journal}
    return bool(runs) and {run.data.tags["nbops.record"] for run in runs} <= links


def forgets(workspace: Workspace, index: Index, key: str) -> None:
    done = nbops(workspace, "forget", key, "--yes")
    assert (done.returncode, done.stderr) == (0, "")
    assert index.wait(PATIENCE_S)
    wait_until(lambda: index.unshipped() == 0)
    assert "does not fit" not in nbops(workspace, "doctor", "--records").stdout


def test_one_cell_run_then_its_session_and_a_whole_job_are_forgotten(
    kernel: Kernel, workspace: Workspace, index: Index, private_homes: Path
):
    """Three sizes of what may be asked for; what another holds is still there each time."""
    kernel.run("%%track kept\n{'size': 2}", "kept")
    kernel.run("text = 'planted_cell'\nprint(text)", "cell")
    kernel.run("%%track final text='planted_session'\n{'size': 3}", "last")
    kernel.run("%track stop")
    cells = [("text = ''", ["parameters"]), ("%%track in_job label='planted_job'\n{'size': 4}", [])]
    made = nbformat.v4.new_notebook()
    for source, tags in cells:
        made.cells.append(nbformat.v4.new_code_cell(source, metadata={"tags": tags}))
    made.metadata["kernelspec"] = {"name": "python3", "display_name": "x", "language": "python"}
    nbformat.write(made, workspace.root / "job.ipynb")
    papermill = [sys.executable, "-m", "papermill", "--engine", "nbops", "job.ipynb", "out.ipynb"]
    command = [*papermill, "-p", "text", "planted_job"]
    subprocess.run(command, cwd=workspace.root, check=True, capture_output=True)
    shipped(index)

    def holding(words: bytes) -> list[str]:
        return list(files_with(words, *everything(workspace, private_homes)))

    session = index.run(index.resolve("final").id).session_id
    cells_run = index.document(index.resolve(session)).cell_runs
    cell = next(cell.id for cell in cells_run if "planted_cell" in cell.source)
    assert holding(b"planted_cell")
    assert holding(b"planted_session")
    assert holding(b"planted_job")

    forgets(workspace, index, cell)
    assert not holding(b"planted_cell")
    assert {run.name for run in index.runs()} >= {"kept", "final", "in_job"}
    assert anchors_hold(workspace, session)

    (job,) = [run for run in index.runs() if run.origin == "job"]
    forgets(workspace, index, job.id)
    assert not holding(b"planted_job")
    assert not (workspace.sessions / job.session_id).exists()

    forgets(workspace, index, session)
    assert not holding(b"planted_session")
    assert index.runs() == []
    client = MlflowClient(tracking_uri=workspace.embedded_uri)
    experiments = [found.experiment_id for found in client.search_experiments()]
    assert not client.search_runs(experiments, run_view_type=ViewType.ALL)
