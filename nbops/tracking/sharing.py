"""Brings what a workspace keeps to the store that a team shares, off everybody's path.

What was brought is noted in a file, so that a start looks at nothing twice; without it the shared store is
asked. Being offline is no error: what waits, waits.
"""

import logging
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from nbops.capture.secrets.redaction import redact
from nbops.errors import StoreUnreachable
from nbops.store.shared import SharedStore
from nbops.tracking.shared_names import SharedNames
from nbops.workspace import Workspace

_log = logging.getLogger(__name__)

_LOOK_EVERY_S = 0.5
_LONGEST_WAIT_S = 60.0
_DIGITS = 64


class Sharing:
    """One thread that looks for new files, oldest first.

    Parameters
    ----------
    url
        Of the shared store.
    """

    def __init__(self, workspace: Workspace, url: str) -> None:
        self.error: str | None = None
        self._folders = (workspace.store, workspace.kept_data)
        self._workspace = workspace
        self._store = SharedStore(url)
        self._shared = SharedNames(workspace, url)
        self._lock = threading.Lock()
        self._is_resting = False
        self._is_bringing = False
        self._seen: dict[Path, int] = {}  # when a folder last changed, in ns
        self._stopping = threading.Event()
        self._has_looked_at = 0.0
        self._thread = threading.Thread(target=self._serve, name="nbops-sharing", daemon=True)
        self._thread.start()

    def is_done_since(self, moment: float) -> bool:
        """Whether all that was kept at a moment of the monotonic clock is shared."""
        return self._has_looked_at > moment

    def rest(self, *, is_asked: bool) -> bool:
        """Bring nothing while something is being erased; returns whether nothing is on its way."""
        with self._lock:
            if self._is_resting and not is_asked:  # what was erased is there no more
                self._shared = SharedNames(self._workspace, self._store.url)
                self._seen.clear()
            self._is_resting = is_asked
            return not self._is_bringing

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(5.0)

    def _serve(self) -> None:
        wait_s = _LOOK_EVERY_S
        while not self._stopping.is_set():
            began = time.monotonic()
            try:
                for path in self._new_files():
                    self._share(path)
            except StoreUnreachable as error:
                self.error = redact(error.message)
                self._seen.clear()  # so that all is looked at again
                wait_s = min(wait_s * 2, _LONGEST_WAIT_S)
            except Exception:  # noqa: BLE001 - a thread that ends shares nothing more
                _log.exception("while sharing")
                self._seen.clear()
                wait_s = _LONGEST_WAIT_S
            else:
                self.error, wait_s = None, _LOOK_EVERY_S
                if not self._is_resting:
                    self._has_looked_at = began
            self._stopping.wait(wait_s)

    def _new_files(self) -> Iterator[Path]:
        """Files that were not shared yet; a folder that did not change is not read."""
        for root in self._folders:
            for folder in root.glob("[0-9a-f][0-9a-f]"):
                changed_at = folder.stat().st_mtime_ns
                if self._seen.get(folder) == changed_at:
                    continue
                for path in folder.iterdir():
                    name = folder.name + path.name
                    if len(name) == _DIGITS and name not in self._shared:
                        yield path
                self._seen[folder] = changed_at

    def _share(self, path: Path) -> None:
        with self._lock:
            if self._stopping.is_set() or self._is_resting:
                return
            self._is_bringing = True
        name = path.parent.name + path.name
        try:
            self._shared.note(name, is_ours=self._store.put(path, f"file1:{name}"))
        except StoreUnreachable:
            if path.exists():  # else it made room for others
                raise
        finally:
            self._is_bringing = False
