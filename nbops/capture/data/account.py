"""Where what is opened is written down, once it is known to be data.

There are two: the ledger of the process that records (`ledger.py`), and the spool by which a worker tells
that process (`workers.py`). Both are filled from within the user's calls: no lock, no I/O that blocks.
"""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from nbops.capture.data.contents import NO_FRAME, Frame, Stat
from nbops.capture.processes.programs import Named
from nbops.journal.facts import Seen
from nbops.records import Listing, SeenBy


def with_frame(seen: Seen, frame: Frame) -> Seen:
    """What was seen, with the shape and columns of what was made of it, if they are known."""
    return msgspec.structs.replace(seen, **frame._asdict()) if frame.shape else seen


def frame_of(seen: Seen) -> Frame:
    """What is known of the frame that something was made into."""
    return Frame(seen.shape, seen.columns, seen.types)


class Account(Protocol):
    """Takes down what the running cell reads, writes, imports and starts."""

    def knows(self, path: str) -> bool:
        """Whether a read of this path needs no word more."""

    def has_told(self, folder: str) -> bool:
        """Whether a folder is told as a whole, or one that it lies in."""

    def read_file(
        self, path: str, content: Stat, by: SeenBy, frame: Frame = NO_FRAME, /
    ) -> None: ...

    def read_folder(
        self, path: str, content: Stat, by: SeenBy, frame: Frame = NO_FRAME, /
    ) -> None: ...

    def read_table(self, path: str, seen: Seen, /) -> None:
        """One version of a table that is a folder."""

    def has_listed(self, folder: str, patterns: tuple[str, ...]) -> bool:
        """Whether these names in a folder need no word more."""

    def list_names(self, folder: str, listing: Listing, /) -> None: ...

    def read_unplaced(self, path: str) -> None:
        """A file was opened relative to a folder that is not known."""

    def read_remote(self, seen: Seen, looked_at: Stat, frame: Frame = NO_FRAME, /) -> None: ...

    def read_query(self, seen: Seen, /) -> None: ...

    def about_to_write(self, path: str) -> None:
        """A file is as it was for the last time."""

    def write(self, path: str, by: SeenBy, frame: Frame = NO_FRAME, /) -> None: ...

    def write_remote(self, seen: Seen, frame: Frame = NO_FRAME, /) -> None: ...

    def rename(self, source: str, target: str, /) -> None: ...

    def note_private(self, *, is_write: bool) -> None:
        """Something private was read or written: not what, and not with which content."""

    def imported(self, path: str) -> None:
        """A source file of the workspace was run."""

    def started(self, command: str, named: Sequence[Named]) -> None:
        """Another program is about to start, whose command line names these files."""
