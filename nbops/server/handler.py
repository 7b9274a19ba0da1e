"""What all routes share: JSON, the error table, and which notebook's records are meant."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from jupyter_server.base.handlers import APIHandler
from jupyter_server.utils import ensure_async

from nbops.errors import Ambiguous, NbopsError, NotFound, UsageError
from nbops.index.queries import Index
from nbops.index.questions import read_count
from nbops.records import to_json
from nbops.server.news import NEWS
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
        self.settings[NEWS].start()
        self.set_status(status)
        self.set_header("Content-Type", "application/json")
        self.finish(to_json(value))

    async def may(self, action: str) -> bool:
        """Whether who asks has a right, such as `execute`, beside that which the route asks for."""
        allowed = self.authorizer.is_authorized(self, self.current_user, action, RESOURCE)
        return bool(await ensure_async(allowed))

    def notebook(self) -> tuple[Index, str]:
        """Index and name of the notebook, or folder, that the request is about.

        Raises
        ------
        UsageError
            It lies outside of what this server serves.
        """
        path = self.place()
        workspace = find_workspace(path)
        self.settings[NEWS].follow(workspace)
        return Index(workspace), workspace.name_of(str(path))

    def served(self) -> Path:
        """Folder that this server serves."""
        return Path(self.settings["server_root_dir"]).expanduser().resolve()

    def place(self) -> Path:
        """Absolute path of the notebook, or folder, that the request is about.

        Raises
        ------
        UsageError
            It lies outside of what this server serves.
        """
        path = Path(os.path.abspath(self.served() / self.get_query_argument("path").lstrip("/")))
        self.demand_inside(path)
        return path

    def demand_inside(self, path: Path) -> None:
        """Refuse what this server does not serve; see `place`."""
        if not path.is_relative_to(self.served()):
            raise UsageError("The notebook lies outside of the server's folder.")

    def index(self) -> Index:
        return self.notebook()[0]

    def word(self, name: str) -> str | None:
        """Value of a query argument; None when it is missing or empty."""
        return self.get_query_argument(name, None) or None

    def words(self, name: str) -> tuple[str, ...]:
        """Values of a query argument that may be given several times."""
        return tuple(self.get_query_arguments(name))

    def number(self, name: str, default: int) -> int:
        """Value of a query argument that counts something.

        Raises
        ------
        UsageError
            It does not.
        """
        return read_count(name, self.get_query_argument(name, str(default)))

    def sent(self, kind: type[Any]) -> Any:
        """What the request's body holds.

        Raises
        ------
        UsageError
            It is not what is asked for.
        """
        try:
            return msgspec.json.decode(self.request.body, type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise UsageError(f"The request's body cannot be read: {error}.") from error
