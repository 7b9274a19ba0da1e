"""The session that Python's door logs to: a kernel's, or a script's own.

In a plain script the first call opens one by itself, which ends with the script.
"""

import atexit
import sys
from pathlib import Path
from typing import Any

from nbops.errors import NotTracking, UsageError
from nbops.index.queries import Index
from nbops.recording import keeping
from nbops.recording.current import current, is_worker, join, logbook
from nbops.recording.current import start as start_recorder
from nbops.recording.current import stop as stop_recorder
from nbops.recording.logbook import Logbook
from nbops.recording.recorder import Plan, Recorder

_told: set[str] = set()
_SHIP_WITHIN_S = 60.0


def find_shell() -> Any:
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython else None


def begin(plan: Plan) -> Logbook:
    shell = find_shell()
    if shell is not None:
        from nbops.ipython import load

        return load(shell).start(plan)[0]
    return _start_script(plan)


def end_script(recorder: Recorder) -> None:
    """Close a script's session, and wait a while for its runs to reach MLflow."""
    if current() is not recorder:
        return
    failed = getattr(sys, "last_value", None)
    cell = recorder.open_cell
    if cell is not None and failed:
        recorder.end_cell(cell, status="error")
    stop_recorder("end of script", "failed" if failed else "finished")
    atexit.unregister(end_script)
    index = Index(recorder.workspace)
    if not index.wait_for_shipping(recorder.id, _SHIP_WITHIN_S):
        _say("not everything is in MLflow yet; `nbops sync` carries it on.")


def recorder_for(what: str) -> Logbook | None:
    """The session to log to; in a kernel without one, say so once."""
    recorder = logbook()
    if recorder is not None:
        return recorder
    if is_worker():
        problem = (
            "what this worker process logs is not recorded: log in the process that started it."
        )
    elif find_shell() is None:
        try:
            return _start_script(Plan())
        except UsageError as error:
            problem = str(error)
    else:
        problem = str(NotTracking("Nothing is tracked in this kernel.", "Run %track start first."))
    say_once(f"{what}: {problem}")
    return None


def say_once(text: str) -> None:
    if text not in _told:
        _told.add(text)
        _say(text)


def say_missing(text: str | None) -> None:
    if text is not None:
        _say(text)


def _start_script(plan: Plan) -> Logbook:
    """Join the session of the cell that started this script, or open its own, which counts as one cell."""
    from dataclasses import replace

    joined = join(plan) if current() is None else None
    if joined is not None:
        return joined
    main = getattr(sys.modules.get("__main__"), "__file__", None)
    path = str(Path(main).resolve()) if main else None
    recorder, is_new = start_recorder(replace(plan, kind="script", notebook=path))
    if is_new:
        recorder.begin_cell(keeping.script_source() or "")
        atexit.register(end_script, recorder)
    return recorder


def _say(text: str) -> None:
    print(f"nbops: {text}", file=sys.stderr)  # noqa: T201 - one line to the person at the script
