"""Pipelines run with real kernels: each step once, and again only when something changed."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import click
import nbformat
import pytest
from mlflow import MlflowClient
from msgspec import structs
from processes import PATIENCE_S, stop_background, wait_until

import nbops
from nbops.cli.board import Board
from nbops.errors import UsageError
from nbops.index.pipelines import describe_pipelines
from nbops.index.queries import Index
from nbops.jobs.pipeline import pipeline as pipeline_module
from nbops.jobs.pipeline.bulletin import Bulletin
from nbops.jobs.pipeline.definition import Step, read_definition
from nbops.jobs.pipeline.pipeline import Pipeline
from nbops.jobs.pipeline.pipeline import _as_json as as_json
from nbops.jobs.pipeline.running import StepRun
from nbops.records import PipelineState, from_json, to_json
from nbops.tracking.parents import ParentRun
from nbops.workspace import Workspace, find_workspace

NBOPS = (sys.executable, "-c", "from nbops.cli import main; main()")
EXAMPLE = Path(__file__).parents[3] / "examples" / "03_pipeline"
PIPELINE = """\
steps:
  left: {notebook: left.ipynb, params: {meet: MEET}, reads: [.data/raw.txt], writes: [.data/left.txt]}
  right: {notebook: right.py, params: {meet: MEET}, writes: [.data/right.txt]}
  both: {notebook: both.ipynb, reads: [.data/left.txt, .data/right.txt]}
  never: {notebook: both.ipynb, when: both.length > 100}
"""
FORKED = """\
import os, sys
parent = open(f"/proc/{os.getppid()}/cmdline").read() if sys.platform == "linux" else None
assert parent is None or "nbops.kernels.parent" in parent
"""
MEETING = """\
import os, time
os.makedirs(f"{meet}/{me}")
while not os.path.exists(f"{meet}/{other}"):
    time.sleep(0.05)
"""


def write(path: Path, *sources: str) -> None:
    cells = [nbformat.v4.new_code_cell(s, id=f"c{n}") for n, s in enumerate(sources)]
    cells[0].metadata["tags"] = ["parameters"]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)


def run(root: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*NBOPS, *words],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S * 2,
        env={**os.environ, **environment},
    )


def run_pipeline(root: Path, code: int, *words: str, **environment: str) -> dict[str, Any]:
    done = run(root, "pipeline", "run", "--json", *words, **environment)
    assert done.returncode == code, done
    return {each["step"]: each for each in json.loads(done.stdout)["steps"]}


class Closed:
    """An engine that lets no job in, though nobody ended the run."""

    size = 1
    left = None

    def __init__(self, *_: Any) -> None: ...

    prepare = get_ready = interrupt = close = __init__

    def worker(self) -> "Closed":
        return self

    def admitted(self, *_: Any) -> nullcontext[bool]:
        return nullcontext(enter_result=False)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["graph", "--svg", "no/x.svg"], "no/x.svg cannot be written: No such file or directory."),
        (["graph", "--svg", "n.ipynb/x.svg"], "n.ipynb/x.svg cannot be written: Not a directory."),
        (["graph", "--svg", "."], ". cannot be written: Is a directory."),
        (["infer", "-o", "n.ipynb/x.yaml"], "There is no folder '{root}/n.ipynb' to write to."),
        (["run"], "Nothing can be written under {root}/.nbops: Is a directory."),
    ],
)
def test_what_cannot_be_written_where_it_was_asked_for_is_told_in_a_line(
    workspace: Workspace, words: list[str], told: str
):
    write(workspace.root / "n.ipynb", "x = 1")
    (workspace.root / "pipeline.yaml").write_text("steps: {one: {notebook: n.ipynb}}")
    (workspace.state / "pipeline.schema.json").mkdir()
    done = run(workspace.root, "pipeline", *words)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"nbops: {told.format(root=workspace.root)}")


def test_a_step_that_no_worker_ran_has_failed(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
):
    write(workspace.root / "n.ipynb", "x = 1")
    (workspace.root / "pipeline.yaml").write_text("steps: {one: {notebook: n.ipynb}}")
    monkeypatch.setattr(pipeline_module, "open_engine", Closed)
    done = Pipeline(workspace.root / "pipeline.yaml", {}, ()).run()
    assert [(each.state, each.reason) for each in done.steps] == [("failed", "no worker ran it")]
    assert done.exit_code == 1


def states(steps: dict[str, Any]) -> list[str]:
    return [each["state"] for each in steps.values()]


def test_a_pipeline_runs_side_by_side_goes_on_after_a_failure_and_is_known_in_another_home(
    workspace: Workspace, tmp_path: Path
):
    team, root = tmp_path / "team", workspace.root
    team.mkdir()
    (root / "pyproject.toml").write_text(f'[tool.nbops]\nstore = "file://{team}"\n')
    (root / "helpers.py").write_text("def double(text):\n    return text * 2\n")
    # Hidden, so that no net is out there: jobs that begin at once may not know of each other yet.
    (root / ".data").mkdir()
    (root / ".data/raw.txt").write_text("raw")
    (root / "pipeline.yaml").write_text(PIPELINE.replace("MEET", str(tmp_path / "meet")))
    left = "from helpers import double\nopen('.data/left.txt', 'w').write(double(open('.data/raw.txt').read()))"
    write(root / "left.ipynb", "meet = ''", f"me, other = 'left', 'right'\n{MEETING}", left)
    (root / "right.py").write_text(
        '# %% tags=["parameters"]\nmeet = ""\n\n# %%\n'
        f"me, other = 'right', 'left'\n{MEETING}\n# %%\nopen('.data/right.txt', 'w').write('right')\n"
    )
    write(root / "both.ipynb", "share = 1", "1 / 0")

    first = run_pipeline(root, 1, "--workers", "2")
    assert states(first) == ["finished", "finished", "failed", "stopped"]
    assert "ZeroDivisionError" in first["both"]["reason"]
    assert first["never"]["reason"] == "both failed"

    both = "import nbops\nlength = len(open('.data/left.txt').read() + open('.data/right.txt').read())\nnbops.log_metric('length', length)"
    write(root / "both.ipynb", "share = 1", both, FORKED)
    done = run(root, "pipeline", "run", "--warm")
    assert (done.returncode, done.stderr) == (0, "")
    shown = done.stdout.splitlines()
    assert [line.split(maxsplit=3)[1:3] for line in shown[:3]] == [
        ["left", "unchanged"],
        ["right", "unchanged"],
        ["both", "running:"],
    ]
    assert "`both.length > 100` does not hold" in shown[4]
    check_mlflow(workspace)
    code = "import nbops; print(nbops.pipeline('.', steps=['both']))"
    told = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True)
    assert told.stdout.count("'") == 12, told  # three steps, and their sessions
    assert f"'right': '{first['right']['session']}'" in told.stdout

    other = find_workspace(make_twin(root, tmp_path / "twin", "pipeline.yaml"))
    home = {name: str(tmp_path / "home" / name) for name in ("HOME", "XDG_CACHE_HOME")}
    (other.root / ".data/raw.txt").write_text("raw")  # touched
    try:
        there = run_pipeline(other.root, 0, **home)
        assert states(there) == ["restored", "restored", "unchanged", "left out"]
        assert there["both"]["metrics"] == {"length": 11.0}
        assert (other.root / ".data/left.txt").read_text() == "rawraw"
        assert list(other.sessions.glob("*")) == []

        (other.root / "helpers.py").write_text("def double(text):\n    return text + text\n")
        plan = run(other.root, "pipeline", "plan", "--json", **home)
        told = {
            each["step"]: (each["action"], each["reason"])
            for each in json.loads(plan.stdout)["steps"]
        }
        assert told["left"] == ("run", "helpers.py changed")
        assert told["right"] == ("keep", "")
        assert told["both"] == ("wait", "that is known once left has run")
    finally:
        stop_background(other)
    session = first["left"]["session"]
    kept = workspace.state / "steps"
    assert list(kept.glob(f"*/{session}.json"))
    assert run(root, "forget", session, "--yes").returncode == 0
    assert list(kept.glob(f"*/{session}.*")) == []


def make_twin(root: Path, twin: Path, *names: str) -> Path:
    """The project as git would bring it to another machine."""
    (twin / ".data").mkdir(parents=True)
    for name in ("pyproject.toml", "helpers.py", "left.ipynb", "right.py", "both.ipynb", *names):
        shutil.copyfile(root / name, twin / name)
    return twin


def check_mlflow(workspace: Workspace) -> None:
    """The runs of the pipeline have its steps as children, and say which data went between them."""
    client = MlflowClient(tracking_uri=workspace.embedded_uri)
    (experiment,) = [e for e in client.search_experiments() if e.name == "project"]
    runs = client.search_runs([experiment.experiment_id], order_by=["start_time ASC"])
    first, second = (r for r in runs if r.data.tags.get("nbops.kind") == "pipeline")
    assert (first.info.status, second.info.status) == ("FAILED", "FINISHED")
    parents = {
        r.data.tags["nbops.step"]: r.data.tags["mlflow.parentRunId"]
        for r in reversed(runs)
        if "nbops.step" in r.data.tags and r.info.status == "FINISHED"
    }
    assert parents == {
        "left": first.info.run_id,
        "right": first.info.run_id,
        "both": second.info.run_id,
    }
    assert second.data.metrics == {"both.length": 11.0}
    assert second.data.tags["nbops.step.left"].startswith("unchanged ")
    told = {
        given.dataset.name: next(t.value for t in given.tags if t.key == "mlflow.data.context")
        for given in second.inputs.dataset_inputs
    }
    assert told == {
        ".data/raw.txt": "input → left",
        ".data/left.txt": "left → both",
        ".data/right.txt": "right → both",
    }
    kept = {file.path for file in client.list_artifacts(second.info.run_id, "nbops")}
    assert kept == {"nbops/pipeline.yaml", "nbops/steps.json"}


def test_a_plan_says_what_changed_since_the_notebooks_were_run_by_hand(workspace: Workspace):
    root = workspace.root
    write(root / "one.ipynb", "size = 2", "open('a.txt', 'w').write('a' * size)")
    write(root / "two.ipynb", "layers = [1]", "import part\nopen('a.txt').read()")
    (root / "part.py").write_text("")
    (root / "pipeline.yaml").write_text(
        "steps:\n  one: {notebook: one.ipynb, writes: [a.txt]}\n"
        "  two: {notebook: two.ipynb, reads: [a.txt]}\n"
    )

    def plan(*given: str) -> list[str]:
        told = run(root, "pipeline", "plan", *given)
        assert told.returncode == 0, told.stderr
        return [" ".join(line.split()) for line in told.stdout.splitlines()]

    assert plan() == ["one runs it has not run yet", "two runs it has not run yet"]
    assert run(root, "run", "two.ipynb").returncode == 1  # there is no a.txt
    assert plan()[1] == "two runs it has not run to its end yet"
    for name in ("one", "two"):
        assert run(root, "run", f"{name}.ipynb").returncode == 0
    assert plan() == ["one unchanged", "two unchanged"]
    (root / "a.txt").unlink()
    assert plan() == ["one unchanged a.txt comes back", "two unchanged"]
    (root / "part.py").write_text("x = 1")
    assert plan()[1] == "two runs part.py changed"
    (root / "part.py").write_text("")
    (root / "lock.txt").write_text("papermill==0.1\n")
    with pytest.raises(UsageError, match=r"not the environment of \S*lock.txt: papermill"):
        nbops.pipeline(root, expect_env=str(root / "lock.txt"))
    assert plan("-p", "one.size=3") == [
        "one runs it has not run with these params yet",
        "two may run that is known once one has run",
    ]


def test_a_step_of_a_matrix_has_its_place_in_mlflow_too(workspace: Workspace):
    with ParentRun(workspace, "p.yaml", "p", {}) as parent:
        parent.open()
        parent.log({}, {"train[depth=2].auc": 0.5})
        parent.describe({"nbops.step.train[depth=2]": "finished s"}, [], {"nbops/a.txt": "a"})
    assert parent.problem is None
    run = MlflowClient(tracking_uri=workspace.embedded_uri).get_run(parent.id)
    assert run.info.status == "FINISHED"
    assert "finished s" in run.data.tags.values()
    assert list(run.data.metrics.values()) == [0.5]


def test_sigterm_ends_a_pipeline_cleanly_and_the_rest_waits(workspace: Workspace, tmp_path: Path):
    begun = tmp_path / "begun"
    write(
        workspace.root / "slow.ipynb",
        "x = 1",
        f"import os, time\nos.mkdir('{begun}')\ntime.sleep(600)",
    )
    steps = "{slow: {notebook: slow.ipynb}, next: {notebook: slow.ipynb, after: slow}}"
    (workspace.root / "pipeline.yaml").write_text(f"steps: {steps}")
    command = [*NBOPS, "pipeline", "run", "--json"]
    process = subprocess.Popen(
        command, cwd=workspace.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    wait_until(begun.exists)
    index, root = Index(workspace), workspace.root
    (live,) = describe_pipelines(index, None, root).pipelines
    assert [(step.path, step.status) for step in live.steps] == [
        ("slow.ipynb", "running"),
        ("slow.ipynb", "waiting"),
    ]
    assert (live.status, live.steps[0].reason) == ("running", "it has not run yet")
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 143, err
    assert "the same command goes on where it was" in err
    found = json.loads(out)["steps"]
    assert [each["state"] for each in found] == ["stopped", "stopped"]
    (over,) = describe_pipelines(index, None, root).pipelines
    assert [over.status, *(step.status for step in over.steps)] == ["failed", "stopped", "stopped"]
    (path,) = (workspace.state / "pipelines").iterdir()
    cut_off = structs.replace(from_json(path.read_bytes(), PipelineState), status="running")
    path.write_bytes(to_json(cut_off))
    assert describe_pipelines(index, None, root).pipelines[0].status == "died"


def test_what_a_step_failed_with_is_written_without_its_secrets(workspace: Workspace):
    write(workspace.root / "n.ipynb", "x = 1")
    (workspace.root / "pipeline.yaml").write_text("steps: {one: {notebook: n.ipynb}}")
    definition = read_definition(workspace.root / "pipeline.yaml")
    failed = StepRun(definition.steps[0], "failed", "[2] ValueError: password='hunter2-9x'")
    Bulletin(definition, "p1").tell(failed)
    (path,) = (workspace.state / "pipelines").iterdir()
    assert "ValueError" in path.read_text()
    assert "hunter2" not in path.read_text() + json.dumps(as_json(failed))


def test_secrets_of_a_pipelines_file_do_not_leave(workspace: Workspace):
    write(workspace.root / "n.ipynb", "db_password = ''", "1")
    params = "{db_password: hunter2-9x}"
    (workspace.root / "pipeline.yaml").write_text(
        f"steps: {{one: {{notebook: n.ipynb, params: {params}}}}}"
    )
    assert states(run_pipeline(workspace.root, 0)) == ["finished"]
    kept = [path for path in workspace.state.rglob("*") if path.is_file()]
    kept = [path for path in kept if path.parent.name != "executed"]  # the user's own
    assert any(path.name == "pipeline.yaml" for path in kept)
    assert [path for path in kept if b"hunter2" in path.read_bytes()] == []


def test_the_example_is_inferred_from_what_its_notebooks_were_seen_to_do(workspace: Workspace):
    folder = workspace.root / "03_pipeline"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("data", "__pycache__"))
    committed = (folder / "pipeline.yaml").read_text()
    (folder / "pipeline.yaml").unlink()
    for name in ("prepare", "train", "evaluate"):
        done = run(folder, "run", f"{name}.ipynb")
        assert done.returncode == 0, done.stderr
    done = run(folder, "pipeline", "infer")
    assert (done.returncode, done.stderr) == (0, "")
    inferred = (folder / "pipeline.yaml").read_text()
    assert inferred.splitlines()[1:] == committed.splitlines()[1:]
    head = inferred.splitlines()[0].partition("$schema=")[2]
    assert json.loads((folder / head).read_text())["$defs"]["StepEntry"]
    again = run(folder, "pipeline", "infer")
    assert (again.returncode, "is there already" in again.stderr) == (2, True)
    plan = json.loads(run(folder, "pipeline", "plan", "--json").stdout)["steps"]
    assert [each["action"] for each in plan] == ["keep", "keep", "keep"], plan


def test_a_person_sees_a_table_that_is_written_over_and_a_log_gets_lines(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    steps = [StepRun(Step(name, name, Path(f"{name}.ipynb"))) for name in ("first", "second")]

    def show() -> None:
        board = Board([each.step.name for each in steps])
        for state in ("running", "failed", "finished"):
            steps[1].state, steps[1].reason = state, "because\nof this"
            board.tell(steps[1])

    show()
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "▸ second  running: because"
    assert re.fullmatch(r"✗ second  failed \S+ m?s: because", lines[1])
    assert re.fullmatch(r"✓ second  finished \S+ m?s", lines[2])
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    show()
    drawn = capsys.readouterr().err
    assert drawn.count("\x1b[2A") == 2  # up again by both lines
    assert click.unstyle(drawn).replace("\r", "").split("\n")[:2] == [
        "· first   waiting",
        "▸ second  running: because",
    ]


KEEPS_AND_TAKES_AWAY = (
    "from pathlib import Path\nPath('out.bin').write_bytes(b'1'); Path('part').write_bytes(b'2')",
    "Path('part').unlink()",
)


@pytest.mark.parametrize("keep_data", [16, 0])
def test_a_step_whose_output_was_deleted_gets_it_back_or_runs_again(
    workspace: Workspace, keep_data: int
):
    root, out = workspace.root, workspace.root / "out.bin"
    (root / "pyproject.toml").write_text(f"[tool.nbops]\nkeep_data = {keep_data}\n")
    write(root / "n.ipynb", "x = 1", *KEEPS_AND_TAKES_AWAY)
    (root / "pipeline.yaml").write_text("steps: {n: {notebook: n.ipynb}}\n")
    assert states(run_pipeline(root, 0)) == ["finished"]
    assert states(run_pipeline(root, 0)) == ["unchanged"]
    out.unlink()
    done = run_pipeline(root, 0)["n"]
    told = {16: "out.bin came back", 0: "its output out.bin is gone, of which no copy was kept"}
    assert (done["state"], done["reason"]) == (
        "restored" if keep_data else "finished",
        told[keep_data],
    )
    assert out.read_bytes() == b"1"


def test_of_a_run_by_hand_what_it_left_is_told_from_what_it_took_away_itself(
    workspace: Workspace,
):
    root = workspace.root
    write(root / "n.ipynb", "x = 1", *KEEPS_AND_TAKES_AWAY)
    (root / "pipeline.yaml").write_text("steps: {n: {notebook: n.ipynb}}\n")
    session = nbops.run(root / "n.ipynb", cell_timeout=PATIENCE_S)
    (decision,) = Pipeline(root).plan()
    assert decision.action == "keep", decision
    (root / "out.bin").unlink()
    (decision,) = Pipeline(root).plan()
    assert (decision.action, [file.path for file in decision.outdated]) == ("restore", ["out.bin"])
    recorded = Index(workspace).sessions()[0]
    assert (recorded.id, recorded.removed) == (session, ((root / "part").as_uri(),))


def test_a_step_runs_again_when_a_folder_that_it_listed_has_a_new_file(workspace: Workspace):
    root, data = workspace.root, workspace.root / "data"
    data.mkdir()
    (data / "a.csv").touch()
    lists = "from pathlib import Path\nn = len(list(Path('data').glob('*.csv')))"
    write(root / "n.ipynb", "x = 1", lists, "Path('data/n.txt').write_text(str(n))")
    (root / "pipeline.yaml").write_text("steps: {n: {notebook: n.ipynb}}\n")
    nbops.run(root / "n.ipynb", cell_timeout=PATIENCE_S)
    assert [each.action for each in Pipeline(root).plan()] == ["keep"]
    (data / "b.csv").touch()
    (decision,) = Pipeline(root).plan()
    assert (decision.action, decision.reason) == ("run", "data has other names")
    (data / "b.csv").unlink()
    assert states(run_pipeline(root, 0)) == ["unchanged"]
    (data / "b.csv").touch()
    assert states(run_pipeline(root, 0)) == ["finished"]
    assert states(run_pipeline(root, 0)) == ["unchanged"]
