"""News for who looks: over Jupyter Server's own stream of events, that something was recorded.

Records reach the index through other processes. While a project is asked about, the server looks a few times a
second whether its index was written, which costs two stats; once nobody asks any more, it looks no more.
"""

import contextlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tornado.ioloop import PeriodicCallback

from nbops.workspace import Workspace

EVENT = "https://events.nbops.dev/records/v1"
SCHEMA = {
    "$id": EVENT,
    "version": "1",
    "title": "Records of nbops",
    "description": "Something of a project was recorded, or brought to MLflow. Says not what: who may see it asks.",
    "personal-data": False,
    "type": "object",
    "required": ["folder"],
    "properties": {
        "folder": {
            "type": "string",
            "description": "The project's, from the server's root; empty where it holds the root.",
        }
    },
}
NEWS = "nbops_news"
"""Under which handlers find it among the server's settings."""
_EVERY_MS = 200
_PATIENCE_S = 60.0
"""Who was told of news asks seldom; who did not ask for so long is gone."""


@dataclass
class _Followed:
    folder: str
    asked_at: float
    mark: tuple[int, ...]


class News:
    """Tells that indexes were written.

    Parameters
    ----------
    tell
        Given the project's folder, as the event names it.
    root
        The server's.
    """

    def __init__(
        self, tell: Callable[[str], None], root: Path, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._tell, self._root, self._clock = tell, root, clock
        self._followed: dict[Path, _Followed] = {}
        self._timer = PeriodicCallback(self.look, _EVERY_MS)

    def follow(self, workspace: Workspace) -> None:
        """Look after a project: someone asks about it. May be called in any thread, before the answer is looked up."""
        followed = self._followed.get(workspace.index)
        if followed is None:
            folder = _folder_of(workspace.root, self._root)
            self._followed[workspace.index] = _Followed(
                folder, self._clock(), _mark(workspace.index)
            )
        else:
            followed.asked_at = self._clock()

    def start(self) -> None:
        """Begin to look, where there is what to look after; called in the server's loop."""
        if self._followed and not self._timer.is_running():
            self._timer.start()

    def look(self) -> None:
        """Tell what was written since the last look, and forget whom nobody asks about."""
        for index, followed in list(self._followed.items()):
            mark = _mark(index)
            if mark != followed.mark:
                followed.mark = mark
                self._tell(followed.folder)
            if self._clock() - followed.asked_at > _PATIENCE_S:
                self._followed.pop(index, None)
        if not self._followed:
            self._timer.stop()


def announce(server_app: Any) -> None:
    """Have the server's stream of events carry news, for the handlers to ask for."""
    logger, settings = server_app.event_logger, server_app.web_app.settings
    logger.register_event_schema(SCHEMA)
    root = Path(settings["server_root_dir"]).expanduser().resolve()
    settings[NEWS] = News(
        lambda folder: logger.emit(schema_id=EVENT, data={"folder": folder}), root
    )


def _mark(index: Path) -> tuple[int, ...]:
    """Another one when the index was written: its log first, the file itself when that is folded in."""
    numbers: list[int] = []
    for path in (index.with_name(index.name + "-wal"), index):
        with contextlib.suppress(OSError):
            found = os.stat(path)
            numbers += (found.st_ino, found.st_size, found.st_mtime_ns)
    return tuple(numbers)


def _folder_of(project: Path, root: Path) -> str:
    if not project.is_relative_to(root):
        return ""
    folder = project.relative_to(root).as_posix()
    return "" if folder == "." else folder
