"""Follows the sessions of a workspace, keeps the index, ships runs.

It may be killed at any instant: everything that it knows is in the journals and findings, and the next one
goes on from there. `service` runs it in the background for all sessions; headless jobs run it in a thread of
their driver, for their own.
"""

import logging
import os
import queue
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path

from nbops.capture.secrets.privacy import set_private
from nbops.capture.secrets.redaction import add_patterns, redact
from nbops.index.database import IndexWriter, file_sizes
from nbops.index.open_parents import find_abandoned
from nbops.index.queries import Index
from nbops.journal import facts
from nbops.journal.reader import JOURNAL, Tail
from nbops.recording.background import look_requested_at, read_look, retry_requested_at
from nbops.recording.destination import choose_destination, remember_access
from nbops.tracking.doubts import Doubts
from nbops.tracking.erasures import Erasures
from nbops.tracking.following import DigestCache, FollowedSession
from nbops.tracking.kept_data import KeptData
from nbops.tracking.mlflow_reader import LinkQuestion
from nbops.tracking.net import Net
from nbops.tracking.ownership import Lease
from nbops.tracking.packing import Packer
from nbops.tracking.priorities import idle_disk, yield_to_all
from nbops.tracking.sharing import Sharing
from nbops.tracking.shipping import Shipper
from nbops.workspace import Workspace

_log = logging.getLogger(__name__)

_TICK_S = 0.1
_DISCOVER_EVERY_S = 0.5
_COUNT_EVERY_S = 3.0
_STAY_S = 60.0
_TRIES = 3
_LAST_LOOK_S = 5.0
_SET_ASIDE_S = 30.0
"""Until a session that could not be carried on, such as on a full disk, is taken up again."""
_STAY_UNREACHABLE_S = 600.0
_LOOK_WITHIN_S = 30.0
"""How old a wish to look into MLflow may be when this process starts: it was started for it."""


class Courier:
    """Serves a workspace.

    Parameters
    ----------
    only
        Serve this session and no other; None for all that nobody else serves.
    is_errand
        Whether another machine will ship what is recorded here.
    lease
        Of that session, when it was taken before: it was recorded elsewhere, and is over.
    """

    def __init__(
        self,
        workspace: Workspace,
        *,
        only: str | None = None,
        is_errand: bool = False,
        lease: Lease | None = None,
    ) -> None:
        workspace.prepare()
        settings = workspace.settings  # patches are read here, not in the kernel
        add_patterns(settings.redact)
        set_private(settings.private_columns, settings.private_paths, workspace.root)
        self.workspace = workspace
        self._only = only
        self._is_errand = is_errand
        self._index = IndexWriter(workspace)
        self._cache = DigestCache(self._index.digest_of, self._index.put_digest)
        self._data = KeptData(workspace)
        self._net = Net(workspace)
        if lease is None:
            self._net.cast()
        url = workspace.settings.store
        self._sharing = Sharing(workspace, url) if url and not is_errand else None
        self._followed: dict[str, FollowedSession] = {}
        self._packers: dict[str, Packer] = {}
        self._shippers: dict[str, Shipper] = {}
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._is_closing = False
        self._index_error: sqlite3.DatabaseError | None = None  # met in the background
        self._doubts = Doubts(
            workspace, self._net, self._cache, self._index.put_digest, self._jobs.put
        )
        self._worker = threading.Thread(target=self._work, name="nbops-hash", daemon=True)
        with idle_disk():
            self._worker.start()
        self.is_held = False  # who drives a job has more to say of it: no session is let go
        self._own_lease = lease
        if only is not None and lease is None:  # nobody else may be first
            self._own_lease = Lease(workspace.sessions / only)
            self._own_lease.take(None)
        self._finished: set[str] = set()
        self._set_aside: dict[str, tuple[float, str]] = {}  # until when, and why
        self._times_set_aside = 0
        self._over_since: dict[str, float] = {}
        self._complete_since: dict[str, float] = {}
        self._retried_at = retry_requested_at(workspace)
        wished_at = look_requested_at(workspace)
        is_fresh = abs(time.time() - wished_at) < _LOOK_WITHIN_S
        self._looked_at = 0.0 if is_fresh else wished_at
        self._discovered_at = 0.0
        self._counted_at = -_COUNT_EVERY_S
        self._busy_at = time.monotonic()
        self._told: tuple[str, ...] = ()
        self._erasures = Erasures(workspace)

    # ---- what others ask ------------------------------------------------------------------------------

    def tick(self) -> None:
        """Do what there is to do now, without waiting for anything."""
        if self._index_error is not None:
            raise self._index_error
        now = time.monotonic()
        if now - self._discovered_at > _DISCOVER_EVERY_S:
            self._discovered_at = now
            self._index.check()
            self._heed_erasures()
            self._discover()
            self._heed_retry()
            self._heed_look()
            self._heed_parents()
            self._heed_doubts()
        for followed in list(self._followed.values()):
            if followed.is_leaving:
                continue
            try:
                self._serve(followed)
            except sqlite3.DatabaseError:  # the index is everybody's
                raise
            except Exception as error:  # noqa: BLE001 - one session's failure is not the next one's
                _log.exception("following %s", followed.id)
                self._put_aside(followed, error)
        self._tell()

    @property
    def pending(self) -> int:
        """Shipments that are not in MLflow yet."""
        return sum(packer.unshipped() for packer in self._packers.values())

    @property
    def error(self) -> str | None:
        """Why the last attempt to ship failed, or to follow a session; None when it did not."""
        aside = (f"session {key}: {why}" for key, (_, why) in self._set_aside.items())
        return next((s.error for s in self._shippers.values() if s.error), next(aside, None))

    @property
    def has_hope(self) -> bool:
        """Whether what failed was not tried three times yet."""
        failures = [shipper.failures for shipper in self._shippers.values()]
        return max([*failures, self._times_set_aside], default=0) < _TRIES

    def has_finished(self, session_id: str) -> bool:
        """Whether a session has ended and everything of it is shipped."""
        return session_id in self._finished

    def note(self, session_id: str, finding: facts.Fact) -> bool:
        """Write a finding down about a session; False while it does not serve it."""
        followed = self._followed.get(session_id)
        if followed is not None:
            followed.note(finding)
        return followed is not None

    def close(self) -> None:
        """Leave; what is not done is left to the next one."""
        for shipper in self._shippers.values():
            shipper.stop()
        self._is_closing = True
        if self._sharing is not None:
            self._sharing.stop()
        self._jobs.put(None)
        self._worker.join(5.0)
        for followed in self._followed.values():
            followed.close()
        if self._own_lease is not None:
            self._own_lease.release()
        self._net.draw_in()
        self._index.close()

    def serve(self, should_stop: Callable[[], bool]) -> None:
        """Serve until told to stop, or until there has been nothing to do for a while."""
        while not should_stop():
            self.tick()
            now = time.monotonic()
            is_alive = any(f.replay.status == "running" for f in self._followed.values())
            if is_alive or (self._followed and not self.error):
                self._busy_at = now
            stay = _STAY_UNREACHABLE_S if self._followed else _stay_s()
            if now - self._busy_at > stay:
                return
            time.sleep(_TICK_S)

    # ---- inside ---------------------------------------------------------------------------------------

    def _discover(self) -> None:
        """Take over sessions that have something new and that nobody else serves."""
        folders = {folder.name: folder for folder in self.workspace.sessions.glob("*")}
        if self._only is not None:
            folders = {key: folders[key] for key in folders if key == self._only}
        else:
            self._index.forget_missing(folders)
        known = self._index.sizes()
        lost = self._find_lost()
        for key, folder in folders.items():
            if key in self._followed or key in self._erasures.under_way:
                continue
            if time.monotonic() < self._set_aside.get(key, (0.0, ""))[0]:
                continue
            sizes = file_sizes(folder)
            if key in self._finished and known.get(key, ())[:2] == sizes:
                continue  # else a run of it was edited since
            is_news = self._only is not None or known.get(key) != (*sizes, 0) or key in lost
            if sizes[0] and is_news:
                try:
                    self._take_over(folder)
                except (OSError, ValueError) as error:
                    self._wait_with(folder.name, error)

    def _find_lost(self) -> set[str]:
        """Sessions whose process cannot be seen to live, though nobody has told of their end."""
        if self._only is not None or time.monotonic() - self._counted_at < _COUNT_EVERY_S:
            return set()
        self._counted_at = time.monotonic()
        processes = Index(self.workspace).processes().items()
        return {key for key, there in processes if not (there.is_local and there.is_alive())}

    def _heed_retry(self) -> None:
        requested_at = retry_requested_at(self.workspace)
        if requested_at != self._retried_at:
            self._retried_at = requested_at
            self._busy_at = time.monotonic()
            self._set_aside = {key: (0.0, why) for key, (_, why) in self._set_aside.items()}
            for shipper in self._shippers.values():
                shipper.retry_now()

    def _heed_look(self) -> None:
        """Look for runs made elsewhere where this workspace's go, when someone wants to see them."""
        requested_at = look_requested_at(self.workspace)
        if self._only is None and requested_at != self._looked_at:  # clocks may be set back
            self._looked_at = requested_at
            self._busy_at = time.monotonic()
            chosen = self._index.latest_store() or read_look(self.workspace)
            store = chosen or self._default_store()
            self._shipper(store).look_now()

    def _heed_parents(self) -> None:
        """Stay until the runs of sweeps and pipelines that were killed are ended."""
        if self._only is None:
            for _, note, _ in find_abandoned(self.workspace):
                self._shipper(note.tracking_uri)
                if not self.error:
                    self._busy_at = time.monotonic()

    def _heed_doubts(self) -> None:
        """Look at the files of which somebody wants to know whether they changed."""
        if self._only is None and self._doubts.look():
            self._busy_at = time.monotonic()

    def _default_store(self) -> str:
        chosen = choose_destination(self.workspace, uri=None, experiment=None, notebook=None)
        return remember_access(self.workspace, chosen.uri)

    def _heed_erasures(self) -> None:
        """Leave the sessions of which something is being erased, and look at them anew after that."""
        erased = self._erasures.look()
        sharing_rests = self._sharing is None or self._sharing.rest(
            is_asked=bool(self._erasures.under_way)
        )
        for session in erased:
            self._finished.discard(session)
            self._index.look_anew(session)
            for shipper in self._shippers.values():
                shipper.look_anew()
        for session in self._erasures.under_way & self._followed.keys():
            followed = self._followed[session]
            followed.is_leaving = True
            is_free = [shipper.forget(followed) for shipper in self._shippers.values()]
            if all(is_free) and sharing_rests and not followed.is_busy:
                followed.close()
                del self._followed[session], self._packers[session]
                if self._only is not None:
                    self._finished.add(session)

    def _take_over(self, folder: Path) -> None:
        started = next(Tail(folder / JOURNAL, chained=True).read(), None)
        if started is None:
            return
        lease = self._own_lease or Lease(folder)
        if not lease.take(None if lease is self._own_lease else started):
            return
        followed = FollowedSession(
            self.workspace,
            folder,
            lease,
            later=self._jobs.put,
            cache=self._cache,
            data=self._data,
            net=self._net,
            is_errand=self._is_errand,
        )
        self._followed[folder.name] = followed
        self._set_aside.pop(folder.name, None)
        self._packers[folder.name] = Packer(followed)
        if not self._is_errand:
            self._shipper(
                started.tracking_uri
            )  # opens the store while there is nothing to ship yet

    def _serve(self, followed: FollowedSession) -> None:
        is_new = followed.advance()
        if not followed.is_ours:
            self._drop(followed)
            return
        if not followed.replay.is_ready:
            return
        packer = self._packers[followed.id]
        if is_new and not self._is_errand:
            for uri, shipment in packer.pack():
                self._shipper(uri).put(followed, shipment)
            self._ask(followed)
        unshipped = packer.unshipped() if is_new else -1
        if is_new:
            findings = file_sizes(followed.folder)[1]
            self._index.ingest(
                followed.replay,
                journal_bytes=followed.journal_bytes,
                findings_bytes=findings,
                unshipped=unshipped,
            )
        elif self._is_finished(followed, packer):
            self._let_go(followed)

    def _is_finished(self, followed: FollowedSession, packer: Packer) -> bool:
        return (
            followed.replay.status != "running"
            and not self.is_held
            and not (followed.is_busy or followed.has_news)
            and not (followed.is_checking and self._only is None)  # a job's driver is waited for
            and (
                self._is_errand
                or (
                    packer.unshipped() == 0
                    and not self._open_questions(followed)
                    and self._is_shared(followed)
                )
            )
        )

    def _is_shared(self, followed: FollowedSession) -> bool:
        """Whether the shared store has what was kept, or is away: then the next one brings it there."""
        if self._sharing is None or self._sharing.error is not None:
            return True
        since = self._complete_since.setdefault(followed.id, time.monotonic())
        return self._sharing.is_done_since(since)

    def _let_go(self, followed: FollowedSession) -> None:
        self._drop(followed)
        self._finished.add(followed.id)

    def _put_aside(self, followed: FollowedSession, error: Exception) -> None:
        """Leave a session alone for a while; then it is read again from its first line."""
        self._drop(followed)
        self._wait_with(followed.id, error)

    def _wait_with(self, session_id: str, error: Exception) -> None:
        self._set_aside[session_id] = (time.monotonic() + _SET_ASIDE_S, redact(str(error)))
        self._times_set_aside += 1

    def _drop(self, followed: FollowedSession) -> None:
        for shipper in self._shippers.values():
            shipper.forget(followed)
        followed.close()
        del self._followed[followed.id], self._packers[followed.id]

    def _ask(self, followed: FollowedSession) -> None:
        questions: dict[str, list[LinkQuestion]] = {}
        for uri, question in self._open_questions(followed):
            questions.setdefault(uri, []).append(question)
        for uri in {*questions, *self._shippers}:
            self._shipper(uri).ask(followed, questions.get(uri, ()))

    def _open_questions(self, followed: FollowedSession) -> list[tuple[str, LinkQuestion]]:
        replay = followed.replay
        home = replay.started.tracking_uri if replay.started else ""
        is_over = replay.status != "running"
        questions = []
        for cell in replay.cells.values():
            if not cell.mlflow_runs_started or cell.link_missing:
                continue
            question = LinkQuestion(
                session_id=followed.id,
                cell_run=cell.id,
                expected=cell.mlflow_runs_started,
                known=tuple(cell.links.values()),
                ended_at=cell.ended.at if cell.ended else None,
                experiment_id=cell.ended.experiment_id if cell.ended else None,
                is_session_over=is_over,
            )
            is_lost = len(cell.links) >= question.expected and self._is_long_over(followed)
            if not question.is_settled and not is_lost:
                uri = cell.ended.tracking_uri if cell.ended else None
                questions.append((uri or home, question))
        return questions

    def _is_long_over(self, followed: FollowedSession) -> bool:
        """Whether a session ended so long ago that what its exit would do has been done."""
        if followed.replay.status == "running":
            return False
        since = self._over_since.setdefault(followed.id, time.monotonic())
        return time.monotonic() - since > _LAST_LOOK_S

    def _shipper(self, uri: str) -> Shipper:
        if uri not in self._shippers:
            index = self._index if self._only is None else None
            self._shippers[uri] = Shipper(self.workspace, uri, index, self._may_load)
        return self._shippers[uri]

    def _may_load(self) -> bool:
        """Whether MLflow may be loaded; called from other threads."""
        followed = list(self._followed.values())
        return all(one.replay.status != "running" or one.rest.may_load for one in followed)

    def _tell(self) -> None:
        """Say in the index how shipping stands, when that changes."""
        sharing = self._sharing.error if self._sharing else None
        state = (self.error or sharing or "",)
        if state != self._told:
            self._told = state
            self._index.put_state(error=state[0])

    def _work(self) -> None:
        yield_to_all()
        while (job := self._jobs.get()) is not None:
            if self._is_closing:
                return
            try:
                job()
            except Exception as error:  # noqa: BLE001 - one job's failure is not the next one's
                if self._is_closing:  # the index went away below it: the next one does it again
                    return
                if isinstance(error, sqlite3.DatabaseError):
                    self._index_error = error
                _log.exception("in the background of %s", self.workspace.root)


def _stay_s() -> float:
    return float(os.environ.get("NBOPS_STAY_S", _STAY_S))
