"""The routes that the panel asks, in a real Jupyter server."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from kernels import Kernel
from processes import PATIENCE_S, wait_until
from told import Told, metric
from tornado.httpclient import HTTPClientError
from tornado.web import RequestHandler

from nbops.capture.data.contents import stat_file
from nbops.capture.environment.machine import this_process, user_name
from nbops.index.database import IndexWriter
from nbops.index.queries import Index
from nbops.records import Run
from nbops.server.routes import HANDLERS
from nbops.workspace import Workspace

pytest_plugins = ["pytest_jupyter.jupyter_server"]


@pytest.fixture
def jp_server_config() -> dict:
    return {"ServerApp": {"jpserver_extensions": {"nbops": True}}}


@pytest.fixture
def jp_root_dir(workspace: Workspace) -> Path:
    return workspace.root


@pytest.fixture(autouse=True)
def _no_loop_warnings(recwarn):
    """Only for the symmetry of the fixtures below."""


def put(workspace: Workspace, told: Told, *cells: str) -> list[Run]:
    """Have a session recorded and indexed."""
    for cell in cells:
        told.cell(cell)
    folder = workspace.sessions / told.session
    folder.mkdir(parents=True)
    told.write(folder)
    writer = IndexWriter(workspace)
    writer.ingest(told.replay(), journal_bytes=1, findings_bytes=1, unshipped=0)
    writer.close()
    return told.runs()


async def get(jp_fetch, name: str, **params: str) -> dict:
    return json.loads((await jp_fetch("nbops", name, params=params)).body)


async def until(condition: Callable[[], object], ask: Callable[[], Awaitable[object]]) -> None:
    """Ask as the panel does, until another process has brought something about."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "it did not come about in time"
        await ask()
        await asyncio.sleep(0.2)


async def test_a_notebook_that_was_never_tracked_is_empty(jp_fetch):
    view = await get(jp_fetch, "notebook", path="new.ipynb")
    assert view == {
        "format": 1,
        "unchanged": False,
        "version": 0,
        "notebook": "new.ipynb",
        "sessions": [],
        "cell_runs": [],
        "runs": [],
        "unshipped": 0,
        "error": None,
    }


async def test_a_tracked_notebook_shows_its_cell_runs(jp_fetch, kernel: Kernel, index: Index):
    kernel.run("%%track forest depth=2\nauc = depth / 8\nauc", "fit")
    assert index.wait(PATIENCE_S)
    view = await get(jp_fetch, "notebook", path="notebook.ipynb")
    assert view["sessions"][0]["is_tracking"] is True
    assert [cell["cell_id"] for cell in view["cell_runs"]] == ["fit", "start"]
    assert view["runs"][0]["name"] == "forest"
    again = await get(jp_fetch, "notebook", path="notebook.ipynb", since=str(view["version"]))
    assert again["unchanged"] in (True, False)
    kernel.run("%%track forest depth=4\nauc = depth / 8\nauc", "fit")
    assert index.wait(PATIENCE_S)
    newer = await get(jp_fetch, "notebook", path="notebook.ipynb", since=str(view["version"]))
    assert next(cell["execution_count"] for cell in newer["cell_runs"]) == 3
    why = await get(jp_fetch, "why", path="notebook.ipynb", b=newer["runs"][0]["id"])
    assert why["changes"][0]["name"] == "depth"


async def test_an_earlier_session_is_sent_with_its_cell_runs_and_runs(
    jp_fetch, workspace: Workspace
):
    earlier, newest = (
        Told("5e5510000001", notebook="n.ipynb"),
        Told("5e5510000002", notebook="n.ipynb"),
    )
    put(workspace, earlier, "%%track forest depth=1", "2 + 2")
    put(workspace, newest, "3 + 3")
    view = await get(jp_fetch, "notebook", path="n.ipynb", session=earlier.session, since="7")
    assert [session["id"] for session in view["sessions"]] == [earlier.session]
    assert [cell["source"] for cell in view["cell_runs"]] == ["2 + 2", "%%track forest depth=1"]
    assert [run["name"] for run in view["runs"]] == ["forest"]
    with pytest.raises(HTTPClientError) as caught:
        await get(jp_fetch, "notebook", path="n.ipynb", session="nowhere")
    assert caught.value.code == 404


async def test_who_asks_from_the_start_is_told_the_curves_of_a_running_cell_and_of_its_run(
    jp_fetch, workspace: Workspace
):
    told = Told("5e5510000001", notebook="n.ipynb")
    losses = [metric("loss", value, step=step) for step, value in enumerate((0.9, 0.5, 0.4))]
    told.cell("%%track train\ntrain()", *losses, cell_id="train", ends=False)
    put(workspace, told)

    async def points(kind: str, since: str) -> list[float]:
        view = await get(jp_fetch, "notebook", path="n.ipynb", since=since)
        return [point[1] for point in view[kind][0]["metrics"]["loss"]]

    for kind in ("cell_runs", "runs"):
        assert await points(kind, "0") == [0.9, 0.5, 0.4]
        assert await points(kind, "1") == [0.4], "what one has seen is not sent again"


async def states_of(jp_fetch, selected: tuple[str, ...] = (), **cells: str) -> dict[str, Any]:
    sources = [{"id": name, "source": source} for name, source in cells.items()]
    body = json.dumps({"cells": sources, "selected": selected})
    params = {"path": "notebook.ipynb"}
    sent = await jp_fetch("nbops", "states", params=params, method="POST", body=body)
    return json.loads(sent.body)


async def test_cells_matter_to_the_run_that_is_selected_as_they_ran_in_its_session(
    jp_fetch, kernel: Kernel, index: Index, start_kernel: Callable[..., Kernel]
):
    cells = {"low": "%%track low\na = 1", "high": "%%track high\nb = 2"}
    for name, source in cells.items():
        kernel.run(source, name)
    assert index.wait(PATIENCE_S)
    low = next(run.id for run in index.runs() if run.name == "low")

    async def that_matter(*selected: str) -> tuple[bool, list[str]]:
        edited = {name: source + "0" for name, source in cells.items()}
        answer = await states_of(jp_fetch, selected, **edited)
        mattering = [one["cell_id"] for one in answer["states"] if one["matters"]]
        return answer["is_of_selected"], mattering

    assert await that_matter() == (False, ["high"])
    assert await that_matter(low) == (True, ["low"])
    assert await that_matter("of another notebook") == (False, ["high"])

    kernel.shutdown()
    later = start_kernel()
    later.run("%load_ext nbops\n%track start", "start")
    later.run(cells["high"], "high")
    assert index.wait(PATIENCE_S)
    assert await that_matter() == (False, ["high"])
    assert await that_matter(low) == (True, ["low"]), "which did not run in the later session"


async def test_a_file_that_changes_on_disk_makes_the_cells_that_used_it_stale(
    jp_fetch, kernel: Kernel, index: Index
):
    file = index.workspace.root / "wine.csv"
    file.write_text("1")
    load, use = "wine = open('wine.csv').read()", "%track metric amount=float(wine)"
    kernel.run(load, "load")
    kernel.run(use, "use")
    assert index.wait(PATIENCE_S)
    wait_until(lambda: index.rows("SELECT digest FROM data_uses"))

    async def states() -> dict[str, list[str]]:
        answer = await states_of(jp_fetch, load=load, use=use)
        return {one["cell_id"]: [mark["kind"] for mark in one["marks"]] for one in answer["states"]}

    async def version() -> str:
        return (await get(jp_fetch, "states", path="notebook.ipynb"))["version"]

    before = await version()
    assert await states() == {}
    file.write_text("22")
    assert await version() != before
    assert await states() == {"load": ["stale"], "use": ["stale"]}
    file.write_text("1")
    await until(lambda: index.digest_of(str(file), stat_file(str(file))), states)
    assert await states() == {}, "the same bytes at another time"
    file.write_text("3")
    before = await version()
    await until(lambda: index.digest_of(str(file), stat_file(str(file))), states)
    assert await version() != before, "who was told nothing asks again"
    assert await states() == {"load": ["stale"], "use": ["stale"]}, "other bytes, as many"
    load = "wine = '3'"
    assert (await states())["load"] == ["changed", "stale"]
    assert (await get(jp_fetch, "states", path="new.ipynb"))["version"] is None


@pytest.mark.parametrize(
    ("name", "params", "status", "told"),
    [
        ("why", {"path": "n.ipynb", "b": "nothing"}, 404, "no run 'nothing'"),
        ("notebook", {"path": "n.ipynb", "since": "soon"}, 400, "is no version"),
        ("notebook", {"path": "../../etc/passwd"}, 400, "outside of the server's folder"),
        ("notebook", {}, 400, "path"),
        ("runs", {"path": "", "where": "metrics.auc >"}, 400, "ends where a value should be"),
        ("runs", {"path": "", "sort": "auc"}, 400, "Runs have no 'auc'"),
        ("runs", {"path": "", "page": "0"}, 400, "Pages count from 1"),
        ("runs", {"path": "", "limit": "many"}, 400, "is no whole number"),
        ("compare", {"path": "", "ids": "last"}, 400, "Give 2 to 50"),
        ("compare", {"path": "", "ids": "x,y"}, 404, "no run 'x'"),
        ("cell-run/5e.0", {"path": ""}, 404, "no cell run '5e.0'"),
        ("versions", {"path": ""}, 400, "cell_id"),
        ("lineage", {"path": "", "digest": "file1:00"}, 404, "No recorded cell"),
    ],
)
async def test_bad_requests_say_what_is_wrong(jp_fetch, name, params, status, told):
    with pytest.raises(HTTPClientError) as caught:
        await jp_fetch("nbops", *name.split("/"), params=params)
    assert caught.value.code == status
    assert told in caught.value.response.body.decode()


async def test_runs_come_in_pages_and_one_that_changed_nothing_is_short(
    jp_fetch, workspace: Workspace
):
    told = Told("5e5510000001", user=user_name())
    for depth in range(3):
        told.cell(f"%%track forest depth={depth}", metric("auc", depth / 8), cell_id="fit")
    put(workspace, told)
    put(workspace, Told("5e5510000002", user="eve", at=500.0), "%%track hers")
    page = await get(jp_fetch, "runs", path="", sort="metrics.auc", limit="2", column="metrics.auc")
    assert [row["values"] for row in page["rows"]] == [
        {"metrics.auc": 0.25},
        {"metrics.auc": 0.125},
    ]
    assert (page["total"], page["fields"]) == (3, ["metrics.auc", "params.depth"])
    assert page["users"] == [user_name(), "eve"]
    again = await get(jp_fetch, "runs", path="", since=str(page["version"]))
    assert again["unchanged"] is True
    assert "rows" not in again
    everybody = await get(jp_fetch, "runs", path="", user="*", text="hers")
    assert [row["user"] for row in everybody["rows"]] == ["eve"]
    found = await get(jp_fetch, "runs", path="", where="params.depth >= 1")
    assert found["total"] == 2


async def test_a_run_is_edited_and_told_back(jp_fetch, workspace: Workspace):
    here = this_process()
    names = ("host", "boot_id", "pid_namespace")  # of another host's it is waited for two minutes
    told = Told("5e5510000001", user=user_name(), **{name: getattr(here, name) for name in names})
    told.cell("%%track forest depth=1", metric("auc"), cell_id="fit")
    told.end()
    run = put(workspace, told)[0]
    body = json.dumps({"tags": {"stage": "kept"}, "notes": ["the <b>best</b> one"]})
    await jp_fetch("nbops", "run", run.id, params={"path": ""}, method="POST", body=body)
    index = Index(workspace)
    wait_until(lambda: index.run(run.id).tags == {"stage": "kept"})
    assert index.run(run.id).notes == ("the <b>best</b> one",)
    body = json.dumps({"tags": {"stage": None}})
    answer = await jp_fetch("nbops", "run", run.id, params={"path": ""}, method="POST", body=body)
    assert json.loads(answer.body)["tags"] == {}
    assert json.loads(answer.body)["notes"] == ["the <b>best</b> one"]


@pytest.mark.parametrize(
    ("body", "told"),
    [("no json", "cannot be read"), ('{"tags": 3}', "cannot be read"), ('{"name": "x"}', "name")],
)
async def test_an_edit_that_cannot_be_meant_changes_nothing(
    jp_fetch, workspace: Workspace, body: str, told: str
):
    session = Told("5e5510000001")
    session.cell("%%track forest depth=1", cell_id="fit")
    run = put(workspace, session)[0]
    with pytest.raises(HTTPClientError) as caught:
        await jp_fetch("nbops", "run", run.id, params={"path": ""}, method="POST", body=body)
    assert caught.value.code == 400
    assert told in caught.value.response.body.decode()
    assert not (workspace.sessions / "5e5510000001" / "edits.jsonl").exists()


PATHS = {name: name.replace(r"([\w.\-]+)", "5e5510000001.0") for name, _ in HANDLERS}
METHODS = [
    (name, method)
    for name, handler in HANDLERS
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE")
    if getattr(handler, method.lower()) is not getattr(RequestHandler, method.lower())
]
"""Every path under `/nbops/` with what can be asked of it."""


WITH_BODY = ("POST", "PUT", "PATCH")


def sent(method: str) -> dict:
    return {"method": method, "body": "{}"} if method in WITH_BODY else {"method": method}


def test_every_route_answers_something():
    assert {name for name, _ in METHODS} == {name for name, _ in HANDLERS}


def test_no_route_but_these_lies_under_our_name(jp_serverapp, jp_base_url):
    """Whoever adds one by another way would have it walked by none of the tests below."""
    application = jp_serverapp.web_app
    rules = [
        inner.matcher.regex.pattern
        for outer in application.default_router.rules
        for inner in getattr(outer.target, "rules", [])
        if hasattr(inner.matcher, "regex")
    ]
    prefix = f"{jp_base_url}nbops/"
    ours = {rule.removeprefix(prefix).rstrip("$") for rule in rules if rule.startswith(prefix)}
    assert ours == {name for name, _ in HANDLERS}


@pytest.mark.parametrize(("name", "method"), METHODS)
@pytest.mark.parametrize("token", [None, "wrong"])
async def test_no_route_answers_without_the_token(
    http_server_client, jp_base_url, name, method, token
):
    headers = {"Authorization": f"token {token}"} if token else {}
    url = f"{jp_base_url}nbops/{PATHS[name]}?path=n.ipynb"
    with pytest.raises(HTTPClientError) as caught:
        await http_server_client.fetch(url, headers=headers, **sent(method))
    assert caught.value.code == 403


@pytest.mark.parametrize(("name", "method"), METHODS)
async def test_every_route_is_authorised_as_nbops(
    jp_fetch, jp_serverapp, monkeypatch, name, method
):
    asked = []

    def is_authorized(handler, user, action, resource):
        asked.append((action, resource))
        return False

    monkeypatch.setattr(jp_serverapp.web_app.settings["authorizer"], "is_authorized", is_authorized)
    with pytest.raises(HTTPClientError) as caught:
        await jp_fetch("nbops", *PATHS[name].split("/"), params={"path": "n.ipynb"}, **sent(method))
    assert caught.value.code == 403
    assert asked == [("read" if method == "GET" else "write", "nbops")]


@pytest.mark.parametrize(("name", "method"), [each for each in METHODS if each[1] != "GET"])
@pytest.mark.parametrize("xsrf", [None, "wrong"])
async def test_who_is_logged_in_by_cookie_needs_the_xsrf_token_to_write(
    http_server_client, jp_base_url, jp_serverapp, name, method, xsrf
):
    token = jp_serverapp.identity_provider.token
    with pytest.raises(HTTPClientError) as caught:  # the cookies come with the redirection
        await http_server_client.fetch(f"{jp_base_url}login?token={token}", follow_redirects=False)
    cookies = [
        line.partition(";")[0] for line in caught.value.response.headers.get_list("Set-Cookie")
    ]
    assert any(cookie.startswith("username-") for cookie in cookies)
    headers = {"Cookie": "; ".join([*cookies, "_xsrf=right"])}
    if xsrf:
        headers["X-XSRFToken"] = xsrf
    url = f"{jp_base_url}nbops/{PATHS[name]}?path=n.ipynb"
    with pytest.raises(HTTPClientError) as caught:
        await http_server_client.fetch(url, headers=headers, **sent(method))
    assert caught.value.code == 403
    assert "xsrf" in caught.value.response.body.decode().lower()
