"""Lines of a terminal that are written over."""

import shutil
import sys
from collections.abc import Sequence

import click

from nbops.views.text import cut


class Redrawn:
    """Some lines at the end of what a terminal shows, on stderr."""

    def __init__(self) -> None:
        self.is_live = sys.stderr.isatty()
        self._height = 0

    def draw(self, lines: Sequence[str]) -> None:
        """Show these instead of those before."""
        width = shutil.get_terminal_size().columns
        up = f"\x1b[{self._height}A" if self._height else ""
        text = "".join(f"\r{_cut(line, width)}\x1b[K\n" for line in lines)
        click.echo(f"{up}{text}\x1b[J", nl=False, err=True, color=True)
        self._height = len(lines)

    def leave(self) -> None:
        """Let what is shown stand; what is drawn next comes below it."""
        self._height = 0


def _cut(line: str, width: int) -> str:
    """At most a line of the terminal, else the lines could not be written over."""
    plain = click.unstyle(line)
    return line if len(plain) < width else cut(plain, width - 1)
