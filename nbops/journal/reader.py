"""Follow a journal or its findings as they grow, and verify a chain."""

from collections.abc import Container, Iterator
from pathlib import Path
from typing import Any

from nbops.errors import RecordDamaged
from nbops.journal.facts import Erased, decode
from nbops.journal.moved import read_mending
from nbops.journal.writer import SEED, link_of

JOURNAL = "journal.jsonl"
FINDINGS = "findings.jsonl"
EDITS = "edits.jsonl"


class Tail:
    """Facts of one file, each handed out once, also while it is being written.

    Parameters
    ----------
    path
        The file; it may not exist yet.
    chained
        Whether lines carry links. A line that does not fit its link is counted in `damaged` and
        still handed out when it can be read: what is legible is shown, what is wrong is said.
    """

    def __init__(self, path: Path, *, chained: bool) -> None:
        self.path = path
        self.offset = 0
        self.damaged = 0
        self.unknown = 0  # lines of kinds that only a newer version knows
        self.torn_bytes = 0  # of a line that is still being written, or never will be whole
        self.head = SEED
        self._chained = chained
        self._mend = read_mending(path.parent)

    def read(self) -> Iterator[Any]:
        """Yield the facts that were completed since the last call."""
        try:
            with self.path.open("rb") as file:
                file.seek(self.offset)
                data = file.read()
        except FileNotFoundError:
            return
        *lines, rest = data.split(b"\n")
        self.torn_bytes = len(rest)
        for line in lines:
            self.offset += len(line) + 1
            fact = self._parse(line)
            if fact is not None:
                yield fact

    def problems(self, *, is_over: bool) -> tuple[str, ...]:
        """What of the file could not be read, and why.

        Parameters
        ----------
        is_over
            Nobody writes to it any more.
        """
        said = []
        if self.damaged:
            said.append(
                f"{self.damaged} lines of the record are damaged:"
                " `nbops doctor --records` names the first"
            )
        if self.unknown:
            said.append(
                f"{self.unknown} facts are of kinds that only a newer nbops knows: update this one"
            )
        if is_over and self.torn_bytes:
            said.append("the record's last line is torn: what it said is lost")
        return tuple(said)

    def _parse(self, line: bytes) -> Any:
        fits = True
        if self._chained:
            link, _, line = line.partition(b" ")
            expected = link_of(self.head, line)
            self.head = link.decode("ascii", "replace")
            fits = self.head == expected
        try:
            fact = decode(self._mend(line) if self._mend else line)
        except ValueError:
            self.damaged += 1 if fits else 2
            return None
        if not fits and not isinstance(fact, Erased):  # `verify_chain` asks who erased it
            self.damaged += 1
        if fact is None:
            self.unknown += 1
        return fact


def verify_chain(path: Path, erased: Container[str] = ()) -> str:
    """Check every link of a journal.

    Parameters
    ----------
    erased
        Links of the places where lines were erased on request: their tombstones say so.

    Returns
    -------
    The chain's head.

    Raises
    ------
    RecordDamaged
        Names the first line that does not fit.
    """
    head = SEED
    with path.open("rb") as file:
        for number, raw in enumerate(file, 1):
            if not raw.endswith(b"\n"):
                break
            link, _, line = raw[:-1].partition(b" ")
            said = link.decode("ascii", "replace")
            head = said if said in erased and _is_erased(line) else link_of(head, line)
            if said != head:
                raise RecordDamaged(
                    f"{path}: line {number} does not fit the one before it.",
                    "It was changed, or lines before it are gone.",
                )
    return head


def read_links(path: Path) -> set[str]:
    """All links of a journal, each of which was its chain's head once."""
    with path.open("rb") as file:
        whole = (raw for raw in file if raw.endswith(b"\n"))
        return {raw.partition(b" ")[0].decode("ascii", "replace") for raw in whole}


def _is_erased(line: bytes) -> bool:
    try:
        return isinstance(decode(line), Erased)
    except ValueError:
        return False
