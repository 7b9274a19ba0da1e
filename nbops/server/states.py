"""What the cells of the notebook in front wear in its margin."""

from typing import Any

import msgspec
from jupyter_server.auth.decorator import authorized
from tornado import web  # type: ignore[attr-defined]

from nbops.index.states import OpenCell, StatesVersion, describe_states, states_version
from nbops.server.handler import NbopsHandler


class Standing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `POST /nbops/states` takes: code cells as they are on the screen, and runs that are looked at."""

    cells: tuple[OpenCell, ...] = ()
    selected: tuple[str, ...] = ()


class StatesHandler(NbopsHandler):
    """`GET /nbops/states?path=&selected=A,B`: whether it is worth asking; `POST` with `{"cells"}`: how they stand."""

    @web.authenticated  # type: ignore[untyped-decorator]
    @authorized  # type: ignore[untyped-decorator]
    async def get(self) -> None:
        await self.answer(self._version)

    @web.authenticated  # type: ignore[untyped-decorator]
    @authorized  # type: ignore[untyped-decorator]
    async def post(self) -> None:
        await self.answer(self._judge)

    def _version(self) -> StatesVersion:
        selected = (self.word("selected") or "").split(",")
        return StatesVersion(version=states_version(*self.notebook(), selected))

    def _judge(self) -> Any:
        sent: Standing = self.sent(Standing)
        index, notebook = self.notebook()
        return describe_states(index, notebook, sent.cells, sent.selected)
