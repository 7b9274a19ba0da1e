"""Golden documents: what Python sends is what the panel's tests read, field by field.

`NBOPS_WRITE_GOLDEN=1 pytest tests/test_wire.py` writes them anew; read the difference before you commit it.
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs
from told import Told, figure, listed, metric, model, seen

from nbops.comparison import compare
from nbops.comparison.conclusions import with_conclusions
from nbops.index.cells import describe_cell_run, list_versions, trace_data
from nbops.index.compared import compare_runs
from nbops.index.database import IndexWriter
from nbops.index.entries import FoundRun
from nbops.index.notebook import describe_notebook
from nbops.index.pages import PageQuestion, list_page
from nbops.index.pipelines import describe_pipelines
from nbops.index.queries import Index
from nbops.index.states import OpenCell, describe_states
from nbops.journal import facts
from nbops.records import (
    NAMED_IN_CODE,
    Environment,
    PipelineState,
    Run,
    Source,
    StepState,
    instant,
    to_json,
)
from nbops.views.coverage import say_coverage
from nbops.workspace import Workspace

WIRE = Path(__file__).parent / "wire"
WRITE = bool(os.environ.get("NBOPS_WRITE_GOLDEN"))  # a test's own environment has none of ours


def a_session() -> Told:
    """A session with one of everything."""
    told = Told("5e5510000001", tags={"stage": "dev"})
    told.facts.append(
        facts.CellBefore(cell_run="5e5510000001.0", seq=0, execution_count=1, source="import os")
    )
    told.count = 1
    load = told.cell(
        "df = pd.read_csv('data/train.csv')",
        cell_id="load",
        reads=[seen("data/train.csv", shape=(569, 31), columns=("a", "b"), seen_by="wrapper")],
        modules=[facts.SeenModule(path="helpers.py", digest="file1:" + "c" * 64)],
        listings=[listed("data", "test.csv train.csv")],
    )
    told.cell("%%track forest depth=4\nm = fit(df, depth)", model("forest"), cell_id="fit")
    told.cell(
        "%track metric auc=score(m)",
        metric("auc", 0.871),
        metric("loss", "NaN"),
        figure("roc.png"),
        facts.Note(cell_run="", text="first try"),
        facts.Tag(cell_run="", name="kind", value="baseline"),
        cell_id="score",
        writes=[
            seen("model.pkl", digest=None, missing="overwritten before it was hashed"),
            seen("big.bin", digest=None, stat=(1, 2, 3)),
        ],
        warnings=["depth is named as a param, but there is no such variable"],
    )
    told.cell(
        "df.merge(regions)",
        cell_id="merge",
        status="error",
        error=facts.CellError(name="KeyError", message="'region_id'"),
    )
    told.cell("%%track forest depth=8\nm = fit(df.dropna(), depth)", cell_id="fit", stamp="e1")
    told.cell("%track metric auc=score(m)", metric("auc", 0.913), cell_id="score", stamp="e1")
    told.cell("time.sleep(60)", metric("loss", 0.5, step=41), cell_id="train", ends=False)
    for stamp, numpy in (("e0", "2.0.0"), ("e1", "2.1.0")):
        environment = Environment(
            python="3.11.7",
            implementation="CPython",
            platform="Linux-6.1-x86_64",
            packages={"numpy": numpy, "pandas": "3.1.1"},
            cpu="A CPU",
            cpu_count=2,
            memory_bytes=24_000_000_000,
        )
        told.findings.append(
            facts.EnvironmentFound(
                stamp=stamp, digest=f"env1:{stamp * 32}", environment=environment
            )
        )
    told.findings.append(
        facts.SourceFound(
            source=Source(git_commit="3f2c81d" + "0" * 33, git_branch="main", is_dirty=False)
        )
    )
    told.findings.append(
        facts.Created(
            run="5e5510000001",
            mlflow_run_id="a" * 32,
            experiment_id="1",
            tracking_uri="sqlite:////w/mlflow.db",
        )
    )
    assert load
    return told


def document() -> Any:
    return a_session().replay().document()


def why() -> Any:
    replay = a_session().replay()
    one, other = [run for run in replay.runs() if run.name == "forest"]
    a, b = replay.document(one.id), replay.document(other.id)
    return with_conclusions(a, b, compare(a, b), ())


@pytest.fixture
def index(fresh_workspace: Workspace) -> Index:
    """Index of that session, and of a run that was found in MLflow."""
    told = a_session()
    folder = fresh_workspace.sessions / told.session
    folder.mkdir(parents=True)
    told.write(folder)
    writer = IndexWriter(fresh_workspace)
    writer.put_state(version="0")
    writer.ingest(told.replay(), journal_bytes=1, findings_bytes=1, unshipped=2)
    other = Run(
        id="b" * 32, session_id="", name="by hand", status="failed", origin="mlflow",
        started_at=instant(900.0), ended_at=instant(903.5), params={"depth": "2"},
        metrics={"auc": [(0, 0.5, instant(901.0))]}, mlflow_run_id="b" * 32, mlflow_experiment_id="1",
    )  # fmt: skip
    writer.put_found("sqlite:////w/mlflow.db", [FoundRun(other, "churn", "eve")])
    writer.close()
    return Index(fresh_workspace)


def check(name: str, value: Any) -> None:
    path = WIRE / f"{name}.json"
    sent = json.loads(to_json(value))
    if WRITE:
        path.write_text(json.dumps(sent, indent=1, ensure_ascii=False) + "\n")
    assert sent == json.loads(path.read_text())


def test_a_session_is_sent_as_agreed():
    check("document", document())


def test_a_comparison_is_sent_as_agreed():
    check("why", why())


def test_a_notebook_is_sent_as_agreed(index: Index):
    check("notebook", describe_notebook(index, "churn.ipynb", "k1", 0))


def test_a_page_of_runs_is_sent_as_agreed(index: Index, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("nbops.index.pages.user_name", lambda: "ada")
    check("runs", list_page(index, PageQuestion()))


def test_a_page_that_did_not_change_is_sent_as_agreed(index: Index):
    version = list_page(index, PageQuestion()).version
    check("runs-unchanged", list_page(index, PageQuestion(since=version)))


def test_a_table_of_runs_is_sent_as_agreed(index: Index):
    ids = [run.id for run in index.runs(everywhere=True) if run.name in ("forest", "by hand")]
    check("compare", compare_runs(index, ids, with_same=True))


def test_a_cell_run_is_sent_as_agreed(index: Index):
    check("cell-run", describe_cell_run(index, "5e5510000001.3"))


def test_versions_of_a_cell_are_sent_as_agreed(index: Index):
    check("versions", list_versions(index, "fit"))


def test_the_lineage_of_data_is_sent_as_agreed(index: Index):
    check("lineage", trace_data(index, "a" * 12))


def test_pipelines_are_sent_as_agreed(index: Index):
    root = index.workspace.root
    (root / "pipeline.yaml").touch()
    folder = index.workspace.state / "pipelines"
    folder.mkdir(parents=True)
    steps = (
        StepState(name="prepare", notebook="prepare.ipynb", status="unchanged", session_id="b" * 32),
        StepState(
            name="train", notebook="train.ipynb", after=("prepare",), status="failed",
            reason="[2] KeyError: 'region_id'", started_at=instant(900.0), ended_at=instant(990.0),
        ),
        StepState(name="report", notebook="../report.ipynb", after=("train",), status="stopped", reason="train failed"),
    )  # fmt: skip
    state = PipelineState(
        id="c0ffee000001", name="churn", file="pipeline.yaml", status="failed", steps=steps,
        started_at=instant(899.0), ended_at=instant(991.0),
        host="h", boot_id="b", pid_namespace="n", pid=1, pid_started=1.0,
    )  # fmt: skip
    (folder / "one.json").write_bytes(to_json(state))
    (folder / "torn.json").write_text('{"id": 1')
    gone = structs.replace(state, id="d0", file="gone.yaml")
    (folder / "gone.json").write_bytes(to_json(gone))
    view = describe_pipelines(index, None, root)
    assert describe_pipelines(index, view.version, root).unchanged
    check("pipelines", {**json.loads(to_json(view)), "version": "v"})


def test_states_of_cells_are_sent_as_agreed(index: Index):
    cells = [
        OpenCell(id="load", source="df = pd.read_csv('data/train.csv')"),
        OpenCell(id="fit", source="%%track forest depth=9\nm = fit(df.dropna(), depth)"),
        OpenCell(id="score", source="%track metric auc=score(m)"),
        OpenCell(id="merge", source="df.merge(regions)"),
    ]
    states = describe_states(index, "churn.ipynb", cells)
    check("states", {**json.loads(to_json(states)), "version": "v"})


def test_how_reads_were_seen_is_said_alike_on_both_sides():
    counts: list[tuple[dict[str, int], str | None]] = [
        ({}, None),
        ({"audit": 9, "wrapper": 3, "unexplained": 0}, None),
        ({"monitor": 2, "user": 1, "net": 1, "name": 1, "missing": 2, "waiting": 1}, None),
        ({"audit": 1, "code": 1, "uncredited": 1}, "no inotify"),
        ({"audit": 1, "waiting": 1, "unexplained": 1}, None),
        ({"code": 2, "uncredited": 3}, None),
        ({"unexplained": 1, "uncredited": 1}, None),
    ]
    says = [
        {"coverage": seen_by, "net_problem": problem, "says": say_coverage(seen_by, problem)}
        for seen_by, problem in counts
    ]
    check("coverage", {"named_in_code": NAMED_IN_CODE, "sentences": says})
