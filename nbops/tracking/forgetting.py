"""Forgets a run, a cell run or a session: on this machine and in MLflow.

Each step can be done twice, and a tombstone is written before the first, so that asking again completes
what was interrupted. MLflow comes first, while the record still says what is there; the journal last. The
session's lease is held meanwhile: the background process sees the tombstone and leaves the session alone.
"""

import contextlib
import re
import shutil
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from nbops.capture.data.contents import path_of
from nbops.errors import NbopsError, NotFound, UsageError
from nbops.index.database import IndexWriter, file_sizes
from nbops.index.executed import EXECUTED_NOTEBOOK
from nbops.journal import facts
from nbops.journal.erasing import Leave, Tombstone, erase_findings, erase_lines, read_tombstones
from nbops.journal.facts import SessionStarted
from nbops.journal.reader import EDITS, FINDINGS, JOURNAL, Tail
from nbops.recording.editing import locked_edits
from nbops.replay import Replay, replay_folder
from nbops.replay.forgetting import Leaving, Scope, leave_nothing, scope_of
from nbops.store import Store
from nbops.tracking.mlflow_eraser import MlflowEraser
from nbops.tracking.ownership import Lease, can_see, is_alive
from nbops.tracking.trims import places_of, trim_of
from nbops.tracking.unsharing import take_back
from nbops.workspace import Workspace
from nbops.writing import write_whole

_LEASE_WITHIN_S = 120.0
_DIGEST = re.compile(rb"file\d+:[0-9a-f]{64}")


@dataclass
class Forgotten:
    """What was done.

    Parameters
    ----------
    lines
        How many lines of the record went.
    runs
        MLflow's ids of the runs that went there.
    left
        What could not be taken away, a line each, and how it can be.
    """

    lines: int = 0
    runs: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


def find_interrupted(workspace: Workspace, key: str) -> Tombstone | None:
    """Of a thing that was half forgotten: the tombstone, by its id or the start of it."""
    found = [
        stone
        for stone in read_tombstones(workspace.forgotten)
        if stone.done_at is None and len(key) >= 3 and stone.id.startswith(key)
    ]
    exact = [stone for stone in found if stone.id == key]
    return exact[0] if exact else (found[0] if len(found) == 1 else None)


def scope_in(workspace: Workspace, session: str, key: str) -> tuple[Replay, Scope]:
    """What would go.

    Raises
    ------
    NotFound
        The session, or such a thing in it, is not recorded here.
    """
    folder = workspace.sessions / session
    if folder.is_dir():
        replay = replay_folder(folder)
        if replay.is_ready and (scope := scope_of(replay, key)):
            return replay, scope
    raise NotFound(f"{key} is not recorded in this workspace.", "`nbops ls` lists what is.")


def forget(workspace: Workspace, session: str, key: str) -> Forgotten:
    """Erase a run, a cell run or a session for good.

    Raises
    ------
    UsageError
        Its session is still open, or another machine's.
    StoreUnreachable
        MLflow, or the shared store, cannot be reached; nothing was erased, or asking again
        completes it.
    """
    return _Forgetting(workspace, session, key).carry_out()


class _Forgetting:
    def __init__(self, workspace: Workspace, session: str, key: str) -> None:
        self._workspace = workspace
        self._session = session
        self._key = key
        self._folder = workspace.sessions / session
        self._going = workspace.forgotten / f"{session}.going"
        stones = {stone.id: stone for stone in read_tombstones(workspace.forgotten)}
        stone = stones.get(key) or Tombstone(session=session, id=key, asked_at=time.time())
        self._is_resumed = key in stones and stone.done_at is None
        self._stone = msgspec.structs.replace(stone, done_at=None)
        self._done = Forgotten(lines=stone.lines)

    def carry_out(self) -> Forgotten:
        if self._folder.is_dir():
            self._see_that_it_is_over()
        self._stone.write(self._workspace.forgotten)
        lease = Lease(self._folder)
        has_begun = self._is_resumed
        try:
            self._take(lease)
            replay = replay_folder(self._folder) if self._folder.is_dir() else Replay()
            scope = scope_of(replay, self._key) if replay.is_ready else None
            if scope is not None:
                self._see_that_it_is_over()
                has_begun |= self._erase(replay, scope)
            self._finish_index()
            if self._going.exists():
                shutil.rmtree(self._going)
            self._mark(done_at=time.time())
        except NbopsError:
            if not has_begun:
                (self._workspace.forgotten / f"{self._key}.json").unlink(missing_ok=True)
            raise
        finally:
            lease.release()
        return self._done

    # ---- whose it is ----------------------------------------------------------------------------------

    def _see_that_it_is_over(self) -> None:
        replay = replay_folder(self._folder)
        started = replay.started
        if started is None or replay.status != "running":
            return
        if not can_see(started):
            raise UsageError(
                f"Its session belongs to a kernel on {started.host}.", "Forget it there."
            )
        if is_alive(started):
            raise UsageError(
                "Its session is still open.",
                "Type %track stop in the notebook, or shut its kernel down, and ask again.",
            )

    def _take(self, lease: Lease) -> None:
        started: SessionStarted | None = None
        if self._folder.is_dir():
            started = next(Tail(self._folder / JOURNAL, chained=True).read(), None)
        deadline = time.monotonic() + _LEASE_WITHIN_S
        while not lease.take(started):
            if time.monotonic() > deadline:
                raise NbopsError(
                    "Another process still works on its session.", "Ask again in a while."
                )
            time.sleep(0.05)

    # ---- what goes ------------------------------------------------------------------------------------

    def _erase(self, replay: Replay, scope: Scope) -> bool:
        """Erase everywhere but in the index; returns that there is no way back."""
        name = frozenset({EXECUTED_NOTEBOOK})
        leave: Leave = leave_nothing if scope.is_session else Leaving(replay, scope, name)
        journal = (self._folder / JOURNAL).read_bytes()
        findings = _read(self._folder / FINDINGS)
        new_journal, erased, lines = erase_lines(journal, leave)
        new_findings, found = erase_findings(findings, leave)
        edits, _ = erase_findings(_read(self._folder / EDITS), leave)
        after = None if scope.is_session else _replay(new_journal, new_findings + edits)
        gone = set(_DIGEST.findall(b"\n".join([*lines, *found])))
        gone -= set(_DIGEST.findall(new_journal + new_findings))
        gone -= self._digests_of_others()
        names = [digest.decode() for digest in gone]
        self._done.left += take_back(self._workspace, self._session, names)
        self._erase_in_mlflow(replay, scope, after)
        erased = {**self._stone.erased, **erased}
        self._mark(erased=erased, lines=len(lines) if scope.is_session else sum(erased.values()))
        self._done.lines = self._stone.lines
        self._sweep(names)
        self._erase_files(replay, scope)
        stays = leave.uris if isinstance(leave, Leaving) else set()
        self._erase_paths(replay, stays)
        if scope.is_session:
            self._workspace.forgotten.mkdir(mode=0o700, exist_ok=True)
            self._folder.rename(self._going)
        else:
            self._erase_edits(leave)
            write_whole(self._folder / FINDINGS, new_findings)
            write_whole(self._folder / JOURNAL, new_journal)
        return True

    def _erase_edits(self, leave: Leave) -> None:
        path = self._folder / EDITS
        if path.exists():
            with locked_edits(path):
                write_whole(path, erase_findings(_read(path), leave)[0])

    def _mark(self, **changes: Any) -> None:
        self._stone = msgspec.structs.replace(self._stone, **changes)
        self._stone.write(self._workspace.forgotten)

    def _erase_in_mlflow(self, replay: Replay, scope: Scope, after: Replay | None) -> None:
        places = places_of(replay)
        gone = set(places) if after is None else {key for key in places if key in scope.runs}
        for uri in sorted({uri for _, uri in places.values()}):
            here = {key: run_id for key, (run_id, there) in places.items() if there == uri}
            eraser = MlflowEraser(self._workspace, uri)
            try:
                runs = [here[key] for key in here if key in gone]
                eraser.refuse_registered(runs)
                if runs or after is None:
                    eraser.erase(runs, [key for key in here if key in gone])
                if after is not None:
                    for key in here.keys() - gone:
                        eraser.trim(trim_of(replay, after, scope, key, here[key]))
            finally:
                eraser.close()
            self._done.runs += runs
            self._done.left += eraser.left

    def _digests_of_others(self) -> set[bytes]:
        """Content that other sessions refer to, or results of steps that came from others."""
        folders = (path for path in self._workspace.sessions.glob("*") if path != self._folder)
        referring = [folder / name for folder in folders for name in (JOURNAL, FINDINGS)]
        steps = (self._workspace.state / "steps").glob("*/*.json")
        referring += [path for path in steps if path.stem != self._session]
        return {digest for path in referring for digest in _DIGEST.findall(_read(path))}

    def _sweep(self, digests: Iterable[str]) -> None:
        for root in (self._workspace.store, self._workspace.kept_data):
            for digest in digests:
                Store(root).path_of(digest).unlink(missing_ok=True)

    def _erase_files(self, replay: Replay, scope: Scope) -> None:
        """Models, what workers left, the notebook as it was executed, what a pipeline keeps of it."""
        for run in scope.runs & replay.composition().runs.keys():
            for model in replay.run(run).models:
                if folder := replay.model_folder(run, model.name):
                    self._erase_folder(self._folder / folder)
        executed = self._workspace.state / "executed"
        for path in (
            *self._folder.glob("spool-*"),
            *executed.glob(f"*-{self._session}.ipynb"),
            *(self._workspace.state / "steps").glob(f"*/{self._session}.*"),
        ):
            path.unlink(missing_ok=True)

    def _erase_folder(self, folder: Path) -> None:
        if folder.resolve().is_relative_to(self._folder.resolve()):
            shutil.rmtree(folder, ignore_errors=True)

    def _erase_paths(self, replay: Replay, stays: set[str]) -> None:
        seen = (one for cell in replay.cells.values() for one in (*cell.reads, *cell.writes))
        paths = {path_of(one.uri) for one in seen if one.uri not in stays and one.stat is not None}
        with _index(self._workspace) as index:
            index.drop_digests(paths)

    def _finish_index(self) -> None:
        with _index(self._workspace) as index:
            index.drop_session(self._session)
            replay = replay_folder(self._folder) if self._folder.is_dir() else Replay()
            if replay.is_ready:
                journal, findings = file_sizes(self._folder)
                index.ingest(  # 1: the background process is to look what MLflow lacks
                    replay, journal_bytes=journal, findings_bytes=findings, unshipped=1
                )
            index.compact()


def _replay(journal: bytes, findings: bytes) -> Replay:
    replay = Replay()
    replay.feed_all(_facts(line.partition(b" ")[2] for line in journal.splitlines()))
    replay.feed_all(_facts(findings.splitlines()))
    return replay


def _facts(lines: Iterable[bytes]) -> Iterator[facts.Fact]:
    for line in lines:
        with contextlib.suppress(ValueError):
            yield facts.decode(line)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


@contextlib.contextmanager
def _index(workspace: Workspace) -> Iterator[IndexWriter]:
    writer = IndexWriter(workspace)
    try:
        yield writer
    finally:
        writer.close()
