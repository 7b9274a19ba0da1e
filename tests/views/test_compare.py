"""A comparison as text, Markdown and one HTML file, of runs that mean harm."""

from html.parser import HTMLParser
from pathlib import Path

import pyarrow as pa
import pytest
from told import Told, metric, seen

from nbops.comparison import tabulate
from nbops.comparison.tables import compare_tables
from nbops.journal import facts
from nbops.records import Document, OutputRef
from nbops.store import Store
from nbops.views.compare import CompareView

HARM = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'|`![x](javascript:alert(3))"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


def harmful(session: str, store: Store, auc: float, depth: str) -> Document:
    """A run with harm in every name, text and output."""
    told = Told(session, name=HARM)
    shown = [
        OutputRef(mime="text/html", digest=store.put_bytes(HARM.encode()), size_bytes=3, number=0),
        OutputRef(
            mime="text/plain",
            digest=store.put_bytes((HARM + depth).encode()),
            size_bytes=3,
            number=0,
        ),
        OutputRef(
            mime="image/png",
            digest=store.put_bytes(b"png" + depth.encode()),
            size_bytes=3,
            number=1,
        ),
        OutputRef(
            mime="image/svg+xml",
            digest=store.put_bytes(b"<svg onload=alert(4)>"),
            size_bytes=3,
            number=2,
        ),
    ]
    digest = "file1:" + ("a" if depth == "1" else "b") * 64
    points = [metric(HARM, auc + step, step=step) for step in range(3)]
    told.cell(
        f"%%track forest\nx = '{HARM}{depth}'",
        *points,
        metric("accuracy", auc),
        facts.Param(cell_run="", name=HARM, value=HARM + depth),
        cell_id="fit",
        reads=[seen(HARM + ".csv", digest)],
        outputs=shown,
    )
    return told.document("forest")


@pytest.fixture
def view(store: Store) -> CompareView:
    rows = compare_tables(*(pa.table({HARM: [HARM + end]}) for end in "12"))
    documents = [harmful("s", store, 0.5, "1"), harmful("t", store, 0.7, "2")]
    return CompareView(tabulate(documents, compare_rows=lambda *_: rows), store)


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def tags_of(html: str) -> list[tuple[str, dict[str, str | None]]]:
    parser = Tags()
    parser.feed(html)
    return parser.found


@pytest.mark.parametrize("make", [CompareView.to_html, CompareView._repr_html_])
def test_nothing_of_a_run_becomes_markup(view: CompareView, make):
    html = make(view)
    tags = tags_of(html)
    assert not {tag for tag, _ in tags} & {"script", "iframe", "object", "a", "link", "form"}
    assert not [name for _, attributes in tags for name in attributes if name.startswith("on")]
    images = [attributes["src"] for tag, attributes in tags if tag == "img"]
    assert [source.partition(",")[0] for source in images] == ["data:image/png;base64"] * 2
    assert "&lt;script&gt;alert(1)" in html


def test_the_file_stands_alone_and_lets_nothing_load(view: CompareView):
    html = view.to_html()
    assert html.startswith("<!DOCTYPE html>")
    (policy,) = [
        attributes["content"]
        for tag, attributes in tags_of(html)
        if attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy == "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    assert "prefers-color-scheme:dark" in html
    assert "<polyline" in html
    assert "better" in html


def test_markdown_keeps_what_runs_say_in_its_cells(view: CompareView):
    text = view.to_markdown()
    outside = text.partition("```")[0]
    assert "<script" not in outside.replace("\\<", "")
    assert "![" not in outside.replace("\\!", "").replace("\\[", "")
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert {line.replace("\\|", "").count("|") for line in rows} == {4}
    assert "+ x = " in text


def test_better_is_said_only_where_the_direction_is_known(view: CompareView):
    text = view.to_markdown()
    assert "0.7 (+0.2 better)" in text
    assert text.count("better") == 1  # of the metric whose name says nothing, nothing is said


def test_the_object_is_plain(view: CompareView):
    assert {difference.kind for difference in view.differences} == {"param", "data", "code"}
    assert "accuracy 0.5 → 0.7 (+0.2)" in str(view)
    assert repr(view) == str(view)


def test_three_runs_are_three_columns(store: Store):
    documents = [harmful(key, store, auc, key) for key, auc in (("1", 0.5), ("2", 0.7), ("3", 0.6))]
    text = str(CompareView(tabulate(documents), store))
    assert "A forest" in text
    assert "C forest" in text
    assert "3 runs differ in" in text
