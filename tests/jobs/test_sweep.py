"""Sweeps: what they try, in which order, what they need not run again."""

import json
import shlex
import shutil
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
import pytest
from mlflow import MlflowClient
from processes import PATIENCE_S, wait_until

import nbops
from nbops.errors import NotebookFailed, UsageError
from nbops.jobs.declarations import Declarations, parse_parameters
from nbops.jobs.engines.local import LocalEngine, LocalWorker
from nbops.jobs.memory import Admission
from nbops.jobs.recorded import as_recorded
from nbops.jobs.search import Listed, Optimized, Search, search_at_random, search_grid
from nbops.jobs.space import grid, parse_dimensions, point_of
from nbops.jobs.sweep import _read_session, run_sweep
from nbops.jobs.sweep_plan import plan_sweep
from nbops.workspace import Workspace

NBOPS = [sys.executable, "-c", "from nbops.cli import main; main()"]
EXAMPLE = Path(__file__).parents[2] / "examples" / "02_sweep.ipynb"
SOURCE = """\
depth = 4
rate = 0.1
model: Literal["forest", "boosted"] = "forest"
flag = False
name = "x"
layers = [1]
penalty: Literal["l2", None] = "l2"
any = None
"""
DECLARED = Declarations("n.ipynb", SOURCE, parse_parameters(SOURCE))


@pytest.mark.parametrize(
    ("pairs", "points"),
    [
        (["depth=2..4"], [{"depth": 2}, {"depth": 3}, {"depth": 4}]),
        (["depth=2..6:2"], [{"depth": 2}, {"depth": 4}, {"depth": 6}]),
        (["rate=0..1:0.5"], [{"rate": 0.0}, {"rate": 0.5}, {"rate": 1.0}]),
        (["rate=0.1..0.3:0.1"], [{"rate": 0.1}, {"rate": 0.2}, {"rate": 0.3}]),
        (["rate=1e-3,1"], [{"rate": 0.001}, {"rate": 1.0}]),
        (["model=*"], [{"model": "forest"}, {"model": "boosted"}]),
        (["flag=*"], [{"flag": False}, {"flag": True}]),
        (["penalty=*"], [{"penalty": "l2"}, {"penalty": None}]),
        (["any=1,True,1.0,1"], [{"any": 1}, {"any": True}, {"any": 1.0}]),
        (["layers=[1, 2],[3]"], [{"layers": [1, 2]}, {"layers": [3]}]),
        (["name=a,2..3"], [{"name": "a"}, {"name": "2..3"}]),
        (
            ["model=*", "rate=0.1,0.2 if model=boosted"],
            [{"model": "forest"}, {"model": "boosted", "rate": 0.1}, {"model": "boosted", "rate": 0.2}],
        ),
    ],
)  # fmt: skip
def test_a_grid_has_every_point_once(pairs: list[str], points: list[dict[str, Any]]):
    assert grid(parse_dimensions(DECLARED, pairs)) == points


@pytest.mark.parametrize(
    ("pair", "told"),
    [
        ("depht=1,2", "n.ipynb has no parameter 'depht'. Did you mean 'depth'?"),
        ("depth=1,x", "depth takes int, not 'x'."),
        ("depth=9..2", "depth: the range '9..2' is empty."),
        ("rate=0..1:log", "rate: the range '0..1:log' is empty."),
        ("depth=1..9:0.5", "depth: of the range '1..9:0.5' not all are whole numbers."),
        ("model=forest,tree", "not 'tree'"),
        ("rate=0..1 if model=boosted", "rate depends on model, which is not swept before it."),
        ("depth", "-p takes name=values, not 'depth'."),
    ],
)
def test_what_cannot_be_tried_is_refused(pair: str, told: str):
    with pytest.raises(UsageError) as refused:
        parse_dimensions(DECLARED, [pair])
    assert told in str(refused.value)


@pytest.mark.parametrize(
    ("fixed", "told"),
    [
        ({"m": 1, "rat": 1}, "n.ipynb has no parameter 'rat'. Did you mean 'rate'?"),
        ({"m": 1, "rate": "x"}, "rate takes float, not the text 'x'."),
        ({}, "n.ipynb needs a value for 'm'."),
    ],
)
def test_what_is_the_same_at_every_point_is_looked_at_before_the_first(
    workspace: Workspace, fixed: dict[str, Any], told: str
):
    write_notebook(workspace, "m: int\nx = 0\nrate = 0.1")
    with pytest.raises(UsageError) as refused:
        plan_sweep(workspace.root / "n.ipynb", {"x": [1]}, fixed=fixed)
    assert told in str(refused.value)


def test_a_range_without_a_step_is_no_grid():
    with pytest.raises(UsageError, match="Give a step"):
        search_grid(parse_dimensions(DECLARED, ["rate=0..1"]))


def drain(search: Search) -> list[dict[str, Any]]:
    points = []
    while (asked := search.ask()) is not None:
        points.append(asked[1])
    return points


def test_the_same_seed_draws_the_same_points():
    dimensions = parse_dimensions(DECLARED, ["depth=1..99", "rate=1e-4..1:log", "model=*"])
    one, again, other = (drain(search_at_random(dimensions, 20, seed)) for seed in (1, 1, 2))
    assert one == again != other
    assert all(1e-4 <= point["rate"] <= 1 and 1 <= point["depth"] <= 99 for point in one)


def loss(point: dict[str, Any]) -> float:
    """Best at depth 37 and rate 0.3."""
    return float((point["depth"] - 37) ** 2 / 100 + (10 * (point["rate"] - 0.3)) ** 2)


def test_the_optimiser_beats_random_on_a_known_function():
    dimensions = parse_dimensions(DECLARED, ["depth=1..99", "rate=0..1"])
    wins = 0
    for seed in range(5):
        search = Optimized(dimensions, 40, "min", seed)
        values = []
        while (asked := search.ask()) is not None:
            values.append(loss(asked[1]))
            search.tell(asked[0], "finished", values[-1])
        wins += min(values) < min(map(loss, drain(search_at_random(dimensions, 40, seed))))
    assert wins >= 4


def test_the_optimiser_knows_conditions_failures_and_hopeless_points():
    dimensions = parse_dimensions(DECLARED, ["model=*", "rate=0..1 if model=boosted"])
    search = Optimized(dimensions, 12, "max", 0)
    pruned = []
    while (asked := search.ask()) is not None:
        number, point = asked
        assert ("rate" in point) == (point["model"] == "boosted")
        if number == 0:
            search.tell(number, "failed", None)
            continue
        curve = {step: float((step + 1) * (1 if number < 8 else -1)) for step in range(5)}
        first = {0: curve[0]}
        assert not search.report(number, first), "it may be the result"
        if search.report(number, curve):
            pruned.append(number)
            search.tell(number, "pruned", None)
        else:
            search.tell(number, "finished", curve[4])
    assert pruned == [8, 9, 10, 11]


def test_jobs_begin_only_where_their_memory_is_there():
    room = Admission(None, lambda: 1000)
    begun: list[int] = []
    leave = threading.Event()

    def job(number: int) -> None:
        with room.admitted(lambda: False):
            begun.append(number)
            leave.wait(PATIENCE_S)

    first = threading.Thread(target=job, args=(0,))
    first.start()
    wait_until(lambda: begun)
    assert not room._has_room()  # nobody knows yet what a job takes
    room.learn(400)
    second = threading.Thread(target=job, args=(1,))
    second.start()
    wait_until(lambda: len(begun) == 2)
    assert not room._has_room()
    room.learn(500)
    assert room.need == 500
    leave.set()
    first.join()
    second.join()
    with room.admitted(lambda: True) as is_in:
        assert not is_in


def run(workspace: Workspace, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*NBOPS, *words], cwd=workspace.root, capture_output=True, text=True, timeout=PATIENCE_S * 2
    )


def test_points_are_children_of_one_run_and_come_from_the_record_the_next_time(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
):
    (workspace.root / "data.txt").write_text("2")
    cells = [
        nbformat.v4.new_code_cell("x = 0", metadata={"tags": ["parameters"]}),
        nbformat.v4.new_code_cell(
            "import nbops\nby = int(open('data.txt').read())\nassert x != 2, 'two'\n"
            "nbops.log_metric('score', x * by)"
        ),
    ]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), workspace.root / "n.ipynb")
    done = run(workspace, "sweep", "n.ipynb", "-p", "x=1..2", "--json")
    assert done.returncode == 1, done.stderr
    assert "1 of 2 points failed" in done.stderr
    results = json.loads(done.stdout)["results"]
    assert [(r["point"]["x"], r["outcome"], r["metrics"]) for r in results] == [
        (1, "finished", {"score": 2.0}),
        (2, "failed", {}),
    ]
    client = MlflowClient(tracking_uri=workspace.embedded_uri)
    (experiment,) = [e for e in client.search_experiments() if e.name == "n"]
    found = client.search_runs([experiment.experiment_id])
    (parent,) = [r for r in found if r.data.tags.get("nbops.kind") == "sweep"]
    assert parent.info.status == "FINISHED"
    jobs = [r for r in found if r.data.tags.get("nbops.session") and r.info.run_name == "n"]
    assert {r.data.tags["mlflow.parentRunId"] for r in jobs} == {parent.info.run_id}
    assert len(jobs) == 2

    needs: list[int | None] = []
    with monkeypatch.context() as patch:
        patch.setattr(LocalEngine, "__init__", lambda _, __, need: needs.append(need))
        with pytest.raises(AttributeError):  # it is none
            run_sweep(plan_sweep(workspace.root / "n.ipynb", {"x": [7]}))
    assert needs[0] is not None, "what a job takes is known from the record"
    with pytest.raises(UsageError, match="'much' is no size"):
        nbops.sweep(workspace.root / "n.ipynb", {"x": [1]}, memory="much")
    again = nbops.sweep(workspace.root / "n.ipynb", {"x": range(1, 2)}, memory="1GB").iloc[0]
    assert again.is_reused
    assert (again["params.x"], again["metrics.score"], again.outcome) == (1, 2.0, "finished")
    (workspace.root / "data.txt").write_text("5")
    other = run(workspace, "sweep", "n.ipynb", "-p", "x=1", "--json")
    assert [(r["is_reused"], r["metrics"]) for r in json.loads(other.stdout)["results"]] == [
        (False, {"score": 5.0})
    ]


def write_notebook(workspace: Workspace, parameters: str, *sources: str) -> None:
    cells = [nbformat.v4.new_code_cell(parameters, metadata={"tags": ["parameters"]})]
    cells += map(nbformat.v4.new_code_cell, sources)
    nbformat.write(nbformat.v4.new_notebook(cells=cells), workspace.root / "n.ipynb")


def test_a_hopeless_point_is_ended_early_whichever_try_it_is_and_a_failed_one_not_run_twice(
    workspace: Workspace,
):
    write_notebook(
        workspace,
        "from typing import Literal\nx: float = 0\nkind: Literal['good', 'bad', 'broken'] = 'good'",
        "import nbops, os, time\nassert kind != 'broken'\n"
        "if kind == 'bad' and not os.path.exists('tried'):\n    os.mkdir('tried')\n    assert False\n"
        "nbops.log_metric('score', x if kind == 'good' else -1, step=0)\n"
        "nbops.log_metric('score', x if kind == 'good' else -1, step=1)\n"
        "while kind == 'bad':\n    time.sleep(0.1)",
    )
    frame = nbops.sweep(
        workspace.root / "n.ipynb",
        {"kind": "*", "x": "0..1 if kind=good"},
        optimize="metrics.score:max",
        trials=8,
        seed=29,  # four good ones, a broken one twice, then bad ones
        cell_timeout=PATIENCE_S,
        retries=1,
    )
    told = frame.groupby("params.kind").outcome.unique().map(list).to_dict()
    assert told == {"good": ["finished"], "bad": ["pruned"], "broken": ["failed"]}
    assert frame[frame["params.kind"] != "good"]["params.x"].isna().all()
    broken = frame[frame["params.kind"] == "broken"]
    assert broken.session_id.nunique() == 1 < len(broken)
    assert frame[frame.is_best]["metrics.score"].item() == frame["metrics.score"].max()


def test_a_point_that_diverged_is_a_failed_one_and_the_others_are_tried(workspace: Workspace):
    write_notebook(
        workspace,
        "x = 0.0",
        "import nbops\nnbops.log_metric('loss', x, step=-1)\n"
        "nbops.log_metric('loss', float('nan') if x < 0.9 else x)",
    )
    frame = nbops.sweep(
        workspace.root / "n.ipynb", {"x": "0..1"}, optimize="metrics.loss:min", trials=4, warm=True
    )
    assert len(frame) == 4
    diverged = frame[frame["params.x"] < 0.9]
    assert set(diverged.outcome) == {"failed"}
    assert not diverged.is_best.any()


def test_a_search_for_a_metric_that_no_point_logs_ends_early_and_names_the_nearest(
    workspace: Workspace,
):
    write_notebook(workspace, "x = 0.0", "import nbops\nnbops.log_metric('score', x)")
    words = ["sweep", "n.ipynb", "-p", "x=0..1", "--optimize"]
    done = run(workspace, *words, "metrics.scor:max", "--trials", "5")
    assert done.returncode == 1
    assert "failed: It logged no metric 'scor'. Did you mean 'score'?" in done.stdout
    assert done.stderr.splitlines() == [  # after three: it may be logged late, or not by all
        "nbops: Nothing more was tried: the notebook logs no metric 'scor'. Did you mean 'score'?",
        "nbops: 3 of 3 points failed.",
    ]
    done = run(workspace, *words, "metrics.auc:max", "--trials", "5", "--warm")
    assert "Nothing more was tried: the notebook logs no metric 'auc', only score." in done.stderr
    assert "3 points, 3 of them from the record, 3 failed" in done.stdout
    with pytest.raises(NotebookFailed, match="Did you mean 'score'"):
        nbops.sweep(workspace.root / "n.ipynb", {"x": "0..1"}, optimize="scor:max")
    frame = nbops.sweep(workspace.root / "n.ipynb", {"x": "0..1"}, optimize="score:max", trials=3)
    assert list(frame.is_reused) == [True] * 3


def test_an_interrupted_sweep_goes_on_where_it_was(workspace: Workspace):
    write_notebook(
        workspace,
        "x = 0",
        "import os, time\nwhile x == 2 and not os.path.exists('go'):\n"
        "    os.makedirs('waits', exist_ok=True)\n    time.sleep(0.1)",
        "import nbops\nnbops.log_metric('score', x)",
    )
    words = ["sweep", "n.ipynb", "-p", "x=1..3"]
    process = subprocess.Popen(
        [*NBOPS, *words],
        cwd=workspace.root,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_until((workspace.root / "waits").exists)
    process.send_signal(signal.SIGINT)
    table, told = process.communicate(timeout=PATIENCE_S)
    assert "the same command goes on where it was" in told
    assert process.returncode == 130
    assert "interrupted: Interrupted in [3]" in table
    assert "2 points, 0 of them from the record, 0 failed" in table
    client = MlflowClient(tracking_uri=workspace.embedded_uri)
    (experiment,) = [e for e in client.search_experiments() if e.name == "n"]
    found = client.search_runs([experiment.experiment_id])
    (parent,) = [r for r in found if r.data.tags.get("nbops.kind") == "sweep"]
    assert parent.info.status == "KILLED"
    (workspace.root / "go").touch()
    done = run(workspace, *words, "--json")
    assert done.returncode == 0, done.stderr
    results = json.loads(done.stdout)["results"]
    assert [(r["point"]["x"], r["is_reused"]) for r in results] == [
        (1, True),
        (2, False),
        (3, False),
    ]
    third = next(r["session"] for r in results if r["point"]["x"] == 3)
    told = run(workspace, *words, "--best", "metrics.score:max").stdout
    assert f"Best: score 3 with x=3, {third[:8]}." in told


def test_an_interrupted_search_goes_on_with_all_that_it_had_tried(workspace: Workspace):
    write_notebook(
        workspace,
        "x: float = 0\nkind = 'a'",
        "import nbops\nnbops.log_metric('loss', (x - 0.3) ** 2 + (kind == 'b'))",
    )
    space = {"kind": ["a", "b"], "x": "0..1"}

    def search(trials: int, workers: int) -> Any:
        return nbops.sweep(
            workspace.root / "n.ipynb",
            space,
            optimize="metrics.loss:min",
            trials=trials,
            workers=workers,
        )

    tried = [f"params.{name}" for name in space]
    begun = search(4, 1)
    wider = search(14, 2)  # of two at once it depends on the moment what each is told of the other
    widest = search(16, 1)
    assert wider.is_reused.tolist() == [True] * 4 + [False] * 10
    assert wider[tried][:4].equals(begun[tried])
    assert widest.is_reused.tolist() == [True] * 14 + [False] * 2
    assert not widest[tried].duplicated().any()


@pytest.mark.parametrize(
    ("params", "point"),
    [
        ({"depth": 4, "rate": 0.3, "model": "boosted"}, {"depth": 4, "rate": 0.3, "model": "boosted"}),
        ({"depth": 4, "rate": 0.3, "model": "forest"}, {"depth": 4, "model": "forest"}),
        ({"depth": 5, "rate": 0.3, "model": "forest"}, None),
        ({"depth": 4, "rate": 2.0, "model": "boosted"}, None),
        ({"depth": 4, "rate": True, "model": "boosted"}, None),
        ({"depth": 4, "rate": 0.3, "model": "other"}, None),
        ({"depth": 4, "rate": 0.3}, None),
    ],
)  # fmt: skip
def test_a_run_was_at_a_point_of_the_space_or_at_none(
    params: dict[str, Any], point: dict[str, Any] | None
):
    space = ["depth=2..8:2", "model=*", "rate=0..1 if model=boosted"]
    assert point_of(parse_dimensions(DECLARED, space), params) == point


def test_values_that_are_no_scalars_are_found_as_they_are_recorded():
    space = parse_dimensions(DECLARED, ["layers=[1, 2],[3]", "any=1,True,1.0"])
    layers = as_recorded({"layers": [3]})["layers"]
    assert point_of(space, {"layers": layers, "any": True}) == {"layers": [3], "any": True}
    found = point_of(space, {"layers": layers, "any": 1.0})
    assert found is not None
    assert isinstance(found["any"], float)


def test_a_notebook_that_is_saved_while_a_sweep_runs_changes_the_next_sweep(workspace: Workspace):
    write_notebook(workspace, "x = 0", "import nbops\nnbops.log_metric('score', x)")

    def save_another(number: int, _point: Any) -> None:
        if number == 1:
            write_notebook(workspace, "x = 0", "import nbops\nnbops.log_metric('score', -x)")

    notebook = workspace.root / "n.ipynb"
    done = run_sweep(replace(plan_sweep(notebook, {"x": range(1, 4)}), begun=save_another))
    assert [result.metrics["score"] for result in done.results] == [1, 2, 3]
    (path,) = (workspace.state / "executed").glob(f"*{done.results[2].session_id}.ipynb")
    executed = nbformat.read(path, 4)
    assert executed.metadata.papermill.input_path == str(notebook)
    again = run_sweep(plan_sweep(notebook, {"x": range(1, 4)}))
    assert [result.metrics["score"] for result in again.results] == [-1, -2, -3]


class CountedPoint(dict[str, Any]):
    """A point that counts how often it is compared."""

    comparisons = 0

    def __eq__(self, other: object) -> bool:
        CountedPoint.comparisons += 1
        return super().__eq__(other)

    __hash__ = None  # type: ignore[assignment]


def test_a_failed_point_is_found_without_a_look_at_all_others(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
):
    def fail(*_: object) -> None:
        raise NotebookFailed("no")

    write_notebook(workspace, "x = 0", "x")
    monkeypatch.setattr(LocalWorker, "run", fail)
    plan = plan_sweep(workspace.root / "n.ipynb", {"x": [0]})
    points = [CountedPoint(x=number // 2) for number in range(40)]
    done = run_sweep(replace(plan, search=Listed(points)))
    told = [result.problem for result in done.results]
    assert told == ["no", "It failed already: no"] * 20
    assert CountedPoint.comparisons <= len(points)


def test_a_point_that_is_asked_for_again_comes_from_the_record(workspace: Workspace):
    write_notebook(workspace, "x = 0", "import nbops\nnbops.log_metric('score', x)")
    plan = plan_sweep(workspace.root / "n.ipynb", {"x": [0]}, best="metrics.score:max")
    done = run_sweep(replace(plan, search=Listed([{"x": 1}, {"x": 1}])))
    first, second = done.results
    assert (first.is_reused, second.is_reused, second.value) == (False, True, 1.0)
    assert first.session_id == second.session_id


def test_the_example_tries_a_hundred_points(workspace: Workspace):
    shutil.copy(EXAMPLE, workspace.root)
    notebook = workspace.root / EXAMPLE.name
    text = nbformat.read(notebook, 4).cells[0].source.replace("\\\n", " ")
    commands = [shlex.split(line)[3:] for line in text.splitlines() if "nbops sweep" in line]
    spaces = [[word for word in words if "=" in word] for words in commands]
    assert plan_sweep(notebook, spaces[0]).search.count == 100
    assert plan_sweep(notebook, spaces[1], drawn=9).search.count == 9
    done = run(workspace, "sweep", EXAMPLE.name, "-p", "C=1", "-p", "gamma=1e-3,0.1", "--json",
               "--best", "metrics.accuracy:max")  # fmt: skip
    told = json.loads(done.stdout)
    best, other = told["results"]
    assert told["best"] == best["session"]
    assert best["metrics"]["accuracy"] > 0.9 > other["metrics"]["accuracy"]


def test_a_job_whose_first_line_is_not_written_yet_is_looked_at_again(workspace: Workspace):
    assert _read_session(workspace.sessions / "none") is None
    (workspace.sessions / "new").mkdir(parents=True)
    assert _read_session(workspace.sessions / "new") is None
