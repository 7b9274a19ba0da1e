"""One cell run in full, the versions a cell has had, where data came from."""

from jupyter_server.auth.decorator import authorized
from tornado import web  # type: ignore[attr-defined]

from nbops.index.cells import describe_cell_run, list_versions, trace_data
from nbops.server.handler import NbopsHandler


class CellRunHandler(NbopsHandler):
    """`GET /nbops/cell-run/<id>?path=`: code as run, data, outputs as they were, names, environment."""

    @web.authenticated  # type: ignore[untyped-decorator]
    @authorized  # type: ignore[untyped-decorator]
    async def get(self, cell_run_id: str) -> None:
        await self.answer(lambda: describe_cell_run(self.index(), cell_run_id))


class VersionsHandler(NbopsHandler):
    """`GET /nbops/versions?path=&cell_id=[&text=]`: the texts that a cell has had, newest first."""

    @web.authenticated  # type: ignore[untyped-decorator]
    @authorized  # type: ignore[untyped-decorator]
    async def get(self) -> None:
        cell_id, text = self.get_query_argument("cell_id"), self.word("text")
        await self.answer(lambda: list_versions(self.index(), cell_id, text))


class LineageHandler(NbopsHandler):
    """`GET /nbops/lineage?path=&digest=`: which cells wrote data of this content, and which read it."""

    @web.authenticated  # type: ignore[untyped-decorator]
    @authorized  # type: ignore[untyped-decorator]
    async def get(self) -> None:
        digest = self.get_query_argument("digest")
        await self.answer(lambda: trace_data(self.index(), digest))
