"""What workers fetched of one statement, put together: who of them fetched which part is an accident."""

from collections import defaultdict
from collections.abc import Iterator

import msgspec

from nbops.capture.libraries.cursors import MOST_STATEMENTS, beyond_most
from nbops.digests import digest_pieces
from nbops.journal.facts import Seen


class Pieces:
    """In the process that records, until the cell ends."""

    def __init__(self) -> None:
        self._by_statement: dict[str, dict[str | None, Seen]] = defaultdict(dict)

    def add(self, seen: Seen) -> None:
        """Take what one fetch of a worker gave."""
        if seen.uri not in self._by_statement and len(self._by_statement) >= MOST_STATEMENTS:
            seen = beyond_most(seen)
        self._by_statement[seen.uri].setdefault(seen.digest, seen)

    def take(self) -> Iterator[Seen]:
        """One reference a statement, since the last call."""
        while self._by_statement:
            _, pieces = self._by_statement.popitem()
            yield _together(list(pieces.values()))


def _together(pieces: list[Seen]) -> Seen:
    unknown = next((one for one in pieces if one.digest is None), None)
    if unknown is not None or len(pieces) == 1:
        return unknown or pieces[0]
    one = pieces[0]
    n_rows = sum(piece.shape[0] for piece in pieces if piece.shape)
    return msgspec.structs.replace(
        one,
        digest=digest_pieces(piece.digest for piece in pieces if piece.digest),
        shape=(n_rows, *one.shape[1:]) if one.shape else None,
    )
