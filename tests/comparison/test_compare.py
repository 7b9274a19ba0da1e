"""Differences between runs that were made so that the answer is known."""

import pytest
from told import Told, listed, metric, seen

from nbops.comparison import Comparison, compare
from nbops.comparison.code import diff_lines
from nbops.comparison.differences import RowsChange
from nbops.comparison.rows import diff_rows
from nbops.journal import facts
from nbops.records import Environment, OutputRef, Source


def told_run(
    *,
    load: str = "df = read('a.csv')",
    digest: str | None = "file1:" + "a" * 64,
    fit: str = "%%track forest depth=4\nm = fit(df, depth)",
    auc: float | str = 0.8,
    session: str = "s",
    packages: dict[str, str] | None = None,
    helpers: str = "file1:11",
    names: str = "",
    patterns: tuple[str, ...] = ("*.csv",),
    **read: object,
) -> Told:
    told = Told(session)
    told.cell("import helpers", modules=[facts.SeenModule(path="helpers.py", digest=helpers)])
    reads = [seen("a.csv", digest, **read)]
    listings = [listed("data", names, pattern) for pattern in patterns] if names else []
    told.cell(load, cell_id="load", reads=reads, listings=listings)
    told.cell(fit, cell_id="fit")
    told.cell("%track metric auc=score(m)", metric("auc", auc), cell_id="score")
    environment = Environment(
        python="3.11.7",
        implementation="CPython",
        platform="Linux",
        packages=packages or {"numpy": "2.0"},
    )
    told.findings.append(
        facts.EnvironmentFound(stamp="e0", digest="env1:" + str(packages), environment=environment)
    )
    return told


def compared(one: Told, other: Told) -> Comparison:
    return compare(one.document("forest"), other.document("forest"))


def kinds(comparison: Comparison) -> list[tuple[str, str]]:
    return [(change.kind, change.name) for change in comparison.changes]


def test_equal_runs_differ_in_nothing():
    found = compared(told_run(), told_run(session="t"))
    assert found.changes == ()
    assert found.sentence == "No metric moved. Nothing that was recorded changed."
    assert found.same == {"parameters": 1, "inputs": 1, "cells": 3, "packages": 1}


def test_other_names_in_a_folder_are_a_change_of_data():
    one = told_run(names="a.csv")
    found = compared(one, told_run(session="t", names="a.csv b.csv c.csv"))
    (change,) = found.changes
    told = (change.kind, change.name, change.a, change.b, change.note)
    assert told == ("data", "data/*.csv (names)", "1 name", "3 names", "")
    found = compared(one, told_run(session="t", names="b.csv"))
    told = [(change.a, change.b, change.note) for change in found.changes]
    assert told == [("1 name", "1 name", "other names")]
    assert compared(one, told_run(session="t")).changes == ()  # which is of an older version


def test_names_that_were_asked_for_by_other_patterns_are_not_known_rather_than_the_same():
    one = told_run(names="a.csv")
    found = compared(one, told_run(session="t", names="a.csv b.txt", patterns=("*",)))
    assert found.changes == ()
    assert found.unknown == ("data/ (names): A asked for *.csv, B for *",)
    assert found.sentence.endswith("changed, but not all could be compared.")
    both = told_run(session="t", names="a.csv", patterns=("*.csv", "*"))
    assert compared(one, both).unknown == ()


def test_a_param_on_the_mark_is_one_change_not_two():
    other = told_run(fit="%%track forest depth=8\nm = fit(df, depth)", auc=0.9)
    found = compared(told_run(), other)
    assert [(c.kind, c.name, c.a, c.b) for c in found.changes] == [("param", "depth", 4, 8)]
    assert found.sentence == "auc 0.8 → 0.9 (+0.1). One recorded thing changed."


def test_a_param_assigned_in_the_code_is_one_change_not_two():
    def told(depth: int) -> Told:
        told = Told(f"s{depth}")
        told.cell(f"# track: forest depth\ndepth = {depth}\nfit()", params={"depth": depth})
        return told

    assert kinds(compared(told(4), told(8))) == [("param", "depth")]


def test_an_assignment_that_is_no_param_is_code():
    other = told_run(load="df = read('a.csv')\nseed = 2")
    assert kinds(compared(told_run(), other)) == [("code", "df = read('a.csv')")]


def test_changed_data_says_how_many_rows_and_which_columns():
    one = told_run(shape=(569, 2), columns=("x", "y"))
    other = told_run(digest="file1:" + "b" * 64, shape=(509, 2), columns=("x", "z"))
    (change,) = compared(one, other).changes
    assert (change.kind, change.name, change.a, change.b) == ("data", "a.csv", "aaaaaaa", "bbbbbbb")
    assert change.note == "60 rows fewer (509 from 569), column z is new, column y is gone"


def test_a_column_that_is_of_another_type_is_told_without_copies():
    one = told_run(columns=("x", "y"), types=("int64", "str"))
    other = told_run(digest="file1:bb", columns=("x", "y"), types=("float64", "str"))
    assert compared(one, other).changes[0].note == "x is float64, was int64"


def test_changed_data_of_one_shape_says_its_size():
    one, other = told_run(size_bytes=10), told_run(digest="file1:bb", size_bytes=10)
    assert compared(one, other).changes[0].note == "same size, other content"
    one, other = told_run(size_bytes=10), told_run(digest="file1:bb", size_bytes=1200)
    assert compared(one, other).changes[0].note == "+1,190 bytes"


def test_data_without_a_digest_is_not_known_rather_than_the_same():
    one = told_run(digest=None, missing="overwritten before it was hashed")
    found = compared(one, told_run())
    assert found.changes == ()
    assert found.unknown == ("a.csv: no digest in A (overwritten before it was hashed)",)
    assert found.sentence.endswith("changed, but not all could be compared.")


def test_equal_samples_are_not_known_to_differ_and_others_do():
    one = told_run(digest="sample1:aa", size_bytes=20_000_000_000)
    found = compared(one, told_run(digest="sample1:aa", size_bytes=20_000_000_000))
    assert found.unknown == (
        "a.csv: too large to be hashed as a whole, and equal wherever it was sampled",
    )
    assert "inputs" not in found.same
    other = told_run(digest="sample1:bb", size_bytes=20_000_000_000)
    assert kinds(compared(one, other)) == [("data", "a.csv")]
    whole = told_run(digest="file1:aa", size_bytes=20_000_000_000)
    assert compared(one, whole).unknown == ("a.csv: only sampled in A",)


def test_a_change_beside_what_is_not_known_says_so():
    one = told_run(digest=None, missing="overwritten before it was hashed")
    found = compared(one, told_run(fit="%%track forest depth=8\nm = fit(df, depth)"))
    assert found.sentence == (
        "No metric moved. One recorded thing changed. Not all could be compared."
    )


def test_what_the_runs_own_cells_wrote_follows_and_is_no_change():
    def told(digest: str) -> Told:
        told = Told()
        told.cell("df = read('raw.csv')", reads=[seen("raw.csv", digest)])
        told.cell("df.to_parquet('clean')", writes=[seen("clean", digest + "c")])
        told.cell("%%track forest\nd = read('clean')", reads=[seen("clean", digest + "c")])
        return told

    assert kinds(compared(told("file1:a"), told("file1:b"))) == [("data", "raw.csv")]


def test_an_input_that_the_other_run_wrote_itself_is_compared():
    one = Told()
    one.cell("copy('raw.csv')", writes=[seen("raw.csv", "file1:a")])
    one.cell("%%track forest\nread('raw.csv')", reads=[seen("raw.csv", "file1:a")])
    other = Told("t")
    other.cell("%%track forest\nread('raw.csv')", reads=[seen("raw.csv", "file1:b")])
    (change,) = [c for c in compared(one, other).changes if c.kind == "data"]
    assert (change.name, change.a, change.b) == ("raw.csv", "a", "b")


def test_changed_code_is_quoted_with_its_cells():
    other = told_run(load="df = read('a.csv')\ndf = df.dropna()")
    (change,) = compared(told_run(), other).changes
    assert (change.kind, change.a, change.b, change.note) == ("code", 2, 2, "")
    assert [(line.op, line.text) for line in change.diff] == [
        ("same", "df = read('a.csv')"),
        ("added", "df = df.dropna()"),
    ]


def test_a_cell_that_only_one_run_had_says_so():
    other = told_run()
    extra = other.cell("m = prune(m)")
    assert extra
    other.cell("%track metric auc=score(m)", metric("auc", 0.7))
    found = compared(told_run(), other)
    assert ("m = prune(m)", "only in B") in [(c.name, c.note) for c in found.changes]


def told_twice(first: str) -> Told:
    """A run that needs two executions of one cell: the file of one, the variable of the other."""
    told = Told("t")
    told.cell(first, cell_id="first", writes=[seen("a.csv", "file1:" + "a" * 64)])
    told.cell(first, cell_id="first")
    told.cell("df = read(path)", reads=[seen("a.csv", "file1:" + "a" * 64)])
    told.cell("%%track forest\nm = fit(df)")
    return told


def told_once(first: str) -> Told:
    told = Told("s")
    told.cell(first, cell_id="first", writes=[seen("a.csv", "file1:" + "a" * 64)])
    told.cell("df = read(path)", reads=[seen("a.csv", "file1:" + "a" * 64)])
    told.cell("%%track forest\nm = fit(df)")
    return told


def test_a_cell_that_starts_from_nothing_may_be_run_again():
    first = "path = 'a.csv'\nopen(path, 'w').close()"
    assert compared(told_once(first), told_twice(first)).changes == ()


def test_a_cell_that_goes_on_from_what_it_did_is_one_more_step():
    first = "path = path + '.csv'"
    found = compared(told_once(first), told_twice(first))
    assert [(c.kind, c.note) for c in found.changes] == [("code", "only in B")]


def test_cells_are_paired_by_id_even_when_their_code_changed_much():
    other = told_run(load="df = something_else_entirely(with_other, names)")
    (change,) = compared(told_run(), other).changes
    assert (change.a, change.b) == (2, 2)


def test_retyped_cells_are_paired_by_what_they_say():
    one, other = Told(), Told("t")
    one.cell("%%track forest\nm = fit(df, rows=10)", cell_id="x")
    other.cell("%%track forest\nm = fit(df, rows=20)", cell_id="y")
    (change,) = compared(one, other).changes
    assert [line.op for line in change.diff] == ["removed", "added"]


def test_an_edited_module_is_a_change():
    found = compared(told_run(), told_run(helpers="file1:22"))
    assert kinds(found) == []  # nothing of helpers is used
    load = "df = helpers.read('a.csv')"
    found = compared(told_run(load=load), told_run(load=load, helpers="file1:22"))
    assert kinds(found) == [("module", "helpers.py")]


def test_packages_that_changed_came_or_went():
    one = told_run(packages={"numpy": "2.0", "scipy": "1.0", "old": "1"})
    other = told_run(packages={"numpy": "2.1", "scipy": "1.0", "new": "1"})
    found = compared(one, other)
    assert [(c.name, c.a, c.b) for c in found.changes] == [
        ("numpy", "2.0", "2.1"),
        ("old", "1", None),
        ("new", None, "1"),
    ]
    assert found.same["packages"] == 1


def test_several_changes_are_not_told_apart():
    other = told_run(fit="%%track forest depth=8\nm = fit(df, depth)", auc=0.9, digest="file1:bb")
    assert compared(told_run(), other).sentence == (
        "auc 0.8 → 0.9 (+0.1). 2 recorded things changed;"
        " these records cannot tell which of them did it."
    )


@pytest.mark.parametrize(("value", "delta"), [("NaN", None), ("Infinity", None), (0.5, -0.3)])
def test_a_delta_is_a_number_or_nothing(value: float | str, delta: float | None):
    (moved,) = compared(told_run(), told_run(auc=value)).metrics
    assert moved.delta == (pytest.approx(delta) if delta else None)


def test_packages_that_were_not_listed_are_not_known():
    one = told_run()
    one.findings = [f for f in one.findings if not isinstance(f, facts.EnvironmentFound)]
    assert compared(one, told_run()).unknown == ("packages: those of A were not listed",)


def test_packages_that_neither_side_listed_are_not_known_of_both():
    one, other = told_run(), told_run(session="t")
    for told in (one, other):
        told.findings = [f for f in told.findings if not isinstance(f, facts.EnvironmentFound)]
    assert compared(one, other).unknown == ("packages: those of A and B were not listed",)


def test_a_global_that_a_function_reads_is_a_change():
    def told(session: str, *depths: int) -> Told:
        told = Told(session)
        told.cell("DEPTH = 3", cell_id="depth")
        told.cell("def train(lr): return DEPTH * lr", cell_id="def")
        for depth in depths:
            told.cell(f"DEPTH = {depth}", cell_id="depth")
        told.cell("%%track forest lr=1\nm = train(lr)", cell_id="fit")
        return told

    (change,) = compared(told("s"), told("t", 30)).changes
    assert [line.text for line in change.diff] == ["DEPTH = 3", "DEPTH = 30"]
    assert compared(told("s"), told("t", 30, 3)).changes == ()


@pytest.mark.parametrize("above", ["", "%%time\n", "%%time\n\n%%capture\n", "\n"])
def test_an_edited_mark_is_no_change_of_code(above: str):
    def told(session: str, mark: str) -> Told:
        told = Told(session)
        told.cell(f"{above}{mark}\nm = fit(df, depth)", cell_id="fit")
        return told

    one, other = told("s", "%%track forest depth=4"), told("t", "%%track forest depth=2*4 ")
    assert kinds(compared(one, other)) == [("param", "depth")]
    other = told("t", "%%track forest depth=4")
    other.cell(f"{above}%%track  forest depth=4\nm = fit(df, deeper)", cell_id="fit")
    (change,) = compared(one, other).changes
    assert [line.text for line in change.diff if line.op in ("added", "removed")] == [
        "m = fit(df, depth)",
        "m = fit(df, deeper)",
    ]


def test_far_lines_are_left_out_of_a_diff():
    before = "\n".join(f"line {number}" for number in range(30))
    ops = [line.op for line in diff_lines(before, before.replace("line 15", "other"))]
    assert ops == ["gap", "same", "same", "removed", "added", "same", "same", "gap"]


def told_reading_anew(digest: str, *before: str) -> Told:
    told = Told("s" + digest[-1])
    told.cell("import pandas as pd\nmake('a.csv')", writes=[seen("a.csv", "file1:" + "a" * 64)])
    told.cell("df = pd.read_csv('a.csv')", reads=[seen("a.csv", "file1:" + "a" * 64)])
    for source in before:
        told.cell(source, writes=[seen("a.csv", digest)])
        told.cell("df = pd.read_csv('a.csv')", reads=[seen("a.csv", digest, shape=(5, 2))])
    told.cell("%%track forest\nm = fit(df)")
    return told


def test_data_that_the_cells_wrote_anew_is_told_beside_the_code_that_did():
    one = told_reading_anew("file1:" + "a" * 64)
    other = told_reading_anew("file1:" + "b" * 64, "df.iloc[:-5].to_csv('a.csv')")
    found = compared(one, other)
    assert kinds(found) == [("code", "df.iloc[:-5].to_csv('a.csv')")]
    assert any(line.startswith("a.csv, which these cells wrote") for line in found.context)


def test_injected_parameters_are_params_and_no_code():
    def told(session: str, injected: str) -> Told:
        run = Told(session)
        run.cell(injected)
        run.cell("%%track forest depth\nm = fit(depth)", params={"depth": int(injected[-1])})
        return run

    found = compared(told("s", "# Parameters\ndepth = 3"), told("t", "# Parameters\ndepth = 6"))
    assert kinds(found) == [("param", "depth")]


def test_cells_that_meet_and_ran_the_other_way_round_are_a_change():
    def told(session: str, *order: str) -> Told:
        told = Told(session)
        cells = {
            "scale": "df['x'] = df['x'] / 2",
            "clip": "df['x'] = df['x'].clip(0, 1)",
            "plot": "colour = 'red'",
        }
        told.cell("df = make()", cell_id="make")
        for name in order:
            told.cell(cells[name], cell_id=name)
        told.cell("%%track forest\nm = fit(df, colour)", cell_id="fit")
        return told

    found = compared(told("s", "scale", "clip", "plot"), told("t", "clip", "scale", "plot"))
    assert kinds(found) == [("order", "df['x'] = df['x'] / 2")]
    assert found.changes[0].note == "before df['x'] = df['x'].clip(0, 1) in A, after it in B"
    found = compared(told("s", "scale", "clip", "plot"), told("t", "plot", "scale", "clip"))
    assert found.changes == ()


def test_what_is_known_of_the_rows_is_told_with_the_data():
    one, other = told_run(), told_run(session="t", digest="file1:" + "b" * 64)
    documents = one.document("forest"), other.document("forest")
    rows = RowsChange(added=1, removed=0, changed=2, key="id")
    (change,) = compare(*documents, lambda *_: rows).changes
    assert (change.rows, change.note) == (rows, "1 row added, 2 changed, known by id")
    assert (change.a_data.digest, change.b_data.name) == ("file1:" + "a" * 64, "a.csv")
    (change,) = compare(*documents, lambda *_: "no copy of A is kept").changes
    assert (change.rows, change.rows_missing) == (None, "no copy of A is kept")


def test_rows_in_another_order_are_told_as_that():
    found = diff_rows(["x", "1", "2"], ["x", "2", "1"])
    assert (found.added, found.removed, found.is_reordered) == (0, 0, True)


def test_what_a_cell_showed_is_a_result_and_no_cause():
    def told(session: str, digest: str) -> Told:
        told = Told(session)
        shown = [OutputRef(mime="image/png", digest=digest, size_bytes=3, kind="display")]
        told.cell("%%track forest\nplot(m)", cell_id="fit", outputs=shown)
        return told

    found = compared(told("s", "file1:aa"), told("t", "file1:bb"))
    assert found.changes == ()
    assert [(change.name, change.a_cell, change.b_cell) for change in found.outputs] == [
        ("plot(m)", "s.0", "t.0")
    ]
    assert compared(told("s", "file1:aa"), told("t", "file1:aa")).outputs == ()


def test_the_git_tree_is_typed_and_no_cause():
    one, other = told_run(), told_run(session="t")
    other.findings.append(facts.SourceFound(source=Source(git_commit="b" * 40)))
    found = compared(one, other)
    assert [(c.kind, c.name, c.b) for c in found.around] == [("git", "commit", "b" * 40)]
    assert found.changes == ()


def test_what_only_the_net_saw_in_one_of_the_two_is_no_change_but_not_known():
    def told(session: str, others: list[facts.Seen]) -> Told:
        told = Told(session)
        told.cell("%%track forest\nread('a.csv')", reads=[seen("a.csv", "file1:a"), *others])
        return told

    by_the_net = [seen(name, "file1:b", seen_by="net") for name in ("b", "c", "d", "e")]
    found = compared(told("s", []), told("t", by_the_net))
    assert kinds(found) == []
    assert found.same["inputs"] == 1
    (line,) = [line for line in found.unknown if "opened" in line]
    assert line == "b, c, d and 1 more: opened while only one of the two ran, by whom is not known"


def figure(digest: str) -> OutputRef:
    return OutputRef(mime="image/png", digest=f"file1:{digest}", size_bytes=3, kind="display")


def test_what_cells_after_a_run_showed_of_it_is_compared_as_it_was_last():
    def told(session: str, *digests: str, is_plotted: bool = True) -> Told:
        told = Told(session)
        told.cell("df = read('a.csv')", cell_id="load")
        told.cell("%%track forest\nm = fit(df)", cell_id="fit")
        told.cell("p = m.predict(df)", cell_id="predict")
        for digest in digests if is_plotted else ():
            told.cell("plot(p)", cell_id="plot", outputs=[figure(digest)])
        told.cell("plot(df)", cell_id="look", outputs=[figure(digests[-1])])
        return told

    found = compared(told("s", "aa"), told("t", "cc", "bb"))
    assert [(change.name, change.a_cell, change.b_cell) for change in found.outputs] == [
        ("plot(p)", "s.3", "t.4")
    ]
    assert found.changes == (), "what is shown is no cause"
    assert compared(told("s", "aa"), told("t", "aa")).outputs == ()
    assert compared(told("s", "aa"), told("t", "bb", is_plotted=False)).outputs == ()


def test_what_a_cell_shows_is_the_latest_run_s_when_that_depends_on_the_others_and_else_nobody_s():
    def shown_of(name: str, *, uses: str) -> list[str]:
        told = Told("s")
        told.cell("%%track low\na = fit()", cell_id="low")
        told.cell(f"%%track high\nb = fit({uses})", cell_id="high")
        told.cell("plot(a, b)", cell_id="plot", outputs=[])
        told.cell("plot(a, b)", cell_id="plot", outputs=[figure("aa")])
        replay = told.replay()
        run = next(run for run in replay.runs() if run.name == name)
        return [cell.id for cell in replay.document(run.id).shown]

    assert shown_of("high", uses="a") == ["s.3"]
    assert shown_of("low", uses="a") == []
    assert shown_of("high", uses="") == []
