"""What a workspace knows to lie in the store that its team shares.

<workspace>/.nbops/shared.list    a line each, appended: `NAME`, `NAME ours` where this workspace brought it,
                                  `-NAME` when it took it away again
"""

from collections.abc import Iterable

from nbops.capture.secrets.redaction import redact
from nbops.workspace import Workspace


class SharedNames:
    """Names of files, in one shared store.

    Parameters
    ----------
    url
        Of the store; what was noted of another one counts no more.
    """

    def __init__(self, workspace: Workspace, url: str) -> None:
        self._path = workspace.state / "shared.list"
        self._known: set[str] = set()
        self._ours: set[str] = set()
        first = f"# {redact(url)}"
        try:
            lines = self._path.read_text("utf-8").splitlines()
        except OSError:
            lines = []
        if lines[:1] != [first]:
            self._path.touch(mode=0o600)
            self._path.write_text(f"{first}\n", "utf-8")
        for line in lines[1:] if lines[:1] == [first] else ():
            self._take(line)

    def __contains__(self, name: str) -> bool:
        return name in self._known

    def is_ours(self, name: str) -> bool:
        """Whether this workspace brought it, and nobody before."""
        return name in self._ours

    def note(self, name: str, *, is_ours: bool) -> None:
        self._append([f"{name} ours" if is_ours else name])

    def drop(self, names: Iterable[str]) -> None:
        """Note that these are there no more."""
        self._append([f"-{name}" for name in names])

    def _append(self, lines: list[str]) -> None:
        for line in lines:
            self._take(line)
        with self._path.open("a", encoding="utf-8") as file:
            file.write("".join(f"{line}\n" for line in lines))

    def _take(self, line: str) -> None:
        name, _, brought = line.partition(" ")
        if name.startswith("-"):
            self._known.discard(name[1:])
            self._ours.discard(name[1:])
            return
        self._known.add(name)
        if brought == "ours":
            self._ours.add(name)
