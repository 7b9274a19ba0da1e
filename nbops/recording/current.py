"""The one session of this process: opening, adopting, closing it, and its blocks."""

import contextlib
import os
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from nbops.capture.data.audit import unwatched, watch_with
from nbops.capture.libraries.readers import release_readers
from nbops.capture.secrets.privacy import set_private
from nbops.capture.secrets.redaction import add_patterns, redact
from nbops.journal import facts
from nbops.recording.background import prepare_embedded_store
from nbops.recording.destination import Destination, choose_destination, remember_access
from nbops.recording.joined import JoinedScript, JoinedWorker, join_as_worker, join_session
from nbops.recording.logbook import Logbook, open_block
from nbops.recording.recorder import Plan, Recorder
from nbops.recording.scalars import as_scalar
from nbops.recording.words import make_id
from nbops.workspace import Workspace, find_workspace

DRIVEN_VARIABLE = "NBOPS_DRIVEN"
"""Set in a kernel for which a driver opens the session."""

_current: Recorder | None = None
_joined: JoinedScript | None = None
_worker: tuple[int, JoinedWorker | None] = (0, None)  # with the pid that it is true for


def current() -> Recorder | None:
    """The session of this process; None while nothing is tracked, or in a forked child."""
    recorder = _current
    if recorder is None or recorder._pid != os.getpid():  # noqa: SLF001
        return None
    return recorder


def logbook() -> Logbook | None:
    """What this process logs to: its session, or the one that it joined."""
    joined = _joined if _joined and _joined.pid == os.getpid() else None
    return current() or joined or _as_worker()


def _as_worker() -> JoinedWorker | None:
    global _worker  # noqa: PLW0603 - one a process
    if _worker[0] != os.getpid() and is_worker():
        _worker = os.getpid(), join_as_worker()
    return _worker[1] if _worker[0] == os.getpid() else None


def join(plan: Plan | None = None) -> Logbook | None:
    """Join the session of the cell that started this script, if one did, and `plan` asks for no other."""
    global _joined  # noqa: PLW0603 - one a process
    plan = plan or Plan(kind="script")
    if is_worker():
        return None
    if _joined is None:
        _joined = join_session(plan)
        if _joined is not None:
            _joined.watch()
    if _joined is not None:
        _joined.adopt(plan)
    return _joined


def leave() -> None:
    """Leave the session that was joined."""
    global _joined  # noqa: PLW0603
    if _joined is not None:
        watch_with(None)
        release_readers()
        _joined.end()
        _joined = None


def is_worker() -> bool:
    """Whether another process of this program started this one, to work for it."""
    pid = os.getpid()
    is_forked = _current is not None and _current._pid != pid  # noqa: SLF001
    is_forked = is_forked or (_joined is not None and _joined.pid != pid)
    multiprocessing = sys.modules.get("multiprocessing.process")
    return is_forked or bool(multiprocessing and multiprocessing.parent_process())


def start(plan: Plan) -> tuple[Recorder, bool]:
    """Open a session, or adopt into the one that is open.

    Returns
    -------
    The session, and whether it is new. A plan for another experiment or tracking URI closes the open
    session first.

    Raises
    ------
    UsageError
        The tracking URI cannot be one, or the folders cannot be made.
    """
    global _current  # noqa: PLW0603 - one session a process
    with (
        unwatched()
    ):  # started anew in a tracked cell: reading the settings is not the cell's doing
        workspace = find_workspace(plan.notebook)
        destination = choose_destination(
            workspace, uri=plan.uri, experiment=plan.experiment, notebook=plan.notebook
        )
    running = current()
    if running is not None:
        if not _is_elsewhere(running, plan, destination):
            running.adopt(plan)
            running.resume()
            remember_access(workspace, destination.uri)  # a newer token, maybe
            return running, False
        stop("another experiment")
        if not plan.uri:  # it goes on to the same store
            destination = replace(
                destination,
                uri=running.destination.uri,
                why=running.destination.why,
                is_embedded=running.destination.is_embedded,
            )
    settings = workspace.settings
    add_patterns(settings.redact)
    set_private(settings.private_columns, settings.private_paths, workspace.root)
    try:
        workspace.prepare()
        recorder = Recorder(workspace, plan, destination)
    except OSError as error:
        raise workspace.unwritable(error) from error
    recorder.watch()
    recorder.leave_card()
    recorder.look_for_background(now=True)
    if destination.is_embedded and "mlflow" in sys.modules:
        _await_store(workspace)  # later imports of it wait by themselves: nbops.tracking.context
    _current = recorder
    return recorder, True


def _await_store(workspace: Workspace) -> None:
    if not workspace.embedded_database.exists():
        prepare_embedded_store(workspace.root)


def _is_elsewhere(running: Recorder, plan: Plan, destination: Destination) -> bool:
    if running.plan.is_driven:  # a job carries on one session: it adopts what its notebook says
        return False
    other_experiment = bool(plan.experiment) and plan.experiment != running.experiment
    other_uri = bool(plan.uri) and destination.uri != running.destination.uri
    return other_experiment or other_uri


def stop(reason: str = "stop", status: str = "finished") -> Recorder | None:
    """Close the session of this process; None when there was none."""
    global _current  # noqa: PLW0603
    recorder = current()
    if recorder is None:
        return None
    _current = None
    watch_with(None)
    release_readers()
    recorder.end(reason, status)
    return recorder


def begin_block(book: Logbook, name: str, params: Mapping[str, Any]) -> tuple[str, Any]:
    """Enter a `with nbops.track(...)` block; returns its run's id and what leaves the block again."""
    run = make_id()
    book.append(
        facts.RunStarted(
            run=run,
            cell_run=book.cell_run,
            parent=book.block,
            name=redact(name),
            at=time.time(),
            params={key: as_scalar(key, value) for key, value in params.items()},
        )
    )
    return run, open_block.set(run)


def end_block(book: Logbook, run: str, token: Any, status: str) -> None:
    book.append(facts.RunEnded(run=run, status=status, at=time.time()))
    with contextlib.suppress(ValueError):  # entered in another task or cell, whose block it was
        open_block.reset(token)
