"""A process that is ended with the one that started it: nobody would take what comes of it."""

import os
import signal
import threading
import time

_LOOK_EVERY_S = 0.5
_END_WITHIN_S = 30.0


def is_orphan(starter: int) -> bool:
    """Whether the process that started this one is gone.

    Parameters
    ----------
    starter
        Its pid, as it told it itself: who asks for the parent may be too late.
    """
    return os.getppid() != starter


def end_with(starter: int, number: signal.Signals) -> None:
    """Have this process signalled when the one that started it is gone, and again when it is slow to end."""
    threading.Thread(
        target=_watch, args=(starter, number), name="nbops-starter", daemon=True
    ).start()


def _watch(starter: int, number: signal.Signals) -> None:
    while not is_orphan(starter):
        time.sleep(_LOOK_EVERY_S)
    os.kill(os.getpid(), number)
    time.sleep(_END_WITHIN_S)
    os.kill(os.getpid(), number)  # the second one kills kernels
