"""What is known of a cell only later, gathered into the ledger.

Workers tell it, and so do the programs that it started, the databases that are open, its cursors.
"""

import glob
from typing import Any

import msgspec

from nbops.capture.data.account import frame_of
from nbops.capture.data.contents import Stat, is_of_folder, stat_file
from nbops.capture.data.ledger import Ledger
from nbops.capture.data.pieces import Pieces
from nbops.capture.data.places import Places
from nbops.capture.libraries.cursors import Cursors
from nbops.capture.processes.workers import Spools
from nbops.journal.facts import Fact, ProcessStarted, Seen
from nbops.records import Listing


class Gathering:
    """In the process that records.

    Parameters
    ----------
    spools
        Of workers; None where there are none.
    """

    def __init__(
        self, ledger: Ledger, places: Places, cursors: Cursors, spools: Spools | None
    ) -> None:
        self._ledger = ledger
        self._places = places
        self._cursors = cursors
        self._spools = spools
        self._databases: dict[str, Stat | None] = {}  # that are open, maybe for many cells
        self._logged: list[Fact] = []  # by processes that joined
        self._pieces = Pieces()

    def keep_eye_on(self, path: str) -> None:
        """A database is open now, and may be written to by this cell and by later ones."""
        self._databases.setdefault(path, stat_file(path))

    @property
    def has_nothing(self) -> bool:
        """Whether there is nothing to tell."""
        ledger, cursors = self._ledger, self._cursors
        return (ledger.is_empty and ledger.programs.is_empty and cursors.is_empty) and not (
            self._databases or self._logged
        )

    def take(self, cell_run: str, *, at_end: bool, has_workers: bool) -> list[Fact]:
        """Facts since the last call."""
        if has_workers:
            self._take_over()
        if at_end:
            self._look_at_databases()
            self._look_at_named()
            for query in (*self._cursors.take(), *self._pieces.take()):
                self._ledger.read_query(query)
        commands = self._ledger.programs.take_commands()
        logged, self._logged = self._logged, []
        return [
            *logged,
            *(ProcessStarted(cell_run=cell_run, command=command) for command in commands),
            *self._ledger.take(cell_run, at_end=at_end),
        ]

    def _take_over(self) -> None:
        """Add what workers have seen by now."""
        for kind, what, *more in self._spools.read() if self._spools else ():
            match kind:
                case "read" if is_of_folder(tuple(more[0])):
                    self._ledger.read_folder(what, tuple(more[0]), "audit")
                case "read":
                    self._ledger.read_file(what, tuple(more[0]), "audit")
                case "unplaced":
                    self._ledger.read_unplaced(what)
                case "wrote":
                    self._ledger.write(what, "audit")
                case "imported":
                    self._ledger.imported(what)
                case "listed":
                    self._ledger.list_names(what, msgspec.convert(more[0], Listing))
                case "fact":
                    self._logged.append(what)
                case "started":
                    named = [(path, tuple(stat) if stat else None) for path, stat in more[0]]
                    self._ledger.started(what, named)
                case _:
                    self._take_what_is_no_file(kind, what, more)
        self._ledger.forget_files_in_folders()

    def _take_what_is_no_file(self, kind: str, what: Any, more: list[Any]) -> None:
        """Add what lies elsewhere, or may not be named."""
        match kind:
            case "url":
                looked_at, told_at = more
                seen = _seen(what)
                self._ledger.read_remote(seen, tuple(looked_at), frame_of(seen), told_at=told_at)
            case "table":
                self._ledger.read_table(what, _seen(more[0]))
            case "url_written":
                self._ledger.write_remote(_seen(what))
            case "query":
                self._pieces.add(_seen(what))
            case "hidden":
                self._ledger.note_hidden(what, is_write=more[0])
            case "private":
                self._ledger.note_private(is_write=what)

    def _look_at_named(self) -> None:
        """Tell what became of the files that command lines named."""
        for path, content in self._ledger.programs.take_named():
            if not self._places.may_tell(path, self._ledger, reads=True):
                continue
            if content is not None and is_of_folder(content):
                if any(glob.iglob(path, recursive=True)):  # noqa: PTH207 - as the shell reads it
                    self._ledger.read_folder(path, content, "name")
                continue
            now = stat_file(path)
            if path.endswith(".py") and now == content is not None:
                self._run_module(path)
            elif now is not None and now != content:
                self._ledger.write(path, "name")
            elif now is not None and not self._ledger.knows(path):
                self._ledger.name_file(path, now)

    def _run_module(self, path: str) -> None:
        if module := self._places.module_of(path):
            self._ledger.imported(module)

    def _look_at_databases(self) -> None:
        for path, before in list(self._databases.items()):
            now = stat_file(path)
            if now != before:
                self._databases[path] = now
                self._ledger.write(path, "audit")


def _seen(told: Any) -> Seen:
    return msgspec.convert(told, Seen)
