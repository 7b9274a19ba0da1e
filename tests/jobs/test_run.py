"""Notebooks run headless, tracked exactly as in JupyterLab."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from kernels import Kernel
from logged import metrics_of
from mlflow import MlflowClient
from processes import PATIENCE_S, has_ended, wait_until
from servers import MlflowServer

from nbops.index.queries import Index
from nbops.records import Document
from nbops.workspace import Workspace, find_workspace

NBOPS = [sys.executable, "-c", "from nbops.cli import main; main()"]
PAPERMILL = [sys.executable, "-m", "papermill"]


def notebook(path: Path, *sources: str, minor: int = 5, tags: dict[int, str] | None = None) -> Path:
    """Write a notebook whose cells are called c0, c1, ..."""
    made = nbformat.v4.new_notebook()
    made.metadata["kernelspec"] = {"name": "python3", "display_name": "x", "language": "python"}
    for number, source in enumerate(sources):
        cell = nbformat.v4.new_code_cell(source, id=f"c{number}")
        if tags and number in tags:
            cell.metadata["tags"] = [tags[number]]
        made.cells.append(cell)
    if minor < 5:
        made.nbformat_minor = minor
        for cell in made.cells:
            del cell["id"]
    nbformat.write(made, path)
    return path


def run(workspace: Workspace, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=workspace.root, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )


def sessions(workspace: Workspace) -> list[Document]:
    """Documents of all sessions, oldest first."""
    index = Index(workspace)
    assert index.wait(PATIENCE_S)
    return [index.document(index.resolve(s.id)) for s in reversed(index.sessions())]


def ship_the_rest(workspace: Workspace) -> None:
    """Do what the last line of an interrupted job says: it has ten seconds to ship, or leaves the rest."""
    index = Index(workspace)
    assert index.wait(PATIENCE_S)
    if index.unshipped():
        assert run(workspace, *NBOPS, "sync").returncode == 0
    assert index.unshipped() == 0


def executed(path: Path) -> Any:
    return nbformat.read(path, as_version=4)


@pytest.mark.parametrize("begun_by", ["nbops enable", "the person"])
def test_where_kernels_track_by_themselves_a_job_is_one_session_and_a_job(
    workspace: Workspace, begun_by: str
):
    path = notebook(workspace.root / "train.ipynb", "import os\nprint(os.getenv('NBOPS_DRIVEN'))")
    if begun_by == "nbops enable":
        assert run(workspace, *NBOPS, "enable").returncode == 0
    else:
        startup = Path(os.environ["IPYTHONDIR"], "profile_default", "startup")
        startup.mkdir(parents=True)
        (startup / "mine.ipy").write_text("%load_ext nbops\n%track start\n")
    out = workspace.root / "out.ipynb"
    done = run(workspace, *NBOPS, "run", str(path), "-o", str(out))
    assert done.returncode == 0, done.stderr
    [session] = [each.session for each in sessions(workspace) if each.cell_runs]
    assert (session.kind, session.status) == ("job", "finished")
    assert f"nbops show {session.id}" in done.stdout
    assert executed(out).cells[0].outputs[0].text == "None\n"
    assert (len(sessions(workspace)) == 1) == (begun_by == "nbops enable")


def test_a_job_is_recorded_with_its_parameters_and_shipped_before_it_returns(workspace: Workspace):
    notebook(
        workspace.root / "train.ipynb",
        "depth = 4\nname = 'rf'",
        "%%track forest depth\nm = depth * 10",
        "%track metric score=m",
        tags={0: "parameters"},
    )
    done = run(workspace, *NBOPS, "run", "train.ipynb", "-p", "depth=8", "-o", "out.ipynb")
    assert (done.returncode, done.stderr) == (0, "")
    assert "train.ipynb finished in" in done.stdout
    client = MlflowClient(tracking_uri=workspace.embedded_uri)
    (experiment,) = [e for e in client.search_experiments() if e.name == "train"]
    job, forest = sorted(
        client.search_runs([experiment.experiment_id]), key=lambda r: r.info.start_time
    )
    assert (job.info.run_name, job.info.status) == ("train", "FINISHED")
    assert job.data.params == {"depth": "8", "name": "rf"}
    assert job.data.tags["mlflow.source.name"] == "train.ipynb"
    assert forest.data.params == {"depth": "8"}
    assert metrics_of(forest) == {"score": 80.0}
    assert forest.data.tags["mlflow.parentRunId"] == job.info.run_id
    kept = {f.path for f in client.list_artifacts(job.info.run_id, "nbops")}
    assert {"nbops/notebook.ipynb", "nbops/cells-0000.jsonl", "nbops/requirements.txt"} <= kept
    (document,) = sessions(workspace)
    assert (document.session.kind, document.session.status) == ("job", "finished")
    assert executed(workspace.root / "out.ipynb").cells[-1].execution_count == 4
    artifacts = [path for path in workspace.artifacts.rglob("*") if path.is_file()]
    assert {path.stat().st_mode & 0o777 for path in artifacts} == {0o600}


def test_cell_ids_are_those_of_the_notebook_in_every_run(workspace: Workspace):
    notebook(workspace.root / "n.ipynb", "x = 1", "a = 2", "b = a", tags={0: "parameters"})
    for value in ("5", "6"):
        run(workspace, *NBOPS, "run", "n.ipynb", "-p", f"x={value}")
    ids = [[cell.cell_id for cell in doc.cell_runs] for doc in sessions(workspace)]
    assert ids == [["c0", "c0-injected", "c1", "c2"]] * 2


def test_a_notebook_without_ids_gets_the_same_ones_in_every_run(workspace: Workspace):
    notebook(workspace.root / "old.ipynb", "x = 1", "y = 2", "x = 1", minor=4)
    for _ in range(2):
        run(workspace, *NBOPS, "run", "old.ipynb")
    one, other = ([cell.cell_id for cell in doc.cell_runs] for doc in sessions(workspace))
    assert one == other
    assert len(set(one)) == 3


def test_a_job_and_an_interactive_session_have_the_same_cells(workspace: Workspace, start_kernel):
    sources = ("%load_ext nbops\n%track start", "x = 1", "%%track r depth=3\n{'m': depth}")
    notebook(workspace.root / "notebook.ipynb", *sources)
    kernel: Kernel = start_kernel()
    for number, source in enumerate(sources):
        kernel.run(source, f"c{number}")
    kernel.shutdown()
    run(workspace, *NBOPS, "run", "notebook.ipynb")
    one, other = sessions(workspace)

    def told(document: Document) -> list[tuple[Any, ...]]:
        return [
            (c.cell_id, c.source, c.execution_count, c.status, c.params) for c in document.cell_runs
        ]

    assert told(one) == told(other)
    assert (one.session.experiment, other.session.experiment) == ("notebook", "notebook")


def test_papermills_own_command_gives_the_same_record(workspace: Workspace):
    notebook(workspace.root / "n.ipynb", "x = 1", "%%track r\n{'m': x}", tags={0: "parameters"})
    done = run(workspace, *PAPERMILL, "--engine", "nbops", "-p", "x", "7", "n.ipynb", "out.ipynb")
    assert done.returncode == 0, done.stderr
    (document,) = sessions(workspace)
    assert document.session.status == "finished"
    assert document.session.notebook == "n.ipynb"
    assert [cell.cell_id for cell in document.cell_runs] == ["c0", "c0-injected", "c1"]
    job, marked = document.runs
    assert job.params == {"x": 7}
    assert marked.metrics["m"][0][1] == 7
    assert Index(workspace).unshipped() == 0
    assert executed(workspace.root / "out.ipynb").metadata.papermill.parameters == {"x": 7}


def test_a_failing_cell_is_exit_code_1_and_a_failed_run(workspace: Workspace):
    notebook(workspace.root / "bad.ipynb", "x = 1", "assert not x", "never = 1")
    done = run(workspace, *NBOPS, "run", "bad.ipynb", "-o", "out.ipynb")
    assert done.returncode == 1
    (document,) = sessions(workspace)
    see = f"See out.ipynb, or nbops show {document.session.id}."
    assert done.stderr.strip() == f"nbops: The notebook failed: [2] AssertionError. {see}"
    assert document.session.status == "failed"
    assert [cell.status for cell in document.cell_runs] == ["ok", "error"]
    client = MlflowClient(tracking_uri=workspace.embedded_uri)
    run_id = document.runs[0].mlflow_run_id
    assert client.get_run(run_id).info.status == "FAILED"
    written = executed(workspace.root / "out.ipynb").cells
    assert any("AssertionError" in str(cell.get("outputs")) for cell in written)


def test_a_kernel_that_is_killed_in_a_job_has_died_and_its_children_end(workspace: Workspace):
    child = "import signal, time; signal.signal(signal.SIGINT, signal.SIG_IGN); time.sleep(3600)"
    notebook(
        workspace.root / "n.ipynb",
        f"import subprocess, sys\nchild = subprocess.Popen([sys.executable, '-c', {child!r}])\n"
        "open('child', 'w').write(str(child.pid))",
        "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)",
    )
    done = run(workspace, *NBOPS, "run", "n.ipynb")
    assert done.returncode == 1
    assert "The kernel was killed (SIGKILL)" in done.stderr
    assert len(done.stderr.splitlines()) == 1, (
        "nbclient would add a line; a dead one is asked nothing"
    )
    assert "Traceback" not in done.stderr
    (document,) = sessions(workspace)
    assert document.session.status == "died"
    assert [cell.status for cell in document.cell_runs] == ["ok", "died"]
    assert has_ended(int((workspace.root / "child").read_text()))


@pytest.fixture
def small_group() -> Iterator[Path]:
    """A control group that may use 300 MB; who writes its pid into its file is in it."""
    name = f"nbops-test-{uuid.uuid4().hex[:8]}"
    for top, limit in (("memory", "memory.limit_in_bytes"), ("", "memory.max")):
        group = Path("/sys/fs/cgroup", top, name)
        with contextlib.suppress(OSError):
            group.mkdir()
            (group / limit).write_text(str(300 << 20))
            yield group / "cgroup.procs"
            group.rmdir()
            return
    pytest.skip("no control group can be made here")


def test_a_kernel_that_memory_runs_out_for_says_so(workspace: Workspace, small_group: Path):
    notebook(
        workspace.root / "n.ipynb",
        f"import os\nopen({str(small_group)!r}, 'w').write(str(os.getpid()))",
        "held = bytearray(os.urandom(1 << 20)) * 2000",
    )
    done = run(workspace, *NBOPS, "run", "n.ipynb")
    assert done.returncode == 1
    assert "Out of memory: the operating system killed the kernel." in done.stderr
    assert "Traceback" not in done.stderr
    (document,) = sessions(workspace)
    assert document.session.status == "died"
    assert [cell.status for cell in document.cell_runs] == ["ok", "died"]


def test_a_driver_that_is_killed_leaves_a_record_that_is_shipped_later(workspace: Workspace):
    notebook(workspace.root / "n.ipynb", "%%track r\n{'m': 1}", "import time\ntime.sleep(600)")
    driver = subprocess.Popen(
        [*NBOPS, "run", "n.ipynb"], cwd=workspace.root, start_new_session=True
    )
    index = Index(workspace)
    wait_until(lambda: any(r.name == "r" and r.metrics for r in index.runs()))
    wait_until(lambda: index.unshipped() == 0)  # so that nothing but its end is left to tell
    os.killpg(driver.pid, signal.SIGKILL)
    driver.wait()
    wait_until(lambda: '"running"' not in run(workspace, *NBOPS, "ls", "--json").stdout)
    done = run(workspace, *NBOPS, "sync")
    assert done.returncode == 0, done.stderr
    (document,) = sessions(workspace)
    assert document.session.status == "died"
    client = MlflowClient(tracking_uri=workspace.embedded_uri)
    (experiment,) = [e for e in client.search_experiments() if e.name == "n"]
    found = client.search_runs([experiment.experiment_id])
    assert {r.info.run_name: r.info.status for r in found} == {"n": "FAILED", "r": "FINISHED"}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["run"], "Missing argument 'NOTEBOOK'"),
        (["run", "nothing.ipynb"], "There is no notebook 'nothing.ipynb'"),
        (
            ["run", "forest"],
            "'forest' is no notebook. To look at a recorded run: nbops show forest",
        ),
        (["run", "n.ipynb", "-p", "depth"], "-p takes name=value, not 'depth'"),
        (["run", "n.ipynb", "-o", "no/where/out.ipynb"], "There is no folder 'no/where'"),
        (["run", "n.ipynb", "-o", "/proc/x.ipynb"], "'/proc/x.ipynb' cannot be written"),
        (["run", "n.ipynb", "-p", "x=3"], "n.ipynb has no cell tagged `parameters`"),
        (["run", "p.ipynb", "-p", "dept=3"], "has no parameter 'dept'. Did you mean 'depth'?"),
        (["run", "p.ipynb", "--depth", "2.5"], "depth takes int, not '2.5'"),
        (["run", "p.ipynb", "-p", "share=2"], "share takes float from 0 to 1, not 2.0"),
        (["run", "p.ipynb", "-p", "any={[]:1}"], "any takes anything, not '{[]:1}': unhashable"),
        (["run", "broken.ipynb"], "broken.ipynb is no notebook"),
        (["run", "object.ipynb"], "object.ipynb is no notebook"),
        (["run", "list.ipynb"], "list.ipynb is no notebook"),
        (["run", "other.ipynb"], "The kernel 'nosuch' that other.ipynb wants is not installed"),
    ],
)
def test_bad_use_is_exit_code_2_and_one_line(workspace: Workspace, words: list[str], told: str):
    notebook(workspace.root / "n.ipynb", "x = 1")
    declared = "depth = 4\nshare: Annotated[float, '0..1'] = 0.5\nany = None"
    notebook(workspace.root / "p.ipynb", declared, tags={0: "parameters"})
    (workspace.root / "broken.ipynb").write_text("this is no JSON")
    (workspace.root / "object.ipynb").write_text("{}")
    (workspace.root / "list.ipynb").write_text("[]")
    other = json.loads(notebook(workspace.root / "other.ipynb", "x = 1").read_text())
    other["metadata"]["kernelspec"]["name"] = "nosuch"
    (workspace.root / "other.ipynb").write_text(json.dumps(other))
    done = run(workspace, *NBOPS, *words)
    assert done.returncode == 2, done.stderr
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert len([line for line in done.stderr.splitlines() if line.startswith("nbops: ")]) <= 1
    assert not list(workspace.sessions.iterdir())
    assert not list(workspace.state.glob("executed/*"))


@pytest.mark.parametrize(
    ("blocked", "words"),
    [
        (".nbops", ["run", "n.ipynb"]),
        (".nbops", ["sweep", "n.ipynb", "-p", "x=1"]),
        (".nbops", ["pipeline", "run"]),
        (".nbops/sessions", ["run", "n.ipynb"]),
        (".nbops/executed", ["run", "n.ipynb"]),
    ],
)
def test_where_nothing_can_be_written_a_job_says_so_in_a_line(
    tmp_path: Path, blocked: str, words: list[str]
):
    notebook(tmp_path / "n.ipynb", "x = 0", tags={0: "parameters"})
    (tmp_path / "pipeline.yaml").write_text("steps: {one: {notebook: n.ipynb}}")
    (tmp_path / blocked).parent.mkdir(exist_ok=True)
    (tmp_path / blocked).touch()
    done = run(find_workspace(tmp_path), *NBOPS, *words)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"nbops: Nothing can be written under {tmp_path}/.nbops: File exists.")


def test_a_job_leaves_nothing_in_the_folder_for_temporary_files(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    deep = tmp_path / ("deep" * 20)  # for the names of sockets
    deep.mkdir()
    notebook(workspace.root / "n.ipynb", "x = 1")
    with tempfile.TemporaryDirectory(dir="/tmp") as temporary:
        monkeypatch.setenv("XDG_RUNTIME_DIR", str(deep))
        monkeypatch.setenv("TMPDIR", temporary)
        done = run(workspace, *NBOPS, "run", "n.ipynb")
        assert done.returncode == 0, done.stderr
        assert not list(Path(temporary).glob("nbops-*"))


def test_a_percent_script_is_run_as_the_notebook_that_it_is(workspace: Workspace):
    script = "# %% tags=[\"parameters\"]\ndepth = 4\n\n# %%\nimport nbops\nnbops.log_metric('d', depth)\n"
    (workspace.root / "train.py").write_text(script)
    done = run(workspace, *NBOPS, "run", "train.py", "-p", "depth=7")
    assert done.returncode == 0, done.stderr
    client = MlflowClient(tracking_uri=workspace.embedded_uri)
    (experiment,) = [e for e in client.search_experiments() if e.name == "train"]
    [job] = client.search_runs([experiment.experiment_id])
    assert (job.data.params, metrics_of(job)) == ({"depth": "7"}, {"d": 7.0})


def test_a_notebook_without_a_kernelspec_runs_in_python3(workspace: Workspace):
    path = notebook(workspace.root / "n.ipynb", "x = 1", "print(x)", tags={0: "parameters"})
    content = json.loads(path.read_text())
    del content["metadata"]["kernelspec"]
    path.write_text(json.dumps(content))
    done = run(workspace, *NBOPS, "run", "n.ipynb", "-p", "x=2", "-o", "out.ipynb")
    assert done.returncode == 0, done.stderr
    assert executed(workspace.root / "out.ipynb").cells[2].outputs[0].text == "2\n"


def test_parameters_that_no_json_holds_do_not_stop_a_notebook(workspace: Workspace):
    source = "some = {1, 2}\nbroken = {(): 1}\nlimit = 1e999\nn = 3"
    notebook(workspace.root / "n.ipynb", source, "n", tags={0: "parameters"})
    done = run(workspace, *NBOPS, "run", "n.ipynb")
    assert (done.returncode, done.stderr) == (0, "")
    (document,) = sessions(workspace)
    assert document.runs[0].params["n"] == 3


def test_true_false_and_null_are_the_values(workspace: Workspace):
    source = "assert [a, b, c, d, e] == [True, False, None, 'true', False]"
    words = [w for p in ("a=true", "b=false", "c=null", "d='true'", "e=False") for w in ("-p", p)]
    notebook(workspace.root / "n.ipynb", "a = b = c = d = e = None", source, tags={0: "parameters"})
    done = run(workspace, *NBOPS, "run", "n.ipynb", *words)
    assert done.returncode == 0, done.stderr
    (document,) = sessions(workspace)
    assert document.runs[0].params["a"] is True
    assert "true, false and null" in run(workspace, *NBOPS, "run", "--help").stdout


MARKUP = "'<i>password</i> = <b>&quot;mark' + 'up7&quot;</b>'"
SECRET_CELLS = (
    "db_password = ''\npin_secret = 0",
    "print('api_key = \"k3yk3yk3y\"')\nprint('user:', db_password, pin_secret)",
    f"from IPython.display import HTML, display\ndisplay(HTML({MARKUP}))",
    "{'auth_token': 'plain' + '8888'}",
    "db_url = 'postgresql://me:url9url9@db/prod'\nraise ValueError(f'refused: {db_url}')",
)
SECRETS = ("hunter2", "481516", "k3yk3yk3y", "markup7", "plain8888", "url9url9")


def test_a_skipped_cell_of_a_job_is_hidden_in_the_notebook_that_is_kept(workspace: Workspace):
    notebook(
        workspace.root / "n.ipynb", "print('seen')", "print('pri' + 'vate')", tags={1: "nbops-skip"}
    )
    done = run(workspace, *NBOPS, "run", "n.ipynb", "-o", "out.ipynb")
    assert done.returncode == 0, done.stderr
    assert executed(workspace.root / "out.ipynb").cells[1].outputs[0].text == "private\n"
    (document,) = sessions(workspace)
    assert [cell.skipped for cell in document.cell_runs] == [None, "skipped by its tag"]
    for path in workspace.state.rglob("*"):
        held = path.read_bytes() if path.is_file() else b""
        assert b"private" not in held, path
        assert b"vate')" not in held, path


@pytest.mark.parametrize("share", ["runs", "all"])
def test_the_executed_notebook_goes_to_a_server_only_when_all_is_shared_and_redacted(
    workspace: Workspace, mlflow_server: Callable[..., MlflowServer], share: str
):
    server = mlflow_server()
    settings = f'[tool.nbops]\nshare = "{share}"\ntracking_uri = "{server.uri}"\n'
    (workspace.root / "pyproject.toml").write_text(settings)
    notebook(workspace.root / "n.ipynb", *SECRET_CELLS, tags={0: "parameters"})
    words = ("-p", "db_password=hunter2", "-p", "pin_secret=481516")
    done = run(workspace, *NBOPS, "run", "n.ipynb", *words)
    assert done.returncode == 1, done.stderr
    assert Index(workspace).unshipped() == 0
    client = MlflowClient(tracking_uri=server.uri)
    (experiment,) = [e for e in client.search_experiments() if e.name == "n"]
    (job,) = client.search_runs([experiment.experiment_id])
    kept = {f.path for f in client.list_artifacts(job.info.run_id, "nbops")}
    assert "nbops/record.json" in kept
    assert ("nbops/notebook.ipynb" in kept) == (share == "all")
    stored = [p for p in workspace.store.rglob("*") if p.is_file()]
    assert not [s for p in stored for s in SECRETS if s.encode() in p.read_bytes()]
    if share == "all":
        text = Path(client.download_artifacts(job.info.run_id, "nbops/notebook.ipynb")).read_text()
        assert not [secret for secret in SECRETS if secret in text]
        cells = nbformat.reads(text, as_version=4).cells
        hidden = r"user: \[redacted:\w{6}\] \[redacted:\w{6}\]"
        assert any(re.search(hidden, str(cell.get("outputs"))) for cell in cells)
    (own,) = (workspace.state / "executed").iterdir()  # the user's: as it was executed
    assert own.stat().st_mode & 0o777 == 0o600
    assert "hunter2" in own.read_text()


def start_long_job(workspace: Workspace, *sources: str) -> subprocess.Popen[str]:
    """A job whose second cell runs, and writes `begun` first of all."""
    notebook(workspace.root / "n.ipynb", "x = 1", *sources, "never = 1")
    job = subprocess.Popen(
        [*NBOPS, "run", "n.ipynb", "-o", "out.ipynb"],
        cwd=workspace.root,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_until((workspace.root / "begun").exists)
    return job


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_job_that_is_interrupted_ends_at_once_and_is_recorded(
    workspace: Workspace, number: signal.Signals, code: int
):
    job = start_long_job(workspace, "import time\nopen('begun', 'w').close()\ntime.sleep(600)")
    job.send_signal(number)
    _, told = job.communicate(timeout=PATIENCE_S)
    assert job.returncode == code, told
    ship_the_rest(workspace)
    (document,) = sessions(workspace)
    assert told.splitlines()[-1] == (  # ipykernel may say before that it was interrupted
        f"nbops: Interrupted in [2]; recorded as {document.session.id}. "
        f"See nbops show {document.session.id}."
    )
    assert "Traceback" not in told
    assert document.session.status == "failed"
    assert [cell.status for cell in document.cell_runs] == ["ok", "interrupted"]
    client = MlflowClient(tracking_uri=workspace.embedded_uri)
    assert client.get_run(document.runs[0].mlflow_run_id).info.status == "FAILED"
    assert "KeyboardInterrupt" in str(executed(workspace.root / "out.ipynb").cells[1].outputs)


def test_a_cell_that_ignores_the_interrupt_is_killed_and_its_job_recorded(workspace: Workspace):
    deaf = "import signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"
    job = start_long_job(workspace, f"{deaf}open('begun', 'w').close()\ntime.sleep(600)")
    job.send_signal(signal.SIGINT)
    _, told = job.communicate(timeout=PATIENCE_S)
    assert (job.returncode, "Traceback" in told) == (130, False), told
    ship_the_rest(workspace)
    assert "Interrupted in [2]; recorded as" in told
    (document,) = sessions(workspace)
    assert document.session.status == "died"


def test_a_cell_that_catches_the_interrupt_is_the_last_one(workspace: Workspace):
    source = "import time\nopen('begun', 'w').close()\ntry:\n    time.sleep(600)\nexcept KeyboardInterrupt:\n    print('saved')"
    job = start_long_job(workspace, source, "open('next', 'w').close()")
    job.send_signal(signal.SIGINT)
    _, told = job.communicate(timeout=PATIENCE_S)
    assert job.returncode == 130, told
    assert not (workspace.root / "next").exists()
    (document,) = sessions(workspace)
    assert document.session.status == "failed"
    assert [cell.status for cell in document.cell_runs] == ["ok", "ok"]


def test_a_job_works_in_its_notebooks_folder(workspace: Workspace):
    folder = workspace.root / "deep er {x}"
    folder.mkdir()
    notebook(folder / "n {y}.ipynb", "open('made.txt', 'w').write('x')")
    done = run(workspace, *NBOPS, "run", str(folder / "n {y}.ipynb"))
    assert done.returncode == 0, done.stderr
    assert (folder / "made.txt").exists()
    (document,) = sessions(workspace)
    assert document.session.notebook == "deep er {x}/n {y}.ipynb"
    assert document.session.experiment == "n {y}"
    assert [ref.name for ref in document.cell_runs[0].writes] == ["deep er {x}/made.txt"]


def test_a_kernel_runs_what_was_registered_for_its_end_and_joins_no_thread_of_ipykernel(
    workspace: Workspace,
):
    path = notebook(
        workspace.root / "n.ipynb",
        """import atexit, pathlib
from ipykernel.kernelapp import IPKernelApp
atexit.register(pathlib.Path("ended").touch)
IPKernelApp.instance().reset_io = pathlib.Path("closed").touch""",
    )
    assert run(workspace, *NBOPS, "run", str(path)).returncode == 0
    assert (workspace.root / "ended").exists()
    assert not (workspace.root / "closed").exists(), "its threads wait for each other there"


def test_outputs_are_the_same_tracked_and_untracked(workspace: Workspace):
    path = notebook(
        workspace.root / "n.ipynb",
        "print('a')\n'b'",
        "import sys\nprint('err', file=sys.stderr)",
        "import pandas as pd\npd.DataFrame({'a': [1]})",
        "from IPython.display import display, HTML\ndisplay(HTML('<b>x</b>'))\nfor i in range(2): print(i)",
        "import os\nsorted(k for k in os.environ if k.startswith('MLFLOW'))",
    )
    run(workspace, *NBOPS, "run", str(path), "-o", "tracked.ipynb")
    run(workspace, *PAPERMILL, str(path), "bare.ipynb")

    def outputs(name: str) -> list[Any]:
        cells = executed(workspace.root / name).cells
        return [[{**o, "metadata": {}} for o in cell.get("outputs", ())] for cell in cells[:-1]]

    assert outputs("tracked.ipynb") == outputs("bare.ipynb")


def test_a_kernel_without_nbops_runs_untracked_and_says_so(workspace: Workspace, tmp_path: Path):
    shadow = tmp_path / "shadow" / "nbops"
    shadow.mkdir(parents=True)
    (shadow / "__init__.py").write_text("raise ImportError('no nbops here')\n")
    spec = tmp_path / "kernels" / "plain"
    spec.mkdir(parents=True)
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    kernel = {"argv": argv, "display_name": "plain", "language": "python"}
    kernel["env"] = {"PYTHONPATH": str(shadow.parent)}
    (spec / "kernel.json").write_text(json.dumps(kernel))
    data = Path(os.environ["JUPYTER_DATA_DIR"]) / "kernels"
    data.mkdir(parents=True)
    spec.rename(data / "plain")
    path = notebook(workspace.root / "n.ipynb", "print('ran')")
    content = json.loads(path.read_text())
    content["metadata"]["kernelspec"]["name"] = "plain"
    path.write_text(json.dumps(content))
    done = run(workspace, *NBOPS, "run", "n.ipynb", "-o", "out.ipynb")
    assert done.returncode == 0, done.stderr
    assert "not tracked" in done.stderr
    assert "no nbops here" in done.stderr
    assert "ran" in str(executed(workspace.root / "out.ipynb").cells[0].outputs)
