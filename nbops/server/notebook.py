"""The notebook in front: its sessions and cell runs, and why a run came out as it did."""

from typing import Any

from jupyter_server.auth.decorator import authorized
from tornado import web  # type: ignore[attr-defined]

from nbops.index.notebook import describe_notebook
from nbops.index.questions import ask_why
from nbops.server.handler import NbopsHandler


class NotebookHandler(NbopsHandler):
    """`GET /nbops/notebook?path=&kernel=&since=`: a notebook's sessions and newest cell runs.

    With `session=ID` that session alone.
    """

    @web.authenticated  # type: ignore[untyped-decorator]
    @authorized  # type: ignore[untyped-decorator]
    async def get(self) -> None:
        await self.answer(self._view)

    def _view(self) -> Any:
        since = self.number("since", 0)
        index, notebook = self.notebook()
        return describe_notebook(index, notebook, self.word("kernel"), since, self.word("session"))


class WhyHandler(NbopsHandler):
    """`GET /nbops/why?path=&b=[&a=]`: what differs between two runs; A is the run before B."""

    @web.authenticated  # type: ignore[untyped-decorator]
    @authorized  # type: ignore[untyped-decorator]
    async def get(self) -> None:
        await self.answer(lambda: ask_why(self.index(), self))
