"""What a finding says, what silences it, and what a run is asked that a notebook is not."""

from typing import Any

import pytest
from causes import CAUSES, TOP, Case, notebook_of, told_of
from told import Told, metric, seen

from nbops.capture.environment.declared import Declared
from nbops.checks import KINDS, Notebook, Surroundings, check_notebook, check_run
from nbops.journal import facts
from nbops.records import instant

_LISTED = Declared(frozenset({"pandas"}), ("pyproject.toml",))
_UNSEEDED = "x = np.random.rand(3)"


def test_every_kind_has_a_cause_that_shows_it():
    assert {kind for kind, *_ in CAUSES.values()} == set(KINDS)


def test_a_finding_names_the_cell_what_is_wrong_and_the_way_out():
    (finding,) = Case(["y = x + 1\nprint(y)", "x = 1"], ["b", "a"]).check()
    assert (finding.cell_id, finding.execution_count, finding.position) == ("a", 3, 1)
    assert finding.cell == "y = x + 1"
    assert finding.message == "It used `x` of cell [2] `x = 1`, which stands below it."
    assert finding.way_out == "Move that cell above it, or rename what both use."


def test_names_from_one_cell_are_one_finding():
    (finding,) = Case(["z = x + y", "x, y = 1, 2"], ["b", "a"]).check()
    assert finding.message.startswith("It used `x` and `y` of cell [2]")


def test_findings_come_in_the_notebooks_order():
    found = Case([_UNSEEDED, "y = z", "z = 1"], ["c", "b", "a"]).check()
    assert [(finding.cell_id, finding.kind) for finding in found] == [
        ("a", "random"),
        ("b", "order"),
    ]


@pytest.mark.parametrize(
    ("source", "tags", "count"),
    [
        (_UNSEEDED, (), 1),
        (f"{_UNSEEDED}  # nbops: ignore[random]", (), 0),
        (f"# nbops: ignore[path, random]\n{_UNSEEDED}", (), 0),
        (f"{_UNSEEDED}  # nbops: ignore", (), 0),
        (f"{_UNSEEDED}  # nbops: ignore[path]", (), 1),
        (_UNSEEDED, ("nbops-ignore",), 0),
        (_UNSEEDED, ("nbops-ignore-random",), 0),
        (_UNSEEDED, ("nbops-ignore-path", "slow"), 1),
    ],
)
def test_a_cell_is_silenced_by_a_comment_or_a_tag(source: str, tags: tuple[str, ...], count: int):
    notebook = notebook_of([source], tags={"a": tags})
    for runs in ([], told_of([source], ["a"])):
        assert len(check_notebook(notebook, runs, Surroundings())) == count


def test_a_silenced_cell_silences_no_other():
    found = Case([f"{_UNSEEDED}  # nbops: ignore", "y = np.random.rand()"]).check()
    assert [finding.cell_id for finding in found] == ["b"]


def test_a_kind_is_not_looked_for_when_it_is_ignored():
    assert Case([_UNSEEDED]).check(ignore=["random"]) == []


def test_what_ran_since_the_notebook_was_saved_may_stand_in_it():
    notebook = notebook_of(["y = x + 1"])
    runs = told_of([], [("new", "x = 1"), ("a", "y = x + 2")])
    unsaved = Notebook(notebook.cells, saved_at=instant(1000.5))
    assert [one.kind for one in check_notebook(notebook, runs, Surroundings())] == ["hidden"]
    assert check_notebook(unsaved, runs, Surroundings()) == []


def test_a_failed_cell_has_no_result_to_speak_of():
    runs = told_of(["y = x + 1", "x = 1"], ["b", ("a", "y = x + 1", {"status": "error"})])
    notebook = notebook_of(["y = 2", "x = 1"])
    assert check_notebook(notebook, runs, Surroundings()) == []


def test_what_ran_before_tracking_is_known_by_its_code():
    told = Told()
    told.facts.append(facts.CellBefore(cell_run="old", seq=0, execution_count=1, source=TOP))
    told.count = 1
    told.cell("x = load()", cell_id="a")
    notebook = notebook_of(["x = load()"])
    assert check_notebook(notebook, list(told.replay().cell_runs()), Surroundings()) == []


def test_a_result_from_before_tracking_counts_like_any_other():
    told = Told()
    for seq, source in enumerate([TOP, "x = 1", "y = x"]):
        fact = facts.CellBefore(
            cell_run=f"old{seq}", seq=seq, execution_count=seq + 1, source=source
        )
        told.facts.append(fact)
    runs = list(told.replay().cell_runs())
    assert check_notebook(notebook_of(["x = 1", "y = x"]), runs, Surroundings()) == []
    (finding,) = check_notebook(notebook_of(["x = 2", "y = x"]), runs, Surroundings())
    assert (finding.kind, finding.cell_id) == ("hidden", "b")


def test_a_name_that_a_cell_above_deletes_is_said_to_be_deleted():
    (finding,) = Case(["x = 1", "del x", "y = x"]).check()
    assert finding.message == "It uses `x`, which cell [ ] `del x` deletes above it."


def test_a_cell_that_was_mended_and_not_saved_is_seen_as_it_ran():
    notebook = Notebook(notebook_of(["y = x", "x = 1"]).cells, saved_at=instant(1000.5))
    runs = told_of(["y = 2", "x = 1"], ["a", "b"])
    assert check_notebook(notebook, runs, Surroundings()) == []


def test_a_seed_that_ran_first_and_stands_below_is_a_matter_of_order():
    (finding,) = Case([_UNSEEDED, "np.random.seed(0)"], ["b", "a"]).check()
    assert (finding.kind, finding.cell_id) == ("order", "a")
    assert "the seed of np.random of cell [2]" in finding.message


def test_a_file_that_a_cell_of_the_notebook_wrote_has_not_changed_behind_its_back():
    log = seen("log.txt")
    source = "open('log.txt', 'a+').read()"
    case = Case(
        [source],
        [("a", source, {"reads": [log], "writes": [log]})],
        {"has_changed": lambda ref: True},
    )
    assert case.check() == []


@pytest.mark.parametrize(
    ("cells", "around"),
    [
        (["try:\n    import cupy\nexcept ImportError:\n    cupy = None"], {"declared": _LISTED}),
        (["%cd data", "open('beer.csv')"], {"is_there": lambda path: False}),
        (["import os\nos.chdir('data')\nopen('beer.csv')"], {"is_there": lambda path: False}),
        (["open('beer.csv', 'w').write('')"], {"is_there": lambda path: False}),
        (["pd.read_csv('https://x.org/beer.csv')"], {"is_there": lambda path: False}),
    ],
)
def test_what_is_meant_to_be_so_is_no_finding(cells: list[str], around: dict[str, Any]):
    top = "" if "declared" in around else TOP
    assert Case(cells, around=around, top=top).check() == []


def _run_of(cells, ran):
    told = Told()
    for key, source, more in ran:
        told.cell(source, *more, cell_id=key)
    replay = told.replay()
    (run,) = replay.runs()
    return run, list(replay.cell_runs()), notebook_of(cells, top="")


def test_a_run_is_asked_whether_the_notebook_could_give_it_again():
    score = ("b", "%track metric auc=x", [metric("auc")])
    ran = [("a", "x = 1", []), score]
    assert check_run(*_run_of(["x = 1", score[1]], ran), Surroundings()) == []
    (finding,) = check_run(*_run_of(["x = 2", score[1]], ran), Surroundings())
    assert (finding.kind, finding.cell_id) == ("hidden", "b")


def test_what_happened_after_a_run_does_not_concern_it():
    score = ("b", "%track metric auc=x", [metric("auc")])
    ran = [("a", "x = 1", []), score, ("a", "x = 2", []), ("c", "y = np.random.rand()", [])]
    run, runs, notebook = _run_of(["x = 1", score[1]], ran)
    assert check_run(run, runs, notebook, Surroundings()) == []


def test_a_run_whose_inputs_changed_on_disk_cannot_be_had_again():
    told = Told()
    told.cell("x = read('wine.csv')", cell_id="a", reads=[seen("wine.csv")])
    told.cell("%track metric auc=x", metric("auc"), cell_id="b")
    replay = told.replay()
    (run,) = replay.runs()
    around = Surroundings(has_changed=lambda ref: ref.name == "wine.csv")
    (finding,) = check_run(run, list(replay.cell_runs()), Notebook(), around)
    assert finding.message == "It read wine.csv, which changed since."
