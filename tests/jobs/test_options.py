"""How a job is run: time limits, tries, resuming, the environment that it expects."""

import json
import pickle
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import nbformat
import pytest
from kernels import Kernel
from processes import PATIENCE_S

from nbops.cli.progress import Progress
from nbops.errors import NotFound, UsageError
from nbops.index.queries import Index
from nbops.jobs.deaths import count_kills, describe_death
from nbops.jobs.expected import check_environment
from nbops.jobs.interrupts import Interrupted
from nbops.jobs.pace import read_pace, time_left
from nbops.jobs.resume import find_needed
from nbops.jobs.run import JobInterrupted
from nbops.records import CellRun, Document
from nbops.workspace import Workspace

NBOPS = [sys.executable, "-c", "from nbops.cli import main; main()"]


def write(path: Path, *sources: str) -> None:
    """A notebook whose cells are called c0, c1, ..., the first one tagged `parameters`."""
    cells = [nbformat.v4.new_code_cell(s, id=f"c{n}") for n, s in enumerate(sources)]
    cells[0].metadata["tags"] = ["parameters"]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)


def run(workspace: Workspace, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*NBOPS, *words],
        cwd=workspace.root,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )


def documents(workspace: Workspace) -> list[Document]:
    index = Index(workspace)
    assert index.wait(PATIENCE_S)
    return [index.document(index.resolve(s.id)) for s in reversed(index.sessions())]


def test_a_failed_job_goes_on_at_its_cell_and_only_when_that_is_sound(workspace: Workspace):
    (workspace.root / "helper.py").write_text("def double(x):\n    return 2 * x\n")
    (workspace.root / "data.json").write_text("[1, 2, 3]")
    write(
        workspace.root / "n.ipynb",
        "times = 2",
        "import json\nfrom pathlib import Path\nfrom helper import double",
        "data = json.loads(Path('data.json').read_text())",
        "result = [times * x for x in data]",
        "unused = str(data)\nunused",
        "print(double(sum(result)))\nif not Path('ok').exists():\n    raise ValueError('not yet')",
        "result",
    )
    (workspace.root / "p.yaml").write_text("times: 5\n")
    failed = run(workspace, "run", "n.ipynb", "-f", "p.yaml", "-o", "failed.ipynb")
    assert failed.returncode == 1, failed.stderr
    (workspace.root / "ok").touch()

    (workspace.root / "data.json").write_text("[1, 2, 4]")
    refused = run(workspace, "run", "n.ipynb", "--resume", "last")
    assert refused.returncode == 2
    assert "To resume would not be sound: cell [4] read data.json, which changed" in refused.stderr
    (workspace.root / "data.json").write_text("[1, 2, 3]")
    helper = (workspace.root / "helper.py").read_text()
    (workspace.root / "helper.py").write_text(f"{helper}#\n")
    refused = run(workspace, "run", "n.ipynb", "--resume", "last")
    assert "cell [3] used helper.py, which was changed since" in refused.stderr
    (workspace.root / "helper.py").write_text(helper)

    refused = run(workspace, "run", "n.ipynb", "--resume", "last", "-p", "times=6")
    assert "To resume would not be sound: times was 5, and is 6 now" in refused.stderr
    assert len(documents(workspace)) == 1

    done = run(
        workspace, "run", "n.ipynb", "--resume", "last", "-p", "times=5", "-o", "out.ipynb", "--log"
    )
    assert done.returncode == 0, done.stderr
    assert "\n60\n" in done.stdout
    assert "[1/7] times = 2" in done.stdout
    first, second = documents(workspace)
    assert [cell.cell_id for cell in second.cell_runs] == [
        "c0", "c0-injected", "c1", "c2", "c3", "c5", "c6",
    ]  # fmt: skip
    assert second.session.tags["nbops.resumed"] == first.session.id
    assert second.session.params["times"] == 5
    shown = nbformat.read(workspace.root / "out.ipynb", as_version=4).cells
    assert shown[-1].outputs[0].data["text/plain"] == "[5, 10, 15]"
    left_out = next(cell for cell in shown if cell.id == "c4")
    assert left_out.outputs[0].data["text/plain"] == "'[1, 2, 3]'"
    again = run(workspace, "run", "n.ipynb", "--resume", "last")
    assert "last is finished: there is nothing to resume" in again.stderr


def test_what_is_resumed_goes_on_in_the_folder_of_the_run(workspace: Workspace):
    there = workspace.root / "there"
    there.mkdir()
    lists = "from pathlib import Path\nnames = sorted(Path().glob('*.csv'))"
    write(workspace.root / "n.ipynb", "x = 1", lists, "open('ok').read()")
    assert run(workspace, "run", "n.ipynb", "--workdir", "there").returncode == 1
    (there / "ok").touch()
    refused = run(workspace, "run", "n.ipynb", "--resume", "last", "--workdir", ".")
    assert refused.returncode == 2
    assert (
        f"To resume would not be sound: it worked in there, and is to work in {workspace.root} now"
        in refused.stderr
    )
    (there / "new.csv").touch()
    refused = run(workspace, "run", "n.ipynb", "--resume", "last")
    assert "cell [2] listed there/, which may have other names now" in refused.stderr
    (there / "new.csv").unlink()
    done = run(workspace, "run", "n.ipynb", "--resume", "last")
    assert done.returncode == 0, done.stderr
    assert documents(workspace)[-1].session.workdir == "there"


@pytest.mark.parametrize(
    ("sources", "count", "kept"),
    [
        (["a = 1", "b = 2", "a"], 2, {0}),
        (["a = 1", "b = a", "c = 3", "b"], 3, {0, 1}),
        (["a = []", "a.append(1)", "b = 1", "a"], 3, {0, 1}),
        (["def f():\n    return g\n", "g = 1", "h = 2", "f()"], 3, {0, 1}),
        (["import os", "os.chdir('/')", "x = 1", "1"], 3, {0, 1}),
        (["x = 1", "%cd /", "!ls", "y = 2", "1"], 4, {1, 2}),
        (["%%track forest\nm = 1", "%track metric auc=m", "1"], 2, set()),
        (["import random", "a = random.random()", "b = 1", "1"], 3, {0, 1}),
        (["x = 1", "del x", "x = 2", "x"], 3, {0, 1, 2}),
        (["print(1)", "plot(2)", "1"], 2, {1}),
        (["n = 0\ndef bump():\n    global n\n    n += 1", "a = bump()", "n"], 2, {0, 1}),
        (["s = []\ndef add(v):\n    s.append(v)", "q = add(1)", "s"], 2, {0, 1}),
        (["a = [1]", "b = a", "b += [2]", "a"], 3, {0, 1, 2}),
        (["d = {}", "d['x'] = 1", "draw()"], 2, {0, 1}),
        (["def f():\n    return g()", "x = 1", "1"], 2, set()),
        (["p = dump(1, 'm')", "load('m')"], 1, {0}),
        (["i = iter('ab')", "x = list(i)", "next(i)"], 2, {0, 1}),
        (["i = iter('ab')", "x = [n for n in i]", "next(i)"], 2, {0, 1}),
    ],
)
def test_only_cells_whose_every_effect_is_known_are_left_out(
    sources: list[str], count: int, kept: set[int]
):
    records = [
        CellRun(id=str(n), seq=n, source=s, source_digest="", status="ok")
        for n, s in enumerate(sources)
    ]
    assert find_needed(sources, count, records[:count]) == kept


def test_a_job_that_takes_too_long_is_ended_and_tried_again(workspace: Workspace):
    write(workspace.root / "n.ipynb", "import time\ntime.sleep(600)")
    done = run(workspace, "run", "n.ipynb", "--cell-timeout", "5", "--retries", "1")
    assert done.returncode == 124, done.stderr
    assert "Its cell stopped after 5.0 s in [1]; recorded as" in done.stderr
    assert "Traceback" not in done.stderr
    first, second = documents(workspace)
    assert second.session.tags["nbops.retry"] == "1 of 1"
    assert second.session.tags["nbops.retry_of"] == first.session.id
    for document in (first, second):
        if document.session.status != "died":  # on a busy machine, the cell may not have begun yet
            assert [cell.status for cell in document.cell_runs] == ["interrupted"]
            assert document.runs[0].tags["nbops.stopped"] == "Its cell stopped after 5.0 s"


def test_a_notebook_runs_a_notebook(workspace: Workspace, kernel: Kernel):
    write(workspace.root / "n.ipynb", "depth = 4", "open(f'made {depth}', 'w').close()")
    kernel.run("import nbops\nsession = nbops.run('n.ipynb', {'depth': 7})", "a")
    assert (workspace.root / "made 7").exists()
    kernel.run("try:\n    nbops.run('n.ipynb', {'dept': 7})\nexcept Exception as e:\n"
               "    open('told', 'w').write(str(e))", "b")  # fmt: skip
    assert "Did you mean 'depth'?" in (workspace.root / "told").read_text()
    job = next(d for d in documents(workspace) if d.session.kind == "job")
    assert (job.session.status, job.session.params) == ("finished", {"depth": 7})


def test_another_environment_is_refused_before_a_kernel_starts(workspace: Workspace):
    lock = workspace.root / "lock.txt"
    numpy = version("numpy")
    lock.write_text(f"numpy=={numpy} \\\n    --hash=sha256:abc\nIPython == {version('ipython')}\n")
    check_environment(workspace, str(lock), {})
    lock.write_text("numpy==0.1\nno-such-thing==1\n")
    with pytest.raises(UsageError) as refused:
        check_environment(workspace, str(lock), {})
    assert f"numpy {numpy}, not 0.1; no-such-thing 1 is missing" in str(refused.value)
    lock.write_text(f"# Python 3.8: recorded in n.\nnumpy=={numpy}\n")
    with pytest.raises(UsageError, match=r"Python 3[.0-9]+, not 3\.8"):
        check_environment(workspace, str(lock), {})
    with pytest.raises(NotFound):
        check_environment(workspace, "no-such-run", {})
    lock.write_bytes(b"\x89PNG\xff")
    with pytest.raises(UsageError, match="cannot be read"):
        check_environment(workspace, str(lock), {})


def test_a_kernel_that_memory_ran_out_for_is_told_from_one_that_was_killed(tmp_path: Path):
    machine, container = tmp_path / "vmstat", tmp_path / "memory.events"
    machine.write_text("pgfault 7\noom_kill 3\n")
    container.write_text("oom 9\noom_kill 1\noom_group_kill 0\n")
    assert count_kills((machine, container)) == 4
    assert count_kills((tmp_path / "nothing",)) is None
    assert "Out of memory" in describe_death(-9, 4, 5)
    assert "not because memory ran out" in describe_death(-9, 4, 4)
    assert "does not tell" in describe_death(-9, None, None)
    assert describe_death(3, 0, 0) == "The kernel ended by itself, with exit code 3."


def test_progress_tells_the_time_that_earlier_runs_took(capsys: pytest.CaptureFixture[str]):
    cells = [nbformat.v4.new_code_cell(f"x = {n}", id=f"c{n}") for n in range(2)]
    pace = {"c0": 2.0, "c1": 4.0}
    told = Progress(pace, is_log=True)
    told.begun(cells)
    for cell in cells:
        told.cell_begun(cell)
        told.wrote("printed\n")
        told.cell_ended(cell)
    lines = [line for line in capsys.readouterr().out.splitlines() if "took" not in line]
    assert lines == [
        "[1/2] x = 0 · about 6.0 s left",
        "printed",
        "[2/2] x = 1 · about 4.0 s left",
        "printed",
    ]
    assert time_left({"c0": 2.0}, cells) is None


def test_the_time_left_is_that_of_runs_with_the_same_parameters(workspace: Workspace):
    path = workspace.root / "n.ipynb"
    write(path, "n = 0", "import time\ntime.sleep(n)")
    for words in (("-p", "n=3"), ()):
        assert run(workspace, "run", "n.ipynb", *words).returncode == 0
    index = Index(workspace)
    assert index.wait(PATIENCE_S)
    last, slow, other = (read_pace(index, path, given)["c1"] for given in ({}, {"n": 3}, {"n": 1}))
    assert last < 1
    assert slow > 3
    assert last < other < slow


def test_what_ended_a_job_reaches_another_process():
    came: Any = pickle.loads(pickle.dumps(Interrupted(130, lambda: "in [3]")))  # noqa: S301
    assert (str(came), came.exit_code) == ("Interrupted in [3]", 130)
    error: Any = pickle.loads(pickle.dumps(JobInterrupted("It ended.", "See it.", 143)))  # noqa: S301
    assert (str(error), error.exit_code) == ("It ended. See it.", 143)


def test_a_file_of_parameters_that_is_none_is_refused(workspace: Workspace):
    write(workspace.root / "n.ipynb", "depth = 4")
    (workspace.root / "bad.yaml").write_text("a: [1\nb: 2\n")
    (workspace.root / "list.yaml").write_text(json.dumps([1]))
    for name, told in (
        ("bad.yaml", "bad.yaml is no YAML in line 2. One line a parameter: depth: 8"),
        ("list.yaml", "list.yaml holds no parameters"),
        ("none.yaml", "There is no file 'none.yaml'"),
    ):
        done = run(workspace, "run", "n.ipynb", "-f", name)
        assert (done.returncode, told in done.stderr) == (2, True), done.stderr
