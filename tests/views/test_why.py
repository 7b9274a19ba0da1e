"""Why two runs differ, as text and HTML."""

import pyarrow as pa
from told import Told, metric, seen

from nbops.comparison import compare
from nbops.comparison.conclusions import with_conclusions
from nbops.comparison.tables import compare_tables
from nbops.views.why import WhyView


def told_run(session: str, fit: str, digest: str, auc: float) -> Told:
    told = Told(session)
    told.cell(fit, metric("auc", auc), cell_id="fit", reads=[seen("a.csv", "file1:" + digest * 64)])
    return told


def test_every_kind_of_change_shows_itself():
    one = told_run("s", "%%track forest depth=1\nm = fit(<a>)", "a", 0.5).document("forest")
    other = told_run("t", "%%track forest depth=2\nm = fit(<b>)", "b", 0.7).document("forest")
    rows = compare_tables(pa.table({"x": [1]}), pa.table({"x": [2], "<y>": [None]}))
    found = compare(one, other, lambda *_: rows)
    view = WhyView(with_conclusions(one, other, found, ()))
    text = str(view)
    for line in (
        "  depth: 1 → 2",
        "    - m = fit(<a>)",
        "    + m = fit(<b>)",
        "    - 1",
        "    + 2",
        "    x: 1 value changed, mean 1 → 2, min 1 → 2, max 1 → 2",
        "    <y>: new, null",
    ):
        assert line in text.splitlines()
    html = view._repr_html_()
    assert "m = fit(&lt;b&gt;)" in html
    assert '<span class="added">+ 2</span>' in html
    assert "<b>" in html
    assert "fit(<b>)" not in html
    assert "<div>&lt;y&gt;: new, null</div>" in html


def test_better_is_said_of_two_runs_as_of_many_and_only_where_the_direction_is_known():
    one, other = Told("s"), Told("t")
    for told, value in ((one, 0.5), (other, 0.7)):
        told.cell(f"%%track forest\nx = {value}", metric("auc", value), metric("size", value))
    view = WhyView(compare(one.document("forest"), other.document("forest")))
    assert "+0.2 better" in str(view)
    assert "+0.2 better" in view._repr_html_()
    assert str(view).count("better") == 1


def test_where_records_cannot_tell_it_is_said_once_which_run_would():
    one = Told("s")
    fit = "%%track forest depth={}\nm = fit({})"
    one.cell(fit.format(1, "a"), metric("auc", 0.5), metric("loss", 0.5), cell_id="fit")
    other = Told("t")
    other.cell(fit.format(2, "b"), metric("auc", 0.7), metric("loss", 0.3), cell_id="fit")
    a, b = one.document("forest"), other.document("forest")
    text = str(WhyView(with_conclusions(a, b, compare(a, b), ())))
    assert text.count("A run that changes only depth 1 → 2 would tell more.") == 1
