"""The index: what people ask of all runs."""

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from told import Told, metric, param, seen

from nbops.errors import Ambiguous, NotFound, UsageError
from nbops.index.cells import list_versions, trace_data
from nbops.index.database import IndexWriter
from nbops.index.entries import FoundRun
from nbops.index.pages import PageQuestion, list_page
from nbops.index.queries import Index
from nbops.journal import facts
from nbops.records import Run, instant, last_value
from nbops.replay import Replay
from nbops.workspace import Workspace


def put(writer: IndexWriter, told: Told, unshipped: int = 0) -> None:
    writer.ingest(told.replay(), journal_bytes=1, findings_bytes=1, unshipped=unshipped)


def runs_of(values: dict[str, float], session: str = "s1", **started: object) -> Told:
    told = Told(session, **started)
    for depth, (name, value) in enumerate(values.items()):
        told.cell(f"%%track {name} depth={depth}", metric("auc", value), cell_id=f"cell-{name}")
    return told


@pytest.fixture
def writer(fresh_workspace: Workspace):
    writer = IndexWriter(fresh_workspace)
    yield writer
    writer.close()


@pytest.fixture
def index(fresh_workspace: Workspace, writer: IndexWriter) -> Index:
    return Index(fresh_workspace)


def names(index: Index, **how: object) -> list[str]:
    return [run.name for run in index.runs(**how)]


def test_without_an_index_there_are_no_runs(fresh_workspace: Workspace):
    index = Index(fresh_workspace)
    assert index.runs() == []
    assert index.unshipped() == 0
    with pytest.raises(NotFound, match="no run yet"):
        index.resolve("last")


def test_runs_come_newest_first_or_sorted(index: Index, writer: IndexWriter):
    put(writer, runs_of({"a": 0.5, "b": 0.9, "c": 0.7}))
    assert names(index) == ["c", "b", "a"]
    assert names(index, sort="metrics.auc") == ["b", "c", "a"]
    assert names(index, sort="-metrics.auc") == ["a", "c", "b"]
    assert names(index, sort="params.depth") == ["a", "b", "c"]
    assert names(index, sort="started") == ["a", "b", "c"]
    assert names(index, sort="metrics.auc", limit=1) == ["b"]


def test_runs_without_the_metric_come_last(index: Index, writer: IndexWriter):
    told = runs_of({"a": 0.5})
    told.cell("%%track none")
    told.cell("%%track nan", metric("auc", "NaN"))
    put(writer, told)
    assert names(index, sort="metrics.auc")[0] == "a"
    assert names(index, sort="-metrics.auc")[0] == "a"


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("metrics.auc > 0.6", {"b", "c"}),
        ("metrics.auc > 0.6 and params.depth = 1", {"b"}),
        ("metrics.auc < 0.6 or name = 'c'", {"a", "c"}),
        ("not name like 'b%'", {"a", "c"}),
        ("name in ('a', 'b') and not (metrics.auc >= 0.9)", {"a"}),
        ("params.depth >= 1", {"b", "c"}),
        ("params.depth = '2'", {"c"}),
        ("status = 'finished' and origin = 'track'", {"a", "b", "c"}),
        ("metrics.nothing > 0", set()),
        ("experiment != 'churn'", set()),
        ("duration <= 1 and user = 'ada' and notebook = 'churn.ipynb'", {"a", "b", "c"}),
    ],
)
def test_conditions(index: Index, writer: IndexWriter, where: str, expected: set[str]):
    put(writer, runs_of({"a": 0.5, "b": 0.9, "c": 0.7}))
    assert set(names(index, where=where)) == expected


def test_a_word_for_a_run(index: Index, writer: IndexWriter):
    put(writer, runs_of({"a": 0.5, "b": 0.9, "c": 0.7}))
    by_name = {run.name: run.id for run in index.runs()}
    assert index.resolve("last").id == by_name["c"]
    assert index.resolve("last~2").id == by_name["a"]
    assert index.resolve("best:metrics.auc:max").id == by_name["b"]
    assert index.resolve("best:metrics.auc:min").id == by_name["a"]
    assert index.resolve("best:metrics.auc").id == by_name["b"]
    assert index.resolve(by_name["b"]).id == by_name["b"]
    assert index.resolve(by_name["b"][:6]).id == by_name["b"]
    assert index.resolve("a").id == by_name["a"]


def test_a_word_for_a_session(index: Index, writer: IndexWriter):
    put(writer, runs_of({"a": 0.5}, session="abc123def456"))
    for word in ("abc123def456", "abc12", "brave-lake"):
        found = index.resolve(word)
        assert (found.id, found.is_session) == ("abc123def456", True)
    with pytest.raises(NotFound):
        index.resolve("brave-lake", sessions=False)


def test_a_name_means_its_latest_run(index: Index, writer: IndexWriter):
    told = runs_of({"a": 0.5})
    told.cell("%%track a", metric("auc", 0.6))
    put(writer, told)
    assert last_value(index.run(index.resolve("a").id).metrics["auc"]) == 0.6


@pytest.mark.parametrize(
    ("word", "problem"),
    [
        ("nothing", "no run 'nothing'"),
        ("last~9", "not 10 runs yet"),
        ("best:metrics.f1:max", "No run has a metric 'f1'"),
    ],
)
def test_a_word_for_nothing(index: Index, writer: IndexWriter, word: str, problem: str):
    put(writer, runs_of({"a": 0.5}))
    with pytest.raises(NotFound, match=problem):
        index.resolve(word)


def test_best_of_no_metric_is_bad_use(index: Index, writer: IndexWriter):
    with pytest.raises(UsageError, match="names no metric"):
        index.resolve("best:params.depth:max")


def test_a_start_of_two_ids_is_ambiguous(index: Index, writer: IndexWriter):
    told = Told()
    for number in range(200):
        told.cell(f"%%track r{number}")
    put(writer, told)
    ids = sorted(run.id for run in index.runs())
    starts = [one[:3] for one in ids]
    start = next(text for text in starts if starts.count(text) > 1)
    with pytest.raises(Ambiguous, match="runs start with"):
        index.resolve(start)


def test_the_run_before_is_of_the_same_cell_then_name_then_experiment(
    index: Index, writer: IndexWriter
):
    told = Told("s1")
    told.cell("%%track forest", cell_id="x")
    told.cell("%%track other", cell_id="y")
    told.cell("%%track forest", cell_id="z")
    told.cell("%%track renamed", cell_id="x")
    put(writer, told)
    put(writer, runs_of({"forest": 0.1}, session="s9", experiment="else"))
    newest_first = index.runs(experiment="churn")
    renamed, forest, other, first = newest_first
    assert index.run_before(renamed) == first
    assert index.run_before(forest) == first
    assert index.run_before(other) == first
    assert index.run_before(first) is None


def test_a_job_is_compared_with_jobs_and_a_child_with_no_relative(
    index: Index, writer: IndexWriter
):
    for session in ("j1", "j2"):
        told = Told(session, kind="job", name="train", at=1000.0 if session == "j1" else 2000.0)
        told.clock = 1000.0 if session == "j1" else 2000.0
        told.cell("%%track forest", cell_id="x")
        put(writer, told)
    second = {run.name: run for run in index.runs() if run.session_id == "j2"}
    assert index.run_before(second["train"]).session_id == "j1"
    assert index.run_before(second["train"]).origin == "job"
    assert index.run_before(second["forest"]).name == "forest"


def test_the_panel_gets_what_changed_since_it_asked(index: Index, writer: IndexWriter):
    told = Told("s1")
    told.cell("x = 1", cell_id="x")
    replay = told.replay()
    writer.ingest(replay, journal_bytes=1, findings_bytes=0, unshipped=0)
    first = index.notebook("churn.ipynb")
    assert [cell.source for cell in first.cell_runs] == ["x = 1"]
    assert index.notebook("churn.ipynb", since=first.version) is None
    before = len(told.facts)
    told.cell("%%track r", metric("auc", 0.5))
    replay.feed_all([told.findings[-1], *told.facts[before:]])
    writer.ingest(replay, journal_bytes=2, findings_bytes=0, unshipped=1)
    second = index.notebook("churn.ipynb", since=first.version)
    assert [cell.source for cell in second.cell_runs] == ["%%track r"]
    assert [run.name for run in second.runs] == ["r"]
    assert second.unshipped == 1


def test_sessions_of_a_notebook_come_newest_first(index: Index, writer: IndexWriter):
    put(writer, runs_of({"a": 0.1}, session="s1", at=1000.0))
    put(writer, runs_of({"b": 0.1}, session="s2", at=2000.0))
    put(writer, runs_of({"c": 0.1}, session="s3", at=3000.0, notebook="else.ipynb", kernel_id="k3"))
    view = index.notebook("churn.ipynb")
    assert [session.id for session in view.sessions] == ["s2", "s1"]
    assert [run.name for run in view.runs] == ["b"]
    assert index.notebook("nowhere.ipynb").sessions == []
    assert [s.id for s in index.notebook("renamed.ipynb", "k3").sessions] == ["s3"]


def test_a_run_that_is_composed_anew_replaces_the_old(index: Index, writer: IndexWriter):
    told = Told("s1")
    told.cell("%%track forest\nm = fit()")
    told.cell("%track metric auc=score(m)", metric("auc"))
    from nbops.replay import Replay

    replay = Replay()
    replay.feed_all(told.facts)
    writer.ingest(replay, journal_bytes=1, findings_bytes=0, unshipped=0)
    assert len(index.runs()) == 2  # the names are not known yet
    replay.feed_all(told.findings)
    writer.ingest(replay, journal_bytes=1, findings_bytes=1, unshipped=0)
    assert names(index) == ["forest"]


def test_a_session_whose_folder_is_gone_is_forgotten(index: Index, writer: IndexWriter):
    put(writer, runs_of({"a": 0.5}))
    writer.forget_missing([])
    assert index.runs() == []
    assert index.sessions() == []


def test_a_damaged_index_is_started_anew(fresh_workspace: Workspace):
    writer = IndexWriter(fresh_workspace)
    put(writer, runs_of({"a": 0.5}))
    writer.close()
    fresh_workspace.index.write_bytes(b"this is no database" * 100)
    assert Index(fresh_workspace).runs() == []
    writer = IndexWriter(fresh_workspace)
    put(writer, runs_of({"b": 0.5}))
    writer.close()
    assert [run.name for run in Index(fresh_workspace).runs()] == ["b"]


def test_an_index_of_an_older_version_is_made_anew_below_who_still_writes_to_it(
    fresh_workspace: Workspace,
):
    older = IndexWriter(fresh_workspace)
    put(older, runs_of({"a": 0.5}))
    with sqlite3.connect(fresh_workspace.index) as db:
        db.execute("PRAGMA user_version = 1")
        db.execute("CREATE TABLE of_old (x)")
    db.close()
    writer = IndexWriter(fresh_workspace)
    assert Index(fresh_workspace).runs() == []
    put(writer, runs_of({"b": 0.5}))
    put(older, runs_of({"c": 0.5}, session="s2"))
    writer.close()
    older.close()
    assert {run.name for run in Index(fresh_workspace).runs()} == {"b", "c"}


def test_an_index_of_a_newer_version_is_used_as_it_is(fresh_workspace: Workspace):
    """As where JupyterLab and a kernel have nbops of two versions."""
    writer = IndexWriter(fresh_workspace)
    put(writer, runs_of({"a": 0.5}))
    writer.close()
    tables = ("sessions", "cell_runs", "data_uses", "runs", "run_values", "digests", "state")
    with sqlite3.connect(fresh_workspace.index) as db:
        db.execute("PRAGMA user_version = 99")
        db.execute("CREATE TABLE moods (x)")
        for table in tables:
            db.execute(f"ALTER TABLE {table} ADD COLUMN mood TEXT")
    db.close()
    writer = IndexWriter(fresh_workspace)
    put(writer, runs_of({"b": 0.5}, session="s2"))
    writer.put_digest("/a", (1, 2, 3), "file1:aa")
    writer.close()
    assert [run.name for run in Index(fresh_workspace).runs()] == ["b", "a"]


def test_digests_are_remembered_by_stat(writer: IndexWriter):
    writer.put_digest("/a", (1, 2, 3), "file1:aa")
    assert writer.digest_of("/a", (1, 2, 3)) == "file1:aa"
    assert writer.digest_of("/a", (1, 2, 4)) is None


def by_hand(key: str = "b", auc: float = 0.99) -> FoundRun:
    """A run that somebody made in MLflow without nbops."""
    run = Run(
        id=key * 32, session_id="", name="by hand", status="finished", origin="mlflow",
        started_at=instant(9000.0), metrics={"auc": [(0, auc, instant(9000.0))]},
        mlflow_run_id=key * 32,
    )  # fmt: skip
    return FoundRun(run, "churn", "eve")


def test_runs_found_in_mlflow_are_listed_but_are_no_words_for_our_own(
    index: Index, writer: IndexWriter
):
    put(writer, runs_of({"a": 0.5}))
    writer.put_found("uri", [by_hand()])
    assert names(index) == ["a"]
    assert names(index, everywhere=True) == ["by hand", "a"]
    assert names(index, everywhere=True, where="metrics.auc > 0.9 and user = 'eve'") == ["by hand"]
    own = index.runs()[0].id
    assert index.resolve("last").id == own
    assert index.resolve("best:metrics.auc").id == own
    document = index.document(index.resolve("bbbbbb"))
    assert (document.session.id, document.runs[0].name) == ("", "by hand")


def test_a_found_run_that_turns_out_to_be_ours_is_listed_once(index: Index, writer: IndexWriter):
    told = runs_of({"a": 0.5})
    own = told.runs()[0].id
    writer.put_found("uri", [by_hand("a")])
    told.findings.append(
        facts.Created(run=own, mlflow_run_id="a" * 32, experiment_id="1", tracking_uri="uri")
    )
    put(writer, told)
    assert names(index, everywhere=True) == ["a"]
    writer.put_found("uri", [by_hand("a")])
    assert names(index, everywhere=True) == ["a"]


def test_a_run_that_its_session_has_not_told_of_yet_is_not_taken_for_a_strangers(
    index: Index, writer: IndexWriter
):
    put(writer, runs_of({"a": 0.5}, session="s1"))
    writer.put_found("uri", [replace(by_hand(), made_in="s1"), replace(by_hand("c"), made_in="s9")])
    assert [run.id for run in index.runs(everywhere=True) if not run.session_id] == ["c" * 32]


def test_found_runs_change_the_page_only_when_they_are_others(index: Index, writer: IndexWriter):
    writer.put_found("uri", [by_hand()])
    before = list_page(index, PageQuestion()).version
    writer.put_found("uri", [by_hand()])
    writer.forget_found("uri", {"b" * 32})
    assert list_page(index, PageQuestion(since=before)).unchanged
    writer.put_found("uri", [by_hand(auc=0.1)])
    page = list_page(index, PageQuestion(since=before))
    assert page.rows[0].values == {"metrics.auc": 0.1}
    writer.forget_found("uri", set())
    assert list_page(index, PageQuestion(since=page.version)).total == 0


def test_versions_of_an_index_made_anew_are_newer(fresh_workspace: Workspace, index: Index):
    versions = []
    for _ in range(2):
        writer = IndexWriter(fresh_workspace)
        put(writer, runs_of({"a": 0.5}))
        versions.append(list_page(index, PageQuestion()).version)
        writer.close()
        fresh_workspace.index.unlink()
    assert versions[0] > 1_700_000_000_000


def test_every_word_of_a_text_filter_must_be_found(index: Index, writer: IndexWriter):
    told = runs_of({"a": 0.5, "Bagging": 0.9})
    told.cell("%%track c", facts.Note(cell_run="", text="Looks Overfitted"), param("lr", 0.01))
    put(writer, told)

    def found(text: str) -> list[str]:
        return [row.name for row in list_page(index, PageQuestion(text=text)).rows]

    assert found("overfitted looks") == ["c"]
    assert found("lr=0.01") == ["c"]
    assert found("bagg") == ["Bagging"]
    assert found("bagg lr") == []
    assert found("100%") == []


def test_fields_are_those_that_any_run_has(index: Index, writer: IndexWriter):
    told = runs_of({"a": 0.5})
    told.cell(
        "%%track b", metric("loss"), param("lr", 1), facts.Tag(cell_run="", name="x", value="y")
    )
    put(writer, told)
    page = list_page(index, PageQuestion(limit=1))
    assert page.fields == ("metrics.auc", "metrics.loss", "params.depth", "params.lr", "tags.x")
    assert (page.total, len(page.rows)) == (2, 1)


def test_texts_that_a_cell_has_had_come_newest_first(index: Index, writer: IndexWriter):
    for session, at, sources in (("s1", 1000.0, "aba"), ("s2", 2000.0, "c")):
        told = Told(session, at=at)
        for letter in sources:
            told.cell(f"x = {letter}", cell_id="x")
        put(writer, told)
    versions = list_versions(index, "x").versions
    assert [(v.source, v.count) for v in versions] == [("x = c", 1), ("x = a", 2), ("x = b", 1)]
    assert versions[1].first_at < versions[1].last_at
    assert [v.source for v in list_versions(index, "x", "B").versions] == ["x = b"]


def test_data_is_traced_across_notebooks(index: Index, writer: IndexWriter):
    first = Told("s1", notebook="clean.ipynb")
    first.cell("df.to_csv('train.csv')", writes=[seen("train.csv")])
    put(writer, first)
    second = Told("s2", notebook="fit.ipynb", at=2000.0)
    second.cell("%%track fit\ndf = read('train.csv')", reads=[seen("train.csv")])
    put(writer, second)
    found = trace_data(index, "file1:" + "a" * 64)
    assert [use.notebook for use in found.wrote] == ["clean.ipynb"]
    assert [use.notebook for use in found.read] == ["fit.ipynb"]
    assert found.read[0].run_id == second.runs()[0].id
    writer.forget_missing(["s2"])
    assert trace_data(index, "aaaaaaa").wrote == ()
    with pytest.raises(NotFound):
        trace_data(index, "*")


def test_a_session_is_read_once_however_many_of_its_runs_are_asked_for(
    index: Index, writer: IndexWriter, monkeypatch: pytest.MonkeyPatch
):
    told = runs_of({"a": 0.5, "b": 0.9, "c": 0.7})
    put(writer, told)
    (index.workspace.sessions / "s1").mkdir(parents=True)
    read: list[Path] = []

    def replay(folder: Path) -> Replay:
        read.append(folder)
        return told.replay()

    monkeypatch.setattr("nbops.index.queries.replay_folder", replay)
    found = [index.resolve(name) for name in "abc"]
    assert [each.runs[0].name for each in index.documents(found)] == ["a", "b", "c"]
    assert read == [index.workspace.sessions / "s1"]
