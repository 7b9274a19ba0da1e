"""All runs: a page of them, a comparison of some, notes and tags of one."""

from jupyter_server.auth.decorator import authorized
from tornado import web  # type: ignore[attr-defined]

from nbops.index.executed import read_executed
from nbops.index.questions import Edit, ask_comparison, ask_page, make_edit
from nbops.server.handler import NbopsHandler


class RunsHandler(NbopsHandler):
    """`GET /nbops/runs?path=...`: one page of runs, by default one's own.

    `experiment`, `where`, `text`, `sort`, `column` (several), `page`, `limit`, `since`; `user=NAME` or `user=*`
    for everybody's; `everywhere=0` leaves out what was found in MLflow; `look=1` has MLflow asked for new ones.
    """

    @web.authenticated  # type: ignore[untyped-decorator]
    @authorized  # type: ignore[untyped-decorator]
    async def get(self) -> None:
        await self.answer(lambda: ask_page(self.index(), self))


class CompareHandler(NbopsHandler):
    """`GET /nbops/compare?path=&ids=A,B[,...][&all=1]`: what differs between 2 to 50 runs; A is the baseline."""

    @web.authenticated  # type: ignore[untyped-decorator]
    @authorized  # type: ignore[untyped-decorator]
    async def get(self) -> None:
        await self.answer(lambda: ask_comparison(self.index(), self))


class RunHandler(NbopsHandler):
    """`POST /nbops/run/<id>?path=` with `{"tags", "notes"}`: edit a run; answers with the run as it is then."""

    @web.authenticated  # type: ignore[untyped-decorator]
    @authorized  # type: ignore[untyped-decorator]
    async def post(self, run_id: str) -> None:
        await self.answer(lambda: make_edit(self.index(), run_id, self.sent(Edit)))


class ExecutedHandler(NbopsHandler):
    """`GET /nbops/executed/<id>?path=`: the notebook that a job executed, as it was kept."""

    @web.authenticated  # type: ignore[untyped-decorator]
    @authorized  # type: ignore[untyped-decorator]
    async def get(self, run_id: str) -> None:
        await self.answer(lambda: read_executed(self.index(), run_id))
