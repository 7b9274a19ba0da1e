"""Programs that a cell starts, and the files that their command lines name.

What a program does with such a file shows by how the file is when the cell ends: changed, it was written;
as before, it is an input known by its name only.
"""

import os
from collections import deque
from collections.abc import Iterator, Sequence

from nbops.capture.data.contents import Stat, look_at_folder, stat_file
from nbops.capture.processes.commands import Command, is_pattern

Named = tuple[str, Stat | None]
"""Absolute path or pattern, and what was there when the program started; None for nothing."""

_MOST_KEPT = 1_000
"""Programs of one cell that are told of."""


def look_at_named(command: Command, folder: str | None) -> list[Named]:
    """Files that a command line names, as they are before the program runs."""
    try:
        start = os.path.join(os.getcwd(), os.fsdecode(folder)) if folder else os.getcwd()
    except OSError:  # the working folder is gone
        return []
    named: list[Named] = []
    for path in dict.fromkeys(command.paths(start)):
        if command.is_shell and is_pattern(path):
            named.append((path, look_at_folder()))
        elif not os.path.isdir(path):
            named.append((path, stat_file(path)))
    return named


class Programs:
    """Programs of the running cell. Filled from within the user's calls: no lock."""

    def __init__(self) -> None:
        self._commands: deque[str] = deque(maxlen=_MOST_KEPT)
        self._named: dict[str, Stat | None] = {}

    def start(self, command: str, named: Sequence[Named]) -> None:
        self._commands.append(command)
        for path, content in named:
            self._named.setdefault(path, content)  # as the first program found it

    @property
    def is_empty(self) -> bool:
        return not (self._commands or self._named)

    def take_commands(self) -> Iterator[str]:
        """Command lines since the last call."""
        while self._commands:
            yield self._commands.popleft()

    def take_named(self) -> list[Named]:
        """Files that were named, once what the cell started has had its time with them."""
        named, self._named = self._named, {}
        return list(named.items())
