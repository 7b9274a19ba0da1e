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
