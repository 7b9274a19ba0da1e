"""What cells wear in the notebook's margin, and for whom it matters."""

from typing import Any

from causes import notebook_of, told_of
from told import Told, listed, metric, seen

from nbops.checks import CellState, Surroundings, judge_cells

_READ = ("a", "wine = load()", {"reads": [seen("wine.csv", "file1:aa")]})
_CELLS = ["wine = load()", "model = fit(wine)", "other = 1"]
_OTHER_FILE = Surroundings(has_changed=lambda _: True)


def judged(cells: list[str], ran: list[Any], **options: Any) -> dict[str, list[tuple[str, str]]]:
    around = options.pop("around", Surroundings())
    results = options.pop("results", ())
    states = judge_cells(notebook_of(cells), told_of(cells, ran), results, around, **options)
    return {one.cell_id: [(mark.kind, mark.message) for mark in one.marks] for one in states}


def test_nothing_is_said_of_cells_that_ran_in_order():
    assert judged(_CELLS, [_READ, "b", "c"]) == {}


def test_a_file_that_changed_makes_its_reader_stale_and_all_that_used_it():
    cells = [*_CELLS, "score = model + 1"]
    found = judged(cells, [_READ, "b", "c", "d"], around=_OTHER_FILE)
    assert found == {
        "a": [("stale", "It read wine.csv, which changed since.")],
        "b": [("stale", "It used `wine` of cell [2] `wine = load()`, which is stale.")],
        "d": [("stale", "It used `model` of cell [3] `model = fit(wine)`, which is stale.")],
    }


def test_a_folder_with_other_names_makes_who_listed_it_stale():
    lists = ("a", "wine = load()", {"listings": [listed("data", "a.csv")]})
    around = Surroundings(has_other_names=lambda listing, own: not own)
    told = "It read data/*.csv (names), which changed since."
    assert judged(_CELLS, [lists], around=around)["a"] == [("stale", told)]
    writes = ("c", "other = 1", {"writes": [seen("data/b.csv")]})
    assert judged(_CELLS, [lists, writes], around=around) == {}


def test_an_edited_cell_is_changed_and_what_used_it_is_stale():
    cells = ["wine = load()  # the same", "model = fit(wine.head())", "score = model"]
    found = judged(cells, [_READ, ("b", "model = fit(wine)"), "c"])
    assert found["b"] == [("changed", "It shows the result of its earlier code, [3].")]
    assert found["c"][0][0] == "stale"
    assert "edited since" in found["c"][0][1]
    assert "a" not in found


def test_a_cell_that_used_what_stands_below_it_is_out_of_order():
    found = judged(["y = x + 1", "x = 1"], ["b", "a"])
    assert [kind for kind, _ in found["a"]] == ["order"]


def test_a_failed_cell_says_its_error():
    error = {"name": "ValueError", "message": "no such depth"}
    from nbops.journal.facts import CellError

    found = judged(["x = 1"], [("a", "x = 1", {"status": "error", "error": CellError(**error)})])
    assert found == {"a": [("failed", "ValueError: no such depth.")]}


def test_a_silenced_cell_says_nothing_and_neither_does_an_ignored_kind():
    quiet = ["wine = load()  # nbops: ignore[stale]", *_CELLS[1:]]
    assert judged(quiet, [_READ, "b"], around=_OTHER_FILE) == {}
    assert judged(_CELLS, [_READ, "b"], around=_OTHER_FILE, ignore=["stale"]) == {}


def test_only_what_a_run_that_is_looked_at_depends_on_matters():
    told = Told()
    told.cell("wine = load()", cell_id="top", reads=[seen("wine.csv", "file1:aa")])
    told.cell("aside = load()", cell_id="a", reads=[seen("wine.csv", "file1:aa")])
    told.cell("%track metric auc=score(wine)", metric("auc"), cell_id="b")
    replay = told.replay()
    cells = ["aside = load()", "%track metric auc=score(wine)"]
    states: list[CellState] = judge_cells(
        notebook_of(cells, "wine = load()"),
        list(replay.cell_runs()),
        list(replay.runs()),
        _OTHER_FILE,
    )
    assert {one.cell_id: one.matters for one in states} == {"top": True, "a": False, "b": True}
