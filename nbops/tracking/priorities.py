"""Who gives way to whom: hashing to everybody, shipping to those who work.

A metric should show within two seconds although a training takes every core, so what ships yields a little;
hashing may take as long as it likes, and must not be felt at all.
"""

import contextlib
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psutil

_SHIPPING = 5
_HASHING = 15


def yield_a_little() -> None:
    """Let this process give way to those who work."""
    with contextlib.suppress(OSError):
        os.nice(_SHIPPING)


def yield_to_all() -> None:
    """Let this thread run when nobody else wants the processor; Linux alone counts by threads."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _HASHING)


@contextmanager
def idle_disk() -> Iterator[None]:
    """Threads that are started within use the disk when nobody else does: they inherit that."""
    process = psutil.Process()
    try:
        before = process.ionice()
        process.ionice(psutil.IOPRIO_CLASS_IDLE)
    except (AttributeError, OSError, psutil.Error):  # a system without it
        yield
        return
    try:
        yield
    finally:
        with contextlib.suppress(OSError, psutil.Error):
            has_levels = before.ioclass in (psutil.IOPRIO_CLASS_RT, psutil.IOPRIO_CLASS_BE)
            process.ionice(before.ioclass, before.value if has_levels else None)
