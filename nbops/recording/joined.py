"""Processes that a tracked cell started, scripts and workers: what they log and open is that cell's.

A journal has one writer, so each of them appends to a spool in the session's folder; the process of the
session takes the lines over.
"""

import os
import sys

from nbops.capture.data.audit import process_watch, watch_with
from nbops.capture.data.beacon import Beacon
from nbops.capture.data.watch import DataWatch
from nbops.capture.libraries.readers import watch_readers
from nbops.capture.processes.workers import Spool
from nbops.capture.secrets.privacy import set_private
from nbops.capture.secrets.redaction import add_patterns
from nbops.journal import facts
from nbops.recording.family import Card, find_card
from nbops.recording.logbook import Logbook
from nbops.recording.recorder import Plan
from nbops.recording.scalars import as_scalar
from nbops.store import Store


class _Joined(Logbook):
    """A process within the session of one above it."""

    def __init__(self, card: Card, watch: DataWatch, spool: Spool | None) -> None:
        self.id = card.session
        self.name = card.name
        self.experiment = card.experiment
        self.workspace = card.workspace
        self.folder = self.workspace.sessions / card.session
        self.store = Store(self.workspace.store)
        self.pid = os.getpid()
        self._watch = watch
        self._spool = spool

    def append(self, fact: facts.Fact) -> None:
        if self._spool is not None:
            with self._watch.looking_away():
                self._spool.note_fact(fact)

    def warn(self, _text: str) -> bool:
        return True


class JoinedScript(_Joined):
    """A script.

    Parameters
    ----------
    seq
        Number of the cell that started it.
    """

    def __init__(self, card: Card, seq: int) -> None:
        settings = card.workspace.settings
        add_patterns(settings.redact)
        set_private(settings.private_columns, settings.private_paths, card.workspace.root)
        folder = card.workspace.sessions / card.session
        watch = DataWatch(card.workspace, folder, Beacon(card.session))
        super().__init__(card, watch, watch.join())
        self._cell_run = f"{card.session}.{seq}"
        self.append(facts.ScriptJoined(cell_run=self._cell_run, script=_script()))

    @property
    def cell_run(self) -> str | None:
        return self._cell_run

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


class JoinedWorker(_Joined):
    """A worker, forked or started anew; outside of blocks of its own, it logs to the run it was started in."""

    def __init__(self, card: Card, watch: DataWatch) -> None:
        super().__init__(card, watch, watch.spool)
        self._beacon = Beacon(card.session)
        self._run = watch.open_run()

    @property
    def cell_run(self) -> str | None:
        seq = self._beacon.latest()
        return None if seq is None else f"{self.id}.{seq}"

    @property
    def block(self) -> str | None:
        return super().block or self._run


def join_as_worker() -> JoinedWorker | None:
    """Join the session that this worker's reads are told to; None when that is over, or there is none."""
    watch = process_watch()
    card = find_card() if watch is not None and watch.spool is not None else None
    return JoinedWorker(card, watch) if card is not None and watch is not None else None


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
