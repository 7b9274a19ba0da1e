"""The routes that the panel asks, in a real Jupyter server."""

import json
from pathlib import Path

import pytest
from kernels import Kernel
from processes import PATIENCE_S
from tornado.httpclient import HTTPClientError

from nbops.index.queries import Index
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


async def get(jp_fetch, name: str, **params: str) -> dict:
    return json.loads((await jp_fetch("nbops", name, params=params)).body)


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


@pytest.mark.parametrize(
    ("name", "params", "status", "told"),
    [
        ("why", {"path": "n.ipynb", "b": "nothing"}, 404, "no run 'nothing'"),
        ("notebook", {"path": "n.ipynb", "since": "soon"}, 400, "is no version"),
        ("notebook", {"path": "../../etc/passwd"}, 400, "outside of the server's folder"),
        ("notebook", {}, 400, "path"),
    ],
)
async def test_bad_requests_say_what_is_wrong(jp_fetch, name, params, status, told):
    with pytest.raises(HTTPClientError) as caught:
        await jp_fetch("nbops", name, params=params)
    assert caught.value.code == status
    assert told in caught.value.response.body.decode()


@pytest.mark.parametrize("name", [name for name, _ in HANDLERS])
@pytest.mark.parametrize("token", [None, "wrong"])
async def test_no_route_answers_without_the_token(http_server_client, jp_base_url, name, token):
    headers = {"Authorization": f"token {token}"} if token else {}
    with pytest.raises(HTTPClientError) as caught:
        await http_server_client.fetch(f"{jp_base_url}nbops/{name}?path=n.ipynb", headers=headers)
    assert caught.value.code == 403


@pytest.mark.parametrize("name", [name for name, _ in HANDLERS])
async def test_every_route_is_authorised_as_nbops(jp_fetch, jp_serverapp, monkeypatch, name):
    asked = []

    def is_authorized(handler, user, action, resource):
        asked.append((action, resource))
        return False

    monkeypatch.setattr(jp_serverapp.web_app.settings["authorizer"], "is_authorized", is_authorized)
    with pytest.raises(HTTPClientError) as caught:
        await jp_fetch("nbops", name, params={"path": "n.ipynb"})
    assert caught.value.code == 403
    assert asked == [("read", "nbops")]
