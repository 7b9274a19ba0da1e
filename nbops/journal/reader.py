"""Follow a journal or its findings as they grow, and verify a chain."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nbops.errors import RecordDamaged
from nbops.journal.facts import decode
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
        self.head = SEED
        self._chained = chained

    def read(self) -> Iterator[Any]:
        """Yield the facts that were completed since the last call."""
        try:
            with self.path.open("rb") as file:
                file.seek(self.offset)
                data = file.read()
        except FileNotFoundError:
            return
        for line in data.splitlines(keepends=True):
            if not line.endswith(b"\n"):
                return  # still being written, or torn for good
            self.offset += len(line)
            fact = self._parse(line[:-1])
            if fact is not None:
                yield fact

    def _parse(self, line: bytes) -> Any:
        if self._chained:
            link, _, line = line.partition(b" ")
            expected = link_of(self.head, line)
            if link.decode("ascii", "replace") != expected:
                self.damaged += 1
            self.head = link.decode("ascii", "replace")
        try:
            fact = decode(line)
        except ValueError:
            self.damaged += 1
            return None
        if fact is None:
            self.unknown += 1
        return fact


def verify_chain(path: Path) -> str:
    """Check every link of a journal.

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
            head = link_of(head, line)
            if link.decode("ascii", "replace") != head:
                raise RecordDamaged(
                    f"{path}: line {number} does not fit the one before it.",
                    "It was changed, or lines before it are gone.",
                )
    return head
