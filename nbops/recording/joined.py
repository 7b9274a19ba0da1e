"""A script that a tracked cell started: what it logs and opens is that cell's.

A journal has one writer, so a script appends to a spool in the session's folder, as workers do; the process
of the session takes the lines over.
"""

import os
import sys

from nbops.capture.audit import watch_with
from nbops.capture.beacon import Beacon
from nbops.capture.data import DataWatch
from nbops.capture.readers import watch_readers
from nbops.capture.redaction import add_patterns
from nbops.journal import facts
from nbops.recording.family import Card, find_card
from nbops.recording.logbook import Logbook
from nbops.recording.recorder import Plan
from nbops.recording.scalars import as_scalar
from nbops.store import Store


class JoinedScript(Logbook):
    """A script within the session of a process above it.

    Parameters
    ----------
    seq
        Number of the cell that started it.
    """

    def __init__(self, card: Card, seq: int) -> None:
        self.id = card.session
        self.name = card.name
        self.experiment = card.experiment
        self.workspace = card.workspace
        self.folder = self.workspace.sessions / card.session
        self.store = Store(self.workspace.store)
        self.pid = os.getpid()
        self._cell_run = f"{card.session}.{seq}"
        add_patterns(self.workspace.settings.redact)
        self._watch = DataWatch(self.workspace, self.folder, Beacon(card.session))
        self._spool = self._watch.join()
        self.append(facts.ScriptJoined(cell_run=self._cell_run, script=_script()))

    def append(self, fact: facts.Fact) -> None:
        if self._spool is not None:
            with self._watch.looking_away():
                self._spool.note_fact(fact)

    @property
    def cell_run(self) -> str | None:
        return self._cell_run

    def warn(self, _text: str) -> bool:
        return True

    def adopt(self, plan: Plan) -> None:
        """Take over the tags of `nbops.start`; name and experiment stay the session's."""
        if plan.tags:
            tags = {key: str(as_scalar(key, value)) for key, value in plan.tags.items()}
            self.append(facts.Adopted(tags=tags))

    def watch(self) -> None:
        watch_with(self._watch)
        watch_readers()

    def end(self) -> None:
        if self._spool is not None:
            self._spool.close()


def join_session(plan: Plan) -> JoinedScript | None:
    """Join the session of the cell that started this script; None when there is none, or it asks for another."""
    card = find_card()
    if card is None:
        return None
    is_another = plan.experiment not in (None, card.experiment)
    if is_another or plan.uri not in (None, card.tracking_uri):
        return None
    seq = Beacon(card.session).running()
    return None if seq is None else JoinedScript(card, seq)


def _script() -> str:
    return os.path.basename(sys.argv[0]) if sys.argv else ""
