"""What a widget asks its kernel, answered as the server's routes do."""

import json
from pathlib import Path
from typing import Any

import pytest
from told import Told, metric

import nbops
from nbops.errors import NbopsError, UsageError
from nbops.index.database import IndexWriter
from nbops.index.queries import Index
from nbops.ipython.widgets import answer
from nbops.records import to_json
from nbops.workspace import Workspace


@pytest.fixture
def index(fresh_workspace: Workspace) -> Index:
    told = Told("5e5510000001")
    for depth in (2, 4):
        cell = f"%%track forest depth={depth}"
        told.cell(cell, metric("auc", depth / 8), cell_id="fit", status="ok")
    told.end()
    folder: Path = fresh_workspace.sessions / told.session
    folder.mkdir(parents=True)
    told.write(folder)
    writer = IndexWriter(fresh_workspace)
    writer.ingest(told.replay(), journal_bytes=1, findings_bytes=1, unshipped=0)
    writer.close()
    return Index(fresh_workspace)


def ask(index: Index, name: str, body: Any = None, **query: str) -> Any:
    asked = {"number": 1, "name": name, "query": query, "body": body}
    return json.loads(to_json(answer(index, "churn.ipynb", asked)))


def test_all_that_the_panel_asks_is_answered(index: Index):
    view = ask(index, "notebook", kernel="k1", since="0")
    assert [run["name"] for run in view["runs"]] == ["forest", "forest"]
    assert len(ask(index, "notebook", session="5e5510000001")["cell_runs"]) == 2
    page = ask(index, "runs", user="*", sort="metrics.auc", limit="1")
    assert (page["total"], page["rows"][0]["values"]["metrics.auc"]) == (2, 0.5)
    a, b = (run.id for run in reversed(index.runs()))
    assert ask(index, "why", a=a, b=b)["changes"][0]["name"] == "depth"
    assert [run["run_id"] for run in ask(index, "compare", ids=f"{a},{b}")["runs"]] == [a, b]
    assert ask(index, "cell-run/5e5510000001.0")["cell_run"]["cell_id"] == "fit"
    assert len(ask(index, "versions", cell_id="fit")["versions"]) == 2
    edited = ask(index, f"run/{a}", {"tags": {"stage": "kept"}})
    assert edited["tags"] == {"stage": "kept"}


@pytest.mark.parametrize(
    ("name", "body", "query", "told"),
    [
        ("secrets", None, {}, "cannot be asked for 'secrets'"),
        ("runs", None, {"page": "one"}, "is no whole number"),
        ("compare", None, {"ids": "x,y"}, "no run 'x'"),
        ("run/x", {"name": "other"}, {}, "cannot be read"),
    ],
)
def test_what_cannot_be_answered_says_why(index: Index, name, body, query, told):
    with pytest.raises(NbopsError, match=told):
        ask(index, name, body, **query)


def test_outside_of_a_notebook_the_panel_says_what_to_do():
    with pytest.raises(UsageError, match="no notebook"):
        nbops.panel()
