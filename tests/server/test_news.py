"""What is recorded is told over Jupyter Server's own stream of events."""

import json
from pathlib import Path

import pytest
from processes import PATIENCE_S
from told import Told

from nbops.index.database import IndexWriter
from nbops.server.news import EVENT, News
from nbops.workspace import Workspace, find_workspace

pytest_plugins = ["pytest_jupyter.jupyter_server"]


@pytest.fixture
def jp_server_config() -> dict:
    return {"ServerApp": {"jpserver_extensions": {"nbops": True}}}


@pytest.fixture
def jp_root_dir(workspace: Workspace) -> Path:
    return workspace.root


def record(workspace: Workspace, session: str) -> None:
    """Have a session recorded and indexed, as by another process."""
    told = Told(session, notebook="n.ipynb")
    told.cell("2 + 2")
    writer = IndexWriter(workspace)
    writer.ingest(told.replay(), journal_bytes=1, findings_bytes=1, unshipped=0)
    writer.close()


async def test_who_listens_is_told_at_once_and_nothing_but_where(
    jp_fetch, jp_ws_fetch, workspace: Workspace
):
    await jp_fetch("nbops", "notebook", params={"path": "n.ipynb"})
    stream = await jp_ws_fetch("api", "events", "subscribe")
    record(workspace, "5e5510000001")
    told = {}
    while told.get("schema_id") != EVENT:
        told = json.loads(await stream.read_message())
    assert {name for name in told if not name.startswith("__")} == {"schema_id", "folder"}
    assert told["folder"] == ""
    stream.close()


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_project_is_told_of_by_its_folder_until_nobody_asks_any_more(tmp_path: Path):
    (tmp_path / ".churn").mkdir()
    (tmp_path / ".churn" / "pyproject.toml").touch()
    workspace = find_workspace(tmp_path / ".churn")
    told: list[str] = []
    clock = Clock()
    news = News(told.append, tmp_path, clock)
    news.follow(workspace)
    news.look()
    assert told == []
    record(workspace, "5e5510000001")
    news.look()
    news.look()
    assert told == [".churn"]
    clock.now = 2 * PATIENCE_S
    news.look()
    record(workspace, "5e5510000002")
    news.look()
    assert told == [".churn"]
