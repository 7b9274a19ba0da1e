"""Lines that are to go: what stands instead of them, and the tombstone that says it was asked for.

A journal's chain stays whole: neighbouring lines that go become one, under the link of the last of
them, which the line after it rests on. The links between are dropped too, since a short line could be
guessed from its link and the one before.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from nbops.errors import RecordDamaged
from nbops.journal.facts import CellBefore, CellEnded, CellStarted, Erased, Fact, decode, encode
from nbops.writing import write_whole

Leave = Callable[[Fact], Fact | None]
"""What is left of a fact: itself, less of it, or nothing."""


class Tombstone(msgspec.Struct, frozen=True, kw_only=True):
    """That something of a session was erased on request; it lies outside of the session.

    Parameters
    ----------
    id
        The run, cell run or session that was asked for.
    erased
        Lines by the link that stands for them.
    done_at
        Seconds since the epoch; None while it is under way, or was interrupted.
    """

    format: int = 1
    session: str
    id: str
    asked_at: float
    lines: int = 0
    erased: dict[str, int] = {}
    done_at: float | None = None

    def write(self, folder: Path) -> None:
        """Write it, in place of an earlier state of the same."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(folder / f"{self.id}.json", msgspec.json.encode(self))


def read_tombstones(folder: Path) -> Iterator[Tombstone]:
    """All that were written; one that cannot be read says nothing."""
    for path in sorted(folder.glob("*.json")):
        try:
            yield msgspec.json.decode(path.read_bytes(), type=Tombstone)
        except (OSError, msgspec.MsgspecError):
            continue


def erase_lines(journal: bytes, leave: Leave) -> tuple[bytes, dict[str, int], list[bytes]]:
    """Take what is to go out of a journal.

    Returns
    -------
    The journal without it, how many lines each new link stands for, and the lines that went.

    Raises
    ------
    RecordDamaged
        A line is of a kind that only a newer version knows: it may be what is to go.
    """
    kept: list[bytes] = []
    erased: dict[str, int] = {}
    gone: list[bytes] = []
    span, link, left_over = 0, b"", list[CellBefore | CellStarted | CellEnded]()

    def close_span() -> None:
        nonlocal span
        if span:
            kept.append(b"%b %b\n" % (link, encode(Erased(lines=span, instead=list(left_over)))))
            erased[link.decode("ascii", "replace")] = span
            span = 0
            left_over.clear()

    for raw in journal.splitlines(keepends=True):
        if not raw.endswith(b"\n"):
            break
        own_link, _, line = raw[:-1].partition(b" ")
        fact, left = _look(line, leave)
        if left is fact:
            close_span()
            kept.append(raw)
            continue
        span, link = span + 1, own_link
        gone.append(line)
        if isinstance(left, CellBefore | CellStarted | CellEnded):
            left_over.append(left)
    close_span()
    return b"".join(kept), erased, gone


def erase_findings(findings: bytes, leave: Leave) -> tuple[bytes, list[bytes]]:
    """Take what is to go out of findings, which are not chained; returns what is left, and what went."""
    kept, gone = [], []
    for raw in findings.splitlines(keepends=True):
        fact, left = _look(raw.rstrip(b"\n"), leave)
        if left is fact:
            kept.append(raw)
            continue
        gone.append(raw)
        if left is not None:
            kept.append(encode(left) + b"\n")
    return b"".join(kept), gone


def _look(line: bytes, leave: Leave) -> tuple[Fact | None, Fact | None]:
    try:
        fact = decode(line)
    except ValueError:  # a torn end: nobody reads it
        return None, None
    if fact is None:
        raise RecordDamaged(
            "A newer nbops wrote this record: whose every line is cannot be told.",
            "Forget it with that version.",
        )
    return fact, leave(fact)
