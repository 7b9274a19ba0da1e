"""The background process itself.

    python -m nbops.tracking.service WORKSPACE

One lives per machine, user and workspace; a kernel that starts a session starts it, and it leaves when
there has been nothing to do for a while.
"""

import logging
import os
import signal
import sqlite3
import sys
import threading

from nbops.capture.secrets.redaction import redact
from nbops.index.database import IndexReplaced, IndexWriter, discard_index, file_sizes
from nbops.locks import Lock
from nbops.tracking.courier import Courier
from nbops.tracking.priorities import yield_a_little
from nbops.tracking.store import be_quiet
from nbops.workspace import Workspace, find_workspace


class _Redacting(logging.Formatter):
    """URLs in messages and tracebacks may hold credentials; a log is a file like any other."""

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


def main(root: str) -> None:
    """Serve a workspace until there is nothing left to do."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Redacting("%(asctime)s %(name)s %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    os.umask(0o077)  # what MLflow writes for us lies beside what we write
    be_quiet()
    yield_a_little()
    workspace = find_workspace(root)
    workspace.prepare()
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    lock = Lock(workspace.courier_lock)
    while lock.acquire():
        courier = Courier(workspace)
        try:
            courier.serve(stopping.is_set)
        except IndexReplaced:
            pass
        except sqlite3.OperationalError:  # locked, or no room: whoever needs it starts the next one
            raise
        except sqlite3.DatabaseError:  # the index is damaged
            discard_index(workspace)
        finally:
            courier.close()
            lock.release()
        # A kernel that found the lock taken counts on us: look once more now that it is free.
        if stopping.is_set() or not has_work(workspace):
            return


def has_work(workspace: Workspace) -> bool:
    """Whether a session has something that the index does not know."""
    writer = IndexWriter(workspace)
    try:
        known = writer.sizes()
    finally:
        writer.close()
    for folder in workspace.sessions.glob("*"):
        sizes = file_sizes(folder)
        if known.get(folder.name, (0, 0, 0))[:2] != sizes:
            return True
    return False


if __name__ == "__main__":
    main(sys.argv[1])
