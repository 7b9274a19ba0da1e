"""One session, followed as it grows: what its kernel left open is found out and written beside it."""

import contextlib
import functools
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nbops.capture.code.names import find_names
from nbops.capture.data.beacon import Beacon
from nbops.capture.data.contents import Stat, is_of_folder, path_of, stat_file
from nbops.capture.data.folders import hash_folder
from nbops.capture.data.hashing import digest_content, is_settled
from nbops.digests import is_sampled
from nbops.journal import facts
from nbops.journal.moved import is_moved
from nbops.journal.reader import EDITS, FINDINGS, JOURNAL, Tail
from nbops.journal.writer import Findings
from nbops.replay import Replay
from nbops.tracking.environments import Later, PackageChecker, find_environment, find_imports
from nbops.tracking.hash_limits import HashLimits
from nbops.tracking.kept_data import KeptData
from nbops.tracking.naming import find_named
from nbops.tracking.net import Catch, Net
from nbops.tracking.netting import sift
from nbops.tracking.ownership import Lease, is_alive
from nbops.tracking.remote import find_remote
from nbops.tracking.resting import Rest
from nbops.tracking.sampling import Sampler
from nbops.tracking.sources import SourceFinder
from nbops.workspace import Workspace

_SOON_S = 600.0
"""What a cell's code names is looked for this long after it ended; later, other files may lie there."""


_KNOWN_AT_HOME = ("source", "modules")
"""What git says of a project is asked where the project lies, not where a job runs for it."""


class FollowedSession:
    """A session that this process owns.

    `note` may be called from any thread; everything else belongs to the thread that calls `advance`.

    Parameters
    ----------
    later
        Where to hash, list packages and ask git.
    cache
        Digests by stat.
    data
        Copies of what was read and written.
    net
        What the operating system says was opened.
    is_errand
        Whether the session is brought home to another machine, which knows the project's history.
    """

    def __init__(
        self,
        workspace: Workspace,
        folder: Path,
        lease: Lease,
        later: Later,
        cache: "DigestCache",
        data: KeptData,
        net: Net,
        is_errand: bool = False,
    ) -> None:
        self.workspace = workspace
        self._root = str(workspace.root)  # git and editable packages are looked at below it
        self.folder = folder
        self.replay = Replay()
        self.is_closed = False
        self.is_ours = True  # else another process has taken the lease over
        self.is_leaving = False
        """Whether nothing more is to be found out: somebody else waits for the session."""
        self._lease = lease
        self._later = later
        self._cache = cache
        self._data = data
        self._limits = HashLimits(workspace.settings)
        self._net = net
        self._is_errand = is_errand
        self._was_brought = is_moved(folder)
        self._catches: list[Catch] = []
        self._net_problem: str | None = None
        self._journal = Tail(folder / JOURNAL, chained=True)
        self._edits = Tail(folder / EDITS, chained=False)
        self._findings = Findings(folder / FINDINGS)
        self._inbox: deque[Any] = deque()
        self._asked: set[Any] = set()
        self._looked_at = 0.0
        self.rest = Rest()
        self._sampler = Sampler(self.note, later)
        self._checker = PackageChecker(self.note, later)
        self._sources = SourceFinder(workspace)
        self.replay.feed_all(Tail(folder / FINDINGS, chained=False).read())

    @property
    def id(self) -> str:
        return self.folder.name

    @property
    def journal_bytes(self) -> int:
        """Bytes read, with an end that is torn for good."""
        is_over = self.replay.status != "running"
        return self._journal.offset + (self._journal.torn_bytes if is_over else 0)

    @property
    def head(self) -> str:
        """Link of the last line read: anchors the record wherever it is written down."""
        return self._journal.head

    def note(self, finding: facts.Fact) -> None:
        """Write a finding down, and have it replayed with the next `advance`.

        Raises
        ------
        OSError
            It could not be written.
        """
        self._findings.append(finding)
        self._inbox.append(finding)

    def advance(self) -> bool:
        """Read on; returns whether anything is new."""
        self.is_ours = self._lease.renew()
        if not self.is_ours:
            return False
        is_new = False
        for fact in self._journal.read():
            is_new = True
            self.rest.heed(fact)
            self.replay.feed(fact)
            self._follow_up(fact)
        if not is_new:
            self._judge()
        for edit in self._edits.read():
            is_new = True
            self.replay.feed(edit)
        is_over = self.replay.status != "running"
        self._checker.look(is_over=is_over, may_work=is_over or self.rest.may_compare)
        self._sampler.look(self.replay)
        self._look_into_net()
        while self._inbox:
            is_new = True
            self.replay.feed(self._inbox.popleft())
        self.replay.unread = self._journal.problems(is_over=self.replay.status != "running")
        return is_new

    def close(self) -> None:
        self.is_closed = True
        self._checker.stop()
        self._findings.close()
        self._lease.release()

    @property
    def is_busy(self) -> bool:
        """Whether something that was asked for is still to come."""
        return bool(self._asked)

    @property
    def has_news(self) -> bool:
        """Whether a finding was noted since the last `advance`."""
        return bool(self._inbox)

    @property
    def is_checking(self) -> bool:
        """Whether packages are still to be compared with what was installed: seconds, the first time."""
        return self._checker.is_busy

    # ---- inside -------------------------------------------------------------------------------------

    def _look_into_net(self) -> None:
        """Tell of cells that have ended what only the net has."""
        if self._net.problem != self._net_problem:
            self._net_problem = self._net.problem
            self.note(facts.NetCast(problem=self._net.problem))
        self._catches += self._net.take(self.id)
        for catch in list(self._catches):
            cell = self.replay.cells.get(f"{self.id}.{catch.seq}")
            if cell is None or cell.ended is None:
                continue
            self._catches.remove(catch)
            if cell.netted is None and not cell.skipped:
                found = sift(cell, catch, self.workspace, self._net.covers)
                if found.reads or found.writes or found.unopened or cell.commands:
                    self.note(found)
                for seen in (*found.reads, *found.writes):
                    self._ask_digest(seen)

    def _name_literals(self, ended: facts.CellEnded) -> None:
        """Tell what the code of a cell names that nobody saw: soon after it ended, or never."""
        cell = self.replay.cells[ended.cell_run]
        started = self.replay.started
        is_news = not cell.named_in_code and time.time() - ended.at < _SOON_S
        is_news = is_news and not self._was_brought  # else it was looked for where it ran
        if started is None or cell.skipped or not is_news:
            return
        with contextlib.suppress(OSError):
            found = find_named(cell, started.cwd, self.workspace, self._net.covers)
            if found is not None:
                self.note(found)

    def _follow_up(self, fact: Any) -> None:
        match fact:
            case facts.SessionStarted():
                self._ask(("source",), self._find_source, opens=self._root)
                self._ask_environment(fact.environment_stamp)
            case facts.CellStarted() | facts.CellBefore():
                if self.replay.cells[fact.cell_run].names is None:
                    finding = find_names(fact.cell_run, fact.source)
                    self._findings.append(finding)
                    self.replay.feed(finding)
                if isinstance(fact, facts.CellStarted):
                    self._ask_environment(fact.environment_stamp)
            case facts.CellEnded():
                self._name_literals(fact)
                if fact.imported and fact.cell_run not in self.replay.imported:
                    self._ask(("imports", fact.cell_run), lambda: self._find_imports(fact))
            case facts.DataSeen():
                for seen in (*fact.reads, *fact.writes):
                    self._ask_digest(seen)
                if fact.modules:
                    modules = fact.modules
                    self._ask(
                        ("modules", tuple(seen.path for seen in modules)),
                        lambda: self._find_untracked(modules),
                        opens=self._root,
                    )

    def _ask(self, key: Any, job: Callable[[], None], *, opens: str | None = None) -> None:
        """Have something done once, later; what it opens of a path is not what a cell opened."""
        if key in self._asked or (self._is_errand and key[0] in _KNOWN_AT_HOME):
            return
        self._asked.add(key)

        def work() -> None:
            try:
                if self.is_leaving:
                    return
                with self._net.our_own(opens) if opens else contextlib.nullcontext():
                    job()
            finally:
                self._asked.discard(key)

        self._later(work)

    def _ask_digest(self, seen: facts.Seen) -> None:
        if seen.missing is not None or seen.stat is None:
            return
        uri, stat = seen.uri, seen.stat
        if seen.digest is not None:
            path, digest = path_of(uri), seen.digest
            self._ask(("keep", digest), lambda: self._keep(path, digest, stat[1]), opens=path)
            return
        if (uri, stat) in self.replay.lookup.digests:
            return
        if uri.startswith("file:"):
            self._ask(("digest", uri, stat), lambda: self._hash(uri, stat), opens=path_of(uri))
        else:
            self._ask(("digest", uri, stat), lambda: self.note(find_remote(uri, stat)))

    def _hash(self, uri: str, stat: Stat) -> None:
        path = path_of(uri)
        if is_of_folder(stat):
            self.note(_find_folder(uri, path, stat, self._limits.of(path)))
            return
        digest = self._cache.digest(path, stat, self._limits.of(path))
        missing = None if digest else "changed before it could be hashed"
        if digest is None and stat_file(path) is None:
            missing = "gone before it could be hashed"
        self.note(facts.Digested(uri=uri, stat=stat, digest=digest, missing=missing))
        if digest is not None:
            self._keep(path, digest, stat[1])

    def _keep(self, path: str, digest: str, size_bytes: int) -> None:
        if digest in self.replay.lookup.kept:
            return
        with contextlib.suppress(OSError):  # gone, or no room: its digest is recorded anyway
            if self._data.keep(path, digest, size_bytes):
                self.note(facts.Kept(digest=digest))

    def _ask_environment(self, stamp: str) -> None:
        if stamp not in self.replay.lookup.environments and self.replay.started:
            started = self.replay.started
            job = functools.partial(self._find_environment, started, stamp)
            self._ask(("environment", stamp), job, opens=self._root)

    def _find_environment(self, started: facts.SessionStarted, stamp: str) -> None:
        found = find_environment(started, stamp)
        if found is not None:
            self.note(found)
            self._checker.plan(started, stamp, found.digest)

    def _find_imports(self, ended: facts.CellEnded) -> None:
        if self.replay.started is not None:
            self.note(find_imports(self.replay.started, ended))

    def _find_source(self) -> None:
        if self.replay.source is None and self.replay.started is not None:
            self.note(self._sources.find(Path(self.replay.started.cwd)))

    def _find_untracked(self, modules: list[facts.SeenModule]) -> None:
        found = self._sources.add(modules, self.replay.source)
        if found:
            self.note(found)

    def _judge(self) -> None:
        """Say how a session ended whose process is gone."""
        started = self.replay.started
        now = time.monotonic()
        if started is None or self.replay.status != "running" or now - self._looked_at < 1.0:
            return
        self._looked_at = now
        if is_alive(started):
            return
        Beacon(self.id).remove()
        for fact in self._journal.read():  # what it wrote last of all
            self.replay.feed(fact)
            self._follow_up(fact)
        if self.replay.status == "running":
            status = "died" if self.replay.running_cell else "finished"
            last = (self.folder / JOURNAL).stat().st_mtime
            self.note(facts.Judged(status=status, at=last, cells=len(self.replay.cells)))


def _find_folder(uri: str, path: str, stat: Stat, limit: int) -> facts.Digested:
    try:
        found = hash_folder(path, stat[2], limit)
    except OSError:
        missing = "gone before it could be hashed"
    else:
        if found is not None:
            return facts.Digested(uri=uri, stat=stat, **found._asdict())
        missing = "changed before it could be hashed"
    return facts.Digested(uri=uri, stat=stat, missing=missing)


class DigestCache:
    """Digests of files by their stat; never of a file that may still change unseen."""

    def __init__(
        self,
        find: Callable[[str, Stat], str | None],
        keep: Callable[[str, Stat, str], None],
    ) -> None:
        self._find = find
        self._keep = keep

    def digest(self, path: str, stat: Stat, limit: int | None = None) -> str | None:
        """Digest of the content that this stat names; None when the file is another by now.

        Parameters
        ----------
        limit
            Of a file larger than this, in bytes, samples are read.
        """
        known = self._find(path, stat)
        is_small = limit is None or stat[1] <= limit
        if known is not None and not (is_small and is_sampled(known)):
            return known
        digest = digest_content(path, stat, limit) if stat_file(path) == stat else None
        if digest is not None and is_settled(stat):
            self._keep(path, stat, digest)
        return digest
