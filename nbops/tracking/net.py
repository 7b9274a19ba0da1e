"""The net: files that the operating system says were opened while a cell ran, whoever opened them.

It asks inotify (Linux) about the folders of the workspace and tells no process from another. What the other
layers reported is taken off elsewhere; here is only what was opened and written between the signs of a cell.
"""

import contextlib
import itertools
import logging
import os
import re
import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from nbops.capture.data.beacon import Beacon, Sign, beacons_folder, read_beacon
from nbops.capture.data.places import NO_DATA, data_filter
from nbops.workspace import Workspace

_log = logging.getLogger(__name__)

_MOST_FOLDERS = 2_000
"""Folders that are watched; the kernel of the machine keeps about 1 kB for each."""

_MOST_FILES = 10_000
"""Files of one cell that are told; of more, the net says that it was too small."""

_WAIT_MS = 500
_GATHER_MS = 50
"""Events are read this long after the first of them: a reader that is woken by each, on the processor that the
kernel runs on, takes longer than what it is told of. The system keeps 16,384 meanwhile.
"""

_NO_DATA = (*NO_DATA, "pyproject.toml")
_NO_FOLDERS = ("__pycache__", "node_modules", "mlruns", "mlartifacts")


@dataclass
class Catch:
    """What was opened and written while one cell ran."""

    seq: int
    opened: dict[str, None] = field(default_factory=dict)
    written: dict[str, None] = field(default_factory=dict)
    unclear: dict[str, None] = field(default_factory=dict)  # opened while this process did so, too
    is_whole: bool = True  # False: events were lost, or other sessions' cells ran, too


class Net:
    """One workspace's net, in a thread of its own.

    `problem` says why it is not out, and is None while it is.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._is_excluded = data_filter(workspace)
        self._root = str(workspace.root)
        self._database = os.path.join(self._root, "mlflow.db")
        self._lock = threading.Lock()
        self._running: dict[str, Catch] = {}  # by session
        self._aside: dict[str, Catch] = {}  # whose process is busy with our own files
        self._caught: dict[str, deque[Catch]] = {}
        self._folders: dict[int, str] = {}  # by watch
        self._beacons: dict[int, str] = {}
        self._late: dict[str, int] = {}  # sessions that were watched too late, for so many reads
        self._ours: dict[int, str] = {}  # what this process opens now
        self._couriers = f"courier-{workspace.key}-"
        self._own = Beacon(f"{self._couriers}{os.getpid()}")
        self._others: set[tuple[str, int]] = set()  # what other couriers open now
        self._numbers = itertools.count()
        self._own_paths: dict[int, str] = {}
        self._inotify: Any = None
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self.problem: str | None = None

    def cast(self) -> None:
        """Begin to watch; what cannot be watched is said by `problem`."""
        try:
            import inotify_simple

            self._inotify = inotify_simple.INotify()
        except ImportError:
            self.problem = "this system has no inotify"
            return
        except OSError as error:
            self.problem = f"inotify: {error.strerror}"
            return
        self._flags = inotify_simple.flags
        self._own.make()
        self._watch_marks()
        self._thread = threading.Thread(target=self._haul, name="nbops-net", daemon=True)
        self._thread.start()

    def draw_in(self) -> None:
        self._stopping.set()
        self._own.remove()  # which the thread sees: it need not come to the end of its wait
        if self._thread is not None:
            self._thread.join(2.0)
        if self._inotify is not None:
            self._inotify.close()

    def take(self, session: str) -> list[Catch]:
        """What was caught in cells of a session that have ended since the last call."""
        with self._lock:
            caught = self._caught.get(session, deque())
            return [caught.popleft() for _ in range(len(caught))]

    def covers(self, path: str) -> bool:
        """Whether a file's folder is watched."""
        return os.path.dirname(path) in self._folders.values()

    @contextlib.contextmanager
    def our_own(self, path: str) -> Iterator[None]:
        """What is opened of this path, or pattern, meanwhile is opened by this process."""
        number = next(self._numbers)
        magic = re.search(r"[*?[]", path)
        is_pattern = magic is not None and not os.path.exists(path)
        self._own_paths[number] = (
            os.path.dirname(path[: magic.start()]) if magic and is_pattern else path
        )
        self._own.begin(number)
        try:
            yield
        finally:
            self._own.end(number)

    # ---- inside, in its own thread ------------------------------------------------------------------

    def _haul(self) -> None:
        try:
            self._watch_tree(self._root)
            while not self._stopping.is_set():
                for event in self._inotify.read(timeout=_WAIT_MS, read_delay=_GATHER_MS):
                    with self._lock:
                        self._note(event)
                self._late = {one: left - 1 for one, left in self._late.items() if left > 1}
        except Exception as error:  # noqa: BLE001 - the courier goes on without it
            if not self._stopping.is_set():
                _log.exception("the net of %s", self._workspace.root)
                self.problem = f"{type(error).__name__}: {error}"

    def _note(self, event: Any) -> None:
        flags = self._flags
        if event.mask & flags.Q_OVERFLOW:
            for catch in self._running.values():
                catch.is_whole = False
        elif event.mask & flags.IGNORED:  # the folder is gone
            self._folders.pop(event.wd, None)
            session = self._beacons.pop(event.wd, "")
            self._running.pop(session, None)
            self._aside.pop(session, None)
            self._others = {each for each in self._others if each[0] != session}
        elif event.wd in self._beacons:
            self._note_beacon(self._beacons[event.wd], event)
        elif event.wd in self._folders:
            path = os.path.join(self._folders[event.wd], event.name)
            if event.mask & flags.ISDIR:
                if event.mask & (flags.CREATE | flags.MOVED_TO):
                    self._watch_tree(path, is_new=True)
            elif event.name:
                self._note_file(path, is_written=not event.mask & flags.OPEN)

    def _note_beacon(self, session: str, event: Any) -> None:
        if session == "":  # a session's folder was made
            self._watch_session(event.name, is_new=True)
            return
        self._late.pop(session, None)
        seq, word = read_beacon(event.name)
        self._heed(session, seq, "ended" if event.mask & self._flags.MODIFY else word)

    def _heed(self, session: str, seq: int, word: Sign) -> None:
        if session.startswith(self._couriers):
            self._note_courier(session, seq, is_at_work=word == "began")
            return
        catch = self._running.pop(session, None) or self._aside.pop(session, None)
        if catch is None or catch.seq != seq:
            catch = Catch(seq) if word == "began" else None
        if catch is None:
            return
        if word == "ended":
            self._caught.setdefault(session, deque()).append(catch)
        elif word == "aside":
            self._aside[session] = catch
        else:
            self._running[session] = catch
            if len(self._running) > 1 or self._late:
                for one in self._running.values():
                    one.is_whole = False

    def _note_courier(self, session: str, seq: int, *, is_at_work: bool) -> None:
        if session != self._own.session:
            (self._others.add if is_at_work else self._others.discard)((session, seq))
        elif is_at_work:
            self._ours[seq] = self._own_paths.pop(seq, "")
        else:
            self._ours.pop(seq, None)

    def _note_file(self, path: str, *, is_written: bool) -> None:
        if len(self._running) != 1 or self._late:  # nobody's, or nobody knows whose
            return
        (catch,) = self._running.values()
        if path in (catch.written if is_written else catch.opened):
            return
        if path.endswith(_NO_DATA) or path.startswith(self._database) or self._is_excluded(path):
            return
        if self._is_another_at_work():  # it looks at what its own cells read and wrote
            catch.unclear[path] = None
            catch.is_whole = False
            return
        for own in self._ours.values():
            if path == own or path.startswith(f"{own}{os.sep}"):
                catch.unclear[path] = None
                catch.is_whole = catch.is_whole and own != self._root
                return
        if len(catch.opened) + len(catch.written) >= _MOST_FILES:
            catch.is_whole = False
            return
        (catch.written if is_written else catch.opened)[path] = None

    def _is_another_at_work(self) -> bool:
        """Whether another process of nbops opens files of this workspace: that of a job, for one."""
        self._others = {
            each for each in self._others if psutil.pid_exists(int(each[0].rpartition("-")[2]))
        }
        return bool(self._others)

    # ---- what is watched ------------------------------------------------------------------------------

    def _watch_tree(self, root: str, *, is_new: bool = False) -> None:
        flags = self._flags
        mask = flags.OPEN | flags.CLOSE_WRITE | flags.MOVED_TO | flags.CREATE | flags.ONLYDIR
        for folder, names, files in os.walk(root):
            names[:] = [name for name in names if self._is_wanted(folder, name)]
            if len(self._folders) >= _MOST_FOLDERS:
                self.problem = f"only the first {_MOST_FOLDERS:,} folders are watched"
                return
            try:
                self._folders[self._inotify.add_watch(folder, mask)] = folder
            except FileNotFoundError:  # gone again
                continue
            except OSError as error:  # the limit of this user
                self.problem = f"inotify: {error.strerror}"
                return
            if is_new:  # written before the folder was watched
                for name in files:
                    self._note_file(os.path.join(folder, name), is_written=True)

    def _is_wanted(self, folder: str, name: str) -> bool:
        if name.startswith(".") or name in _NO_FOLDERS:
            return False
        path = os.path.join(folder, name)
        is_environment = os.path.exists(os.path.join(path, "pyvenv.cfg"))
        return not is_environment and not self._is_excluded(f"{path}{os.sep}")

    def _watch_marks(self) -> None:
        flags = self._flags
        folder = beacons_folder()
        self._beacons[self._inotify.add_watch(str(folder), flags.CREATE | flags.ONLYDIR)] = ""
        for found in folder.iterdir():
            self._watch_session(found.name)

    def _watch_session(self, session: str, *, is_new: bool = False) -> None:
        """Follow the cells of a session of this workspace, and what nbops does there itself."""
        is_couriers = session.startswith(self._couriers)
        if not is_couriers and not Path(self._workspace.sessions / session).is_dir():
            return
        with contextlib.suppress(OSError):
            folder = str(beacons_folder() / session)
            watch = self._inotify.add_watch(folder, self._flags.MOVED_TO | self._flags.MODIFY)
            self._beacons[watch] = session
            self._catch_up(session, is_new=is_new)

    def _catch_up(self, session: str, *, is_new: bool) -> None:
        """Take up a cell that began before its session was watched: whose the files until now are, nobody knows."""
        seq, word = Beacon(session).sign()
        if word in ("began", "aside") or (word == "ended" and is_new):
            self._late[session] = 2  # this read, and what has come since it
            for catch in self._running.values():
                catch.is_whole = False
            for each in dict.fromkeys(("began", word)):
                self._heed(session, seq, each)
