"""Routes: authenticate, authorise, ask the index, answer. Every error is in one table."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from jupyter_server.utils import url_path_join
from tornado import web  # type: ignore[attr-defined]

from nbops.errors import Ambiguous, NbopsError, NotFound, UsageError
from nbops.index.queries import Index
from nbops.index.why import explain
from nbops.records import FORMAT, to_json
from nbops.workspace import find_workspace

RESOURCE = "nbops"

_STATUS: tuple[tuple[type[NbopsError], int], ...] = (
    (Ambiguous, 409),
    (NotFound, 404),
    (UsageError, 400),
    (NbopsError, 500),
)


class NbopsHandler(APIHandler):  # type: ignore[misc]
    """Answers with JSON; an error of nbops becomes `{"message", "hint"}` with its status."""

    auth_resource = RESOURCE

    async def answer(self, call: Callable[[], Any]) -> None:
        """Finish with what a call returns; it runs in a thread, so that others are served meanwhile."""
        try:
            status, value = 200, await asyncio.to_thread(call)
        except NbopsError as error:
            status = next(status for kind, status in _STATUS if isinstance(error, kind))
            value = {"message": error.message, "hint": error.hint}
        self.set_status(status)
        self.set_header("Content-Type", "application/json")
        self.finish(to_json(value))

    def notebook(self) -> tuple[Index, str]:
        """Index and name of the notebook that the request is about.

        Raises
        ------
        UsageError
            It lies outside of what this server serves.
        """
        root = Path(self.settings["server_root_dir"]).expanduser().resolve()
        path = Path(os.path.abspath(root / self.get_query_argument("path").lstrip("/")))
        if not path.is_relative_to(root):
            raise UsageError("The notebook lies outside of the server's folder.")
        workspace = find_workspace(path)
        return Index(workspace), workspace.name_of(str(path))


class NotebookHandler(NbopsHandler):
    """`GET /nbops/notebook?path=&kernel=&since=`: a notebook's sessions and newest cell runs."""

    @web.authenticated  # type: ignore[untyped-decorator]
    @authorized  # type: ignore[untyped-decorator]
    async def get(self) -> None:
        kernel = self.get_query_argument("kernel", None)
        since = self.get_query_argument("since", "0")
        await self.answer(lambda: self._view(kernel, since))

    def _view(self, kernel: str | None, since: str) -> Any:
        if not since.isdigit():
            raise UsageError(f"since={since!r} is no version.")
        index, notebook = self.notebook()
        return describe_notebook(index, notebook, kernel, int(since))


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
        words = [self.get_query_argument(side, None) for side in ("a", "b")]
        await self.answer(lambda: explain(self.notebook()[0], [word for word in words if word]))


HANDLERS: tuple[tuple[str, type[NbopsHandler]], ...] = (
    ("notebook", NotebookHandler),
    ("why", WhyHandler),
)


def add_routes(web_app: Any) -> None:
    base = web_app.settings["base_url"]
    routes = [(url_path_join(base, "nbops", name), handler) for name, handler in HANDLERS]
    web_app.add_handlers(".*$", routes)
