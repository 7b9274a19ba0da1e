"""Carries shipments to one store, from a thread of its own, until they are there."""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping

from nbops.errors import NbopsError
from nbops.index.database import IndexWriter
from nbops.journal import facts
from nbops.tracking.errors import Refusal
from nbops.tracking.following import FollowedSession
from nbops.tracking.mlflow_reader import LinkQuestion, MlflowReader
from nbops.tracking.mlflow_writer import MlflowWriter
from nbops.tracking.other_runs import OtherRuns
from nbops.tracking.parents import end_abandoned
from nbops.tracking.shipments import Shipment
from nbops.tracking.store import open_store, use_access
from nbops.workspace import Workspace

_log = logging.getLogger(__name__)

_ASK_EVERY_S = 1.0
_OPEN_WITHIN_S = 5.0
"""So long at most what is to be shipped waits until MLflow may be loaded."""
_LONGEST_PAUSE_S = 60.0
_TRIES = 5
"""Failures of one run, each after another run was taken, after which the run is to blame."""


class Shipper:
    """One store's shipments and questions.

    A store that does not answer is asked again after 1, 2, 4, ... 60 seconds; meanwhile newer states
    replace older ones, and no metric point is dropped.

    Parameters
    ----------
    index
        Where to note the store's other runs; None where nobody will look at them.
    may_load
        Whether the two seconds of a processor that MLflow takes to be loaded may be taken now.
    """

    def __init__(
        self,
        workspace: Workspace,
        shown_uri: str,
        index: IndexWriter | None,
        may_load: Callable[[], bool] = lambda: True,
    ) -> None:
        self.shown_uri = shown_uri
        self.error: str | None = None
        self._workspace = workspace
        self._waiting: dict[tuple[str, str], tuple[FollowedSession, Shipment]] = {}
        self._questions: dict[tuple[str, str], tuple[FollowedSession, LinkQuestion]] = {}
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._tries: dict[str, tuple[int, int]] = {}  # failures that count, shipped by the last
        self._shipped = 0
        self._is_stopping = False
        self._at_work = False
        self._is_stale = False
        self._writer: MlflowWriter | None = None
        self._reader: MlflowReader | None = None
        self._others: OtherRuns | None = None
        self._index = index
        self._asked_at = 0.0
        self._may_load = may_load
        self._waits_since: float | None = None  # for MLflow, with something to ship
        self.failures = 0
        self._thread = threading.Thread(target=self._run, name=f"ship-{shown_uri}", daemon=True)
        self._thread.start()

    @property
    def is_idle(self) -> bool:
        with self._lock:
            return not self._waiting and not self._at_work

    def put(self, followed: FollowedSession, shipment: Shipment) -> None:
        """Have a run brought to this state; it replaces one that still waits."""
        with self._lock:
            self._put(followed, shipment)
        self._wake.set()

    def ask(self, followed: FollowedSession, questions: Iterable[LinkQuestion]) -> None:
        """Have these questions answered, again and again until others are asked."""
        with self._lock:
            for key in [key for key in self._questions if key[0] == followed.id]:
                del self._questions[key]
            for question in questions:
                self._questions[followed.id, question.cell_run] = (followed, question)

    def forget(self, followed: FollowedSession) -> bool:
        """Leave a session to others: what waits of it is told by its record again.

        Returns False while something is on its way, which may be of it.
        """
        with self._lock:
            for waiting in (self._waiting, self._questions):
                for key in [key for key in waiting if key[0] == followed.id]:
                    del waiting[key]
            return not self._at_work

    def look_anew(self) -> None:
        """Believe no more to know what the store holds: something was erased there."""
        self._is_stale = True

    def retry_now(self) -> None:
        """Do not wait for the end of the pause after a failure."""
        self.failures = 0
        self.error = None  # what it was; who asks waits for what it is
        self._waits_since = 0.0
        self._wake.set()

    def look_now(self) -> None:
        """Look at all runs of the store for those that were made elsewhere, edited or deleted."""
        if self._others is not None:
            self._others.look_whole()
        self._wake.set()

    def stop(self, timeout_s: float = 5.0) -> None:
        self._is_stopping = True
        self._wake.set()
        self._thread.join(timeout_s)

    # ---- its thread -----------------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._is_stopping:
            pause = min(2.0 ** (self.failures - 1), _LONGEST_PAUSE_S) if self.failures else 0.25
            self._wake.wait(pause)
            self._wake.clear()
            if self._is_stopping:
                return
            if self._writer is None and not self._is_time():
                continue
            try:
                self._work()
            except NbopsError as error:
                self._fail(str(error))
            except Exception as error:  # noqa: BLE001 - whatever it was, what waits is tried again
                _log.exception("shipping to %s", self.shown_uri)
                self._fail(f"{type(error).__name__}: {error}")

    def _is_time(self) -> bool:
        """Whether to load MLflow: when no cell needs the processor, or somebody has waited long enough."""
        with self._lock:
            has_work = bool(self._waiting or self._questions)
        if has_work and self._waits_since is None:
            self._waits_since = time.monotonic()
        waited_s = 0.0 if self._waits_since is None else time.monotonic() - self._waits_since
        return waited_s > _OPEN_WITHIN_S or self._may_load()

    def _work(self) -> None:
        writer, reader = self._connect()
        before = self.failures
        failure = self._ship(writer)
        if time.monotonic() - self._asked_at > _ASK_EVERY_S:
            self._asked_at = time.monotonic()
            self._at_work = True
            try:
                self._answer(writer, reader)
                if self._index is not None:
                    end_abandoned(self._workspace, self.shown_uri, writer.client)
            finally:
                self._at_work = False
        if self._others is not None and not self._is_stopping and self._others.step():
            self._succeed()
        if failure is not None:
            self.failures = max(before, self.failures)
            raise failure

    def _ship(self, writer: MlflowWriter) -> Exception | None:
        """Send what waits; returns why one run could not be sent, though the store answers."""
        failed: dict[str, Exception] = {}
        while not self._is_stale and (item := self._take(writer, failed)) is not None:
            followed, shipment = item
            try:
                self._write(writer, followed, shipment)
            except Refusal as refusal:
                # Not one entry but the run itself, such as one that was deleted there meanwhile.
                self._give_up(followed, shipment, str(refusal))
            except Exception as error:
                if self._is_to_blame(shipment.key):
                    self._give_up(followed, shipment, str(error))
                    continue
                self._put_back(followed, shipment)
                failed[shipment.key] = error
                if len(failed) > 1 or not writer.answers():  # it is the store, not this one run
                    raise
            except BaseException:
                self._put_back(followed, shipment)
                raise
            else:
                self._succeed()
                self._shipped += 1
            finally:
                self._at_work = False
        return next(iter(failed.values()), None)

    def _write(self, writer: MlflowWriter, followed: FollowedSession, shipment: Shipment) -> None:
        try:
            writer.write(shipment, followed.note)
        except Refusal:
            writer.forget_experiments()
            writer.write(shipment, followed.note)
        self._tries.pop(shipment.key, None)

    def _is_to_blame(self, key: str) -> bool:
        """Whether a run keeps failing while the store takes others."""
        count, shipped = self._tries.get(key, (0, -1))
        if self._shipped > shipped:
            self._tries[key] = (count + 1, self._shipped)
        return self._tries[key][0] >= _TRIES

    def _give_up(self, followed: FollowedSession, shipment: Shipment, reason: str) -> None:
        _log.warning("%s refused %s: %s", self.shown_uri, shipment.key, reason)
        self._tries.pop(shipment.key, None)
        followed.note(facts.Refused(run=shipment.key, entry="run", reason=reason))
        followed.note(facts.Shipped(run=shipment.key, state=shipment.state))

    def _connect(self) -> tuple[MlflowWriter, MlflowReader]:
        """Open the store; before there is anything to ship, so that no metric waits for MLflow's import."""
        if self.failures:
            use_access(self._workspace, self.shown_uri)
        if self._is_stale or self._writer is None or self._reader is None:
            self._is_stale = False
            client = open_store(self._workspace, self.shown_uri)
            self._writer = MlflowWriter(self._workspace, self.shown_uri, client)
            self._reader = MlflowReader(client, self.shown_uri)
            if self._index is not None:
                self._others = OtherRuns(self.shown_uri, client, self._index)
        return self._writer, self._reader

    def _answer(self, writer: MlflowWriter, reader: MlflowReader) -> None:
        with self._lock:
            questions = list(self._questions.values())
        for followed, question in questions:
            if not question.is_settled:
                home = writer.experiment_of(followed.replay)
                for finding in reader.answer(question, home):
                    followed.note(finding)
                self._succeed()

    def _take(
        self, writer: MlflowWriter, failed: Mapping[str, object]
    ) -> tuple[FollowedSession, Shipment] | None:
        """Next shipment that did not fail in this round; a run's parent comes before it."""
        with self._lock:
            for key, (followed, shipment) in self._waiting.items():
                parent = shipment.parent
                is_early = (followed.id, parent) in self._waiting and not writer.has_run(parent)
                if shipment.key in failed or is_early or self._is_stopping:
                    continue
                self._at_work = True
                return self._waiting.pop(key)
            return None

    def _put(self, followed: FollowedSession, shipment: Shipment) -> None:
        key = (followed.id, shipment.key)
        if key in self._waiting:
            self._waiting[key][1].follow(shipment)
        self._waiting[key] = (followed, shipment)

    def _put_back(self, followed: FollowedSession, shipment: Shipment) -> None:
        """Keep what was not shipped, after the others; points go with what replaced it meanwhile."""
        key = (followed.id, shipment.key)
        if followed.is_closed:
            return
        with self._lock:
            newer = self._waiting.pop(key, None)
            if newer is not None:
                shipment.follow(newer[1])
                shipment = newer[1]
            self._waiting[key] = (followed, shipment)

    def _succeed(self) -> None:
        self.failures = 0
        self.error = None

    def _fail(self, error: str) -> None:
        self.failures += 1
        self.error = error
        self._wake.clear()
