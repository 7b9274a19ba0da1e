"""What only the command line does: asked for here, and how it goes told while it takes its time."""

from pathlib import Path

import msgspec
from jupyter_server.auth.decorator import authorized
from msgspec.structs import replace
from tornado import web  # type: ignore[attr-defined]

from nbops.errors import NotFound
from nbops.index.executed import read_again
from nbops.server.commands import COMMANDS, Ask, write_command
from nbops.server.handler import NbopsHandler
from nbops.server.tasks import Tasks, TaskState

TASKS = "nbops_tasks"
"""Where the server's settings hold them."""

_WAITED_S = 2.0
"""So long a request waits for an answer before it says that there is none yet."""


class Order(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `POST /nbops/task/<id>` takes."""

    cancel: bool


class AskHandler(NbopsHandler):
    """`POST /nbops/ask?path=` with an `Ask`: starts it, and answers how it goes."""

    @web.authenticated  # type: ignore[untyped-decorator]
    @authorized  # type: ignore[untyped-decorator]
    async def post(self) -> None:
        may_execute = await self.may("execute")
        await self.answer(lambda: self._start(may_execute=may_execute))

    def _start(self, *, may_execute: bool) -> TaskState:
        ask: Ask = self.sent(Ask)
        place = self.place()
        command = COMMANDS[ask.command]
        if command.executes(ask) and not may_execute:
            raise web.HTTPError(403)
        if ask.run:
            place, values = read_again(self.index(), ask.run)
            ask = replace(ask, values=values)
            self.demand_inside(place)
        if command.is_about_notebook and not place.is_file():
            raise NotFound(f"There is no notebook {place.name!r}.", "Save it.")
        words = write_command(ask, place)
        folder = _folder(place) if command.is_about_notebook else self.served()
        task = _tasks(self).start(words, folder, command.limit_s, outlives=command.outlives)
        task.wait(_WAITED_S)
        return task.describe()


class TaskHandler(NbopsHandler):
    """`GET /nbops/task/<id>`: how it goes; `POST` with `{"cancel": true}`: ends it."""

    @web.authenticated  # type: ignore[untyped-decorator]
    @authorized  # type: ignore[untyped-decorator]
    async def get(self, key: str) -> None:
        await self.answer(lambda: self._look(key))

    @web.authenticated  # type: ignore[untyped-decorator]
    @authorized  # type: ignore[untyped-decorator]
    async def post(self, key: str) -> None:
        await self.answer(lambda: self._order(key))

    def _look(self, key: str) -> TaskState:
        task = _tasks(self).find(key)
        task.wait(_WAITED_S)
        return task.describe()

    def _order(self, key: str) -> TaskState:
        task = _tasks(self).find(key)
        order: Order = self.sent(Order)
        if order.cancel:
            task.cancel()
        return task.describe()


def _tasks(handler: NbopsHandler) -> Tasks:
    tasks: Tasks = handler.settings[TASKS]
    return tasks


def _folder(place: Path) -> Path:
    """Where the process works: the notebook's folder, or the nearest one that is there."""
    folder = place if place.is_dir() else place.parent
    return next(each for each in (folder, *folder.parents) if each.is_dir())
