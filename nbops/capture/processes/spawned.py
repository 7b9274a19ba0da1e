"""Worker processes that start anew instead of forking: multiprocessing's `spawn` and `forkserver`, loky.

They inherit nothing. What multiprocessing sends to each of them takes a word of ours along, which has
them tell what they open as a forked worker does. No variable and no argument is added.
"""

from pathlib import Path
from typing import Any

_JOIN = """\
try:
    from nbops.capture.processes.spawned import join
    join(*{place!r})
except Exception:
    pass
"""


class Invitation:
    """Executed where it is unpickled, and becomes None; harmless where nbops cannot be imported."""

    def __init__(self, *place: str) -> None:
        self._code = _JOIN.format(place=place)

    def __reduce__(self) -> tuple[Any, ...]:
        return exec, (self._code, {})


def join(root: str, state: str, folder: str, session: str, run: str = "") -> None:
    """Tell what this process opens, and what it logs to a run, to the one that records the session."""
    from nbops.capture.data.audit import watch_with
    from nbops.capture.data.beacon import Beacon
    from nbops.capture.data.watch import DataWatch
    from nbops.capture.libraries.readers import watch_readers
    from nbops.capture.secrets.privacy import set_private
    from nbops.capture.secrets.redaction import add_patterns
    from nbops.workspace import Workspace

    workspace = Workspace(Path(root), Path(state))
    settings = workspace.settings
    add_patterns(settings.redact)
    set_private(settings.private_columns, settings.private_paths, workspace.root)
    watch = DataWatch(workspace, Path(folder), Beacon(session))
    watch.open_run = lambda: run or None
    watch.join()
    watch_with(watch)
    watch_readers()
