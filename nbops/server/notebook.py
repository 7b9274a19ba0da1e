"""The notebook in front: its sessions and cell runs, and why a run came out as it did."""

from typing import Any

from jupyter_server.auth.decorator import authorized
from tornado import web  # type: ignore[attr-defined]

from nbops.index.queries import Index
from nbops.index.why import explain
from nbops.records import FORMAT
from nbops.server.handler import NbopsHandler


class NotebookHandler(NbopsHandler):
    """`GET /nbops/notebook?path=&kernel=&since=`: a notebook's sessions and newest cell runs."""

    @web.authenticated  # type: ignore[untyped-decorator]
    @authorized  # type: ignore[untyped-decorator]
    async def get(self) -> None:
        await self.answer(self._view)

    def _view(self) -> Any:
        since = self.number("since", 0)
        index, notebook = self.notebook()
        return describe_notebook(index, notebook, self.word("kernel"), since)


def describe_notebook(
    index: Index, notebook: str, kernel: str | None, since: int
) -> dict[str, Any]:
    """What the panel is sent of a notebook."""
    view = index.notebook(notebook, kernel, since=since)
    if view is None:
        return {"format": FORMAT, "unchanged": True, "version": since}
    return {
        "format": FORMAT,
        "unchanged": False,
        "version": view.version,
        "notebook": notebook,
        "sessions": view.sessions,
        "cell_runs": view.cell_runs,
        "runs": view.runs,
        "unshipped": view.unshipped,
        "error": view.state.get("error") or None,
    }


class WhyHandler(NbopsHandler):
    """`GET /nbops/why?path=&b=[&a=]`: what differs between two runs; A is the run before B."""

    @web.authenticated  # type: ignore[untyped-decorator]
    @authorized  # type: ignore[untyped-decorator]
    async def get(self) -> None:
        words = [self.word(side) for side in ("a", "b")]
        await self.answer(lambda: explain(self.index(), [word for word in words if word]))
