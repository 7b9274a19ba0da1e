"""What a headless driver runs in its kernel, silently, before the first cell and after the last."""

import atexit
import os
import sys
from typing import Any

import msgspec

from nbops.ipython import load
from nbops.recording.current import DRIVEN_VARIABLE, current, stop
from nbops.recording.recorder import Plan


def start(shell: Any, order: str) -> None:
    """Open the session that the driver follows.

    Parameters
    ----------
    order
        JSON of `Plan`'s fields.
    """
    os.environ.pop(DRIVEN_VARIABLE, None)  # kernels that the notebook starts are nobody's
    if current() is not None:  # begun by what the person has kernels run when they start
        stop("a job begins")
    plan = Plan(kind="job", is_driven=True, **msgspec.json.decode(order))
    load(shell).start(plan)


def finish(status: str, reason: str | None = None) -> None:
    """Close the session, and what MLflow would have closed when the process ends.

    Parameters
    ----------
    reason
        What ended it before its end.
    """
    recorder = current()
    if recorder is not None and reason is not None:
        recorder.set_tag("nbops.stopped", reason)
    mlflow = sys.modules.get("mlflow")
    if mlflow is not None:
        mlflow.end_run("FINISHED" if status == "finished" else "FAILED")
    stop("end of notebook", status)
    _leave_unjoined()


def _leave_unjoined() -> None:
    """Have the process end without joining ipykernel's threads, which now and then wait for each other."""
    kernelapp = sys.modules.get("ipykernel.kernelapp")
    if kernelapp is not None and kernelapp.IPKernelApp.initialized():
        atexit.unregister(kernelapp.IPKernelApp.instance().close)
