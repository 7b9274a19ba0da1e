"""Pipelines of the workspace: how their steps go, or went."""

from jupyter_server.auth.decorator import authorized
from tornado import web  # type: ignore[attr-defined]

from nbops.index.pipelines import describe_pipelines
from nbops.server.handler import NbopsHandler


class PipelinesHandler(NbopsHandler):
    """`GET /nbops/pipelines?path=[&since=]`: each pipeline's newest run, step by step."""

    @web.authenticated  # type: ignore[untyped-decorator]
    @authorized  # type: ignore[untyped-decorator]
    async def get(self) -> None:
        await self.answer(
            lambda: describe_pipelines(self.index(), self.word("since"), self.served())
        )
